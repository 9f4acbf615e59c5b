# nixpkgs.config and nixpkgs.hostPlatform.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.nixpkgs = {
    config = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options.allowUnfree = mkOption {
          default = false;
          type = types.bool;
        };
      };
    };
    hostPlatform = mkOption {
      default = "x86_64-linux";
      type = types.either types.str types.attrs;
    };
    overlays = mkOption {
      default = [ ];
      type = types.listOf types.raw;
    };
  };
}
