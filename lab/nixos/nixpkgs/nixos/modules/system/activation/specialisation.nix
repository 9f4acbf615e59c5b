# specialisation: variants of this system, built with it and found below its specialisation/.
{ config, lib, extendModules, ... }:
let
  inherit (lib) mkOption types;
  variant =
    one:
    extendModules {
      modules = [
        one.configuration
        { specialisation = lib.mkForce { }; }
      ];
    };
in
{
  options.specialisation = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule {
        options.configuration = mkOption {
          default = { };
          type = types.deferredModule;
        };
      }
    );
  };

  config.system.build.specialisations = builtins.mapAttrs (
    _: one: (variant one).config.system.build.toplevel
  ) config.specialisation;
}
