with import ../toy.nix;
let
  evaluated = config [
    (
      { config, ... }:
      {
        services.web.enable = true;
        names = lib.mkMerge [ [ "always" ] (lib.mkIf config.services.web.enable [ "web" ]) (lib.mkIf (!config.services.web.enable) [ "none" ]) ];
        people = lib.mkIf config.services.web.enable { www.age = 0; gone = lib.mkIf false { age = 1; }; };
        name = lib.mkIf false 3;
      }
    )
    { name = "a"; }
  ];
in
{ inherit (evaluated) names name people; }
