# system.nixos and system.stateVersion: which release this is.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.system.nixos;
  string = default: mkOption {
    inherit default;
    type = types.str;
  };
in
{
  options.system = {
    stateVersion = string cfg.release;
    configurationRevision = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
    nixos = {
      release = string lib.trivial.release;
      codeName = string lib.trivial.codeName;
      versionSuffix = string lib.trivial.versionSuffix;
      version = string (cfg.release + cfg.versionSuffix);
      label = string cfg.version;
    };
  };

  config = {
    environment.etc."os-release".text = ''
      ANSI_COLOR="1;34"
      BUG_REPORT_URL="https://github.com/NixOS/nixpkgs/issues"
      BUILD_ID="${cfg.version}"
      HOME_URL="https://nixos.org/"
      ID=nixos
      LOGO="nix-snowflake"
      NAME=NixOS
      PRETTY_NAME="NixOS ${cfg.release} (${cfg.codeName})"
      VERSION="${cfg.release} (${cfg.codeName})"
      VERSION_CODENAME=${lib.toLower cfg.codeName}
      VERSION_ID="${cfg.release}"
    '';
  };
}
