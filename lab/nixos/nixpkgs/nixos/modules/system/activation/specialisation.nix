# specialisation: variants of the system, built with it and found below its specialisation/.
{ lib, extendModules ? null, ... }:
{
  options.specialisation = lib.mkOption {
    default = { };
    type = lib.types.attrsOf (
      lib.types.submodule {
        options.configuration = lib.mkOption {
          default = { };
          type = lib.types.anything;
        };
      }
    );
  };
}
