# The options of one user and of one group.
{ lib }:
let
  inherit (lib) mkOption types;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  string = default: mkOption {
    inherit default;
    type = types.str;
  };
  optional = type: mkOption {
    default = null;
    type = types.nullOr type;
  };
  strings = mkOption {
    default = [ ];
    type = types.listOf types.str;
  };
in
{
  user = { cfg }: { name, config, ... }: {
    options = {
      name = string name;
      uid = optional types.int;
      isNormalUser = flag false;
      isSystemUser = flag false;
      description = string "";
      group = string "";
      extraGroups = strings;
      home = string "/var/empty";
      homeMode = string "700";
      createHome = flag false;
      shell = mkOption {
        default = "/run/current-system/sw/bin/nologin";
        type = types.either types.path types.package;
      };
      useDefaultShell = flag false;
      linger = flag false;
      password = optional types.str;
      hashedPassword = optional types.str;
      hashedPasswordFile = optional types.str;
      initialPassword = optional types.str;
      initialHashedPassword = optional types.str;
      packages = mkOption {
        default = [ ];
        type = types.listOf types.package;
      };
      openssh.authorizedKeys = {
        keys = strings;
        keyFiles = mkOption {
          default = [ ];
          type = types.listOf types.path;
        };
      };
    };

    config = lib.mkMerge [
      (lib.mkIf config.isNormalUser {
        group = lib.mkDefault "users";
        createHome = lib.mkDefault true;
        home = lib.mkDefault "/home/${config.name}";
        useDefaultShell = lib.mkDefault true;
      })
      (lib.mkIf config.useDefaultShell { shell = lib.mkOverride 1400 cfg.defaultUserShell; })
    ];
  };

  group = { name, ... }: {
    options = {
      name = string name;
      gid = optional types.int;
      members = strings;
    };
  };
}
