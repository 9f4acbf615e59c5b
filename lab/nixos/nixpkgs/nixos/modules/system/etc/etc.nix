# environment.etc: the folder that /etc/static points to.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  entries = builtins.filter (entry: entry.enable) (builtins.attrValues config.environment.etc);
in
{
  options.environment.etc = mkOption {
    description = "Files below /etc. Unless a mode is given they are links into the store.";
    default = { };
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            enable = mkOption {
              type = types.bool;
              default = true;
            };
            target = mkOption {
              type = types.str;
              default = name;
            };
            text = mkOption {
              type = types.nullOr types.lines;
              default = null;
            };
            source = mkOption {
              type = types.nullOr types.path;
              default = null;
            };
            mode = mkOption {
              description = "Anything but `symlink` makes a copy with that mode, replaced on each activation.";
              type = types.str;
              default = "symlink";
            };
            user = mkOption {
              type = types.str;
              default = "root";
            };
            group = mkOption {
              type = types.str;
              default = "root";
            };
          };
        }
      )
    );
  };

  config = {
    system.build.etc = (import ../../lab pkgs).build {
      name = "etc";
      script = ./etc.pl;
      attrs.entries = map (entry: {
        inherit (entry) target mode user group text;
        source = if entry.source == null then null else "${entry.source}";
      }) entries;
    };

    system.activationScripts.etc = {
      deps = [ "users" "groups" ];
      text = "/usr/bin/perl ${./setup-etc.pl} ${config.system.build.etc}";
    };
  };
}
