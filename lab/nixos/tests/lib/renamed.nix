with import ../toy.nix;
let
  evaluated = evaluate [
    (lib.mkRenamedOptionModule [ "services" "http" "port" ] [ "services" "web" "port" ])
    (inFile "/etc/nixos/nixi.nix" { services.http.port = 8080; })
  ];
in
{ inherit (evaluated.config) services warnings; inherit (evaluated.options.services.web.port) files; }
