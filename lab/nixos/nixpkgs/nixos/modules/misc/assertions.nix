# assertions and warnings: checked when the system is built.
{ lib, ... }:
{
  options = {
    assertions = lib.mkOption {
      internal = true;
      default = [ ];
      type = lib.types.listOf lib.types.unspecified;
    };
    warnings = lib.mkOption {
      internal = true;
      default = [ ];
      type = lib.types.listOf lib.types.str;
    };
    meta = lib.mkOption {
      internal = true;
      default = { };
      type = lib.types.attrsOf lib.types.unspecified;
    };
  };
}
