# systemd.tmpfiles: rules, applied at boot and on every switch. What a rule made stays when the rule goes.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;
  rule =
    path: type: entry:
    "${type} ${path} ${entry.mode} ${entry.user} ${entry.group} ${entry.age} ${entry.argument}\n";
  file =
    paths: lib.concatStrings (lib.concatLists (lib.mapAttrsToList (path: lib.mapAttrsToList (rule path)) paths));
  field = default: mkOption {
    inherit default;
    type = types.str;
  };
in
{
  options.systemd.tmpfiles = {
    rules = mkOption {
      default = [ ];
      type = types.listOf types.str;
    };
    settings = mkOption {
      description = "settings.FILE.PATH.TYPE: rules as attributes.";
      default = { };
      type = types.attrsOf (
        types.attrsOf (
          types.attrsOf (
            types.submodule {
              options = {
                mode = field "-";
                user = field "-";
                group = field "-";
                age = field "-";
                argument = field "";
              };
            }
          )
        )
      );
    };
  };

  config = {
    environment.etc = {
      "tmpfiles.d/00-nixos.conf".text = lib.concatStringsSep "\n" cfg.rules + "\n";
    }
    // lib.mapAttrs' (name: paths: {
      name = "tmpfiles.d/${name}.conf";
      value.text = file paths;
    }) cfg.settings;

    systemd.targets.sysinit-reactivation = {
      description = "Reactivate sysinit units";
      unitConfig.X-OnlyManualStart = true;
    };
    systemd.services.systemd-tmpfiles-resetup = {
      description = "Re-setup tmpfiles on a system that is already running.";
      requiredBy = [ "sysinit-reactivation.target" ];
      partOf = [ "sysinit-reactivation.target" ];
      before = [ "sysinit-reactivation.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      restartTriggers = [ config.environment.etc."tmpfiles.d/00-nixos.conf".text ];
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "/usr/bin/systemd-tmpfiles --create --remove --exclude-prefix=/dev";
        SuccessExitStatus = "DATAERR CANTCREAT";
      };
    };
  };
}
