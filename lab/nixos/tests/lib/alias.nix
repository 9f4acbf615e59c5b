with import ../toy.nix;
let
  evaluated = config [
    (lib.mkAliasOptionModule [ "web" ] [ "services" "web" "enable" ])
    { web = lib.mkForce true; }
    { services.web.enable = false; }
  ];
in
{ inherit (evaluated) web services warnings; }
