# systemd.{services,timers,sockets,targets,mounts,…}: options to unit files.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../../lab pkgs;
  unitTypes = import ./unit-options.nix { inherit lib; };
  text = import ./unit-text.nix { inherit lib lab config; };

  kinds = {
    services = { suffix = ".service"; options = unitTypes.service; toText = text.service; };
    timers = { suffix = ".timer"; options = unitTypes.timer; toText = text.timer; };
    sockets = { suffix = ".socket"; options = unitTypes.socket; toText = text.socket; };
    paths = { suffix = ".path"; options = unitTypes.path; toText = text.path; };
    targets = { suffix = ".target"; options = unitTypes.target; toText = text.plain; };
    slices = { suffix = ".slice"; options = unitTypes.slice; toText = text.slice; };
  };

  unitsOf =
    kind: all:
    lib.mapAttrs' (name: unit: {
      name = name + kind.suffix;
      value = { inherit (unit) enable wantedBy requiredBy aliases; text = kind.toText name unit; };
    }) all;

  # Mounts are a list: their name follows from where they are mounted.
  mountUnits = builtins.listToAttrs (
    map (unit: {
      name = lib.strings.escapeSystemdPath unit.where + ".mount";
      value = { inherit (unit) enable wantedBy requiredBy aliases; text = text.mount unit; };
    }) config.systemd.mounts
  );

  kindOptions = builtins.mapAttrs (
    _: kind:
    mkOption {
      default = { };
      type = types.attrsOf (types.submodule { options = kind.options; });
    }
  ) kinds;

  # A service with `startAt` brings its timer.
  startAt = lib.mapAttrs (_: service: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = service.startAt;
  }) (lib.filterAttrs (_: service: service.enable && service.startAt != [ ]) config.systemd.services);
in
{
  options.systemd = kindOptions // {
    mounts = mkOption {
      default = [ ];
      type = types.listOf (types.submodule { options = unitTypes.mount; });
    };
    units = mkOption {
      description = "Unit files as text; the options above end here.";
      default = { };
      type = types.attrsOf (types.submodule { options = unitTypes.file; });
    };
    globalEnvironment = mkOption {
      description = "Variables of every service.";
      default = { };
      type = types.attrsOf (types.nullOr types.str);
    };
    extraConfig = mkOption {
      default = "";
      type = types.lines;
    };
    enableEmergencyMode = mkOption {
      default = true;
      type = types.bool;
    };
  };

  options.services.journald.extraConfig = mkOption {
    default = "";
    type = types.lines;
  };

  config = {
    systemd.timers = startAt;
    systemd.units = lib.mkMerge (
      [ mountUnits ] ++ lib.mapAttrsToList (name: kind: unitsOf kind config.systemd.${name}) kinds
    );

    environment.etc = {
      "systemd/system".source = "${lab.build {
        name = "system-units";
        script = ./units.pl;
        attrs.units = config.systemd.units;
      }}/units";
      "systemd/system.conf".text = ''
        [Manager]
        ${config.systemd.extraConfig}
      '';
      "systemd/journald.conf".text = ''
        [Journal]
        Storage=persistent
        ${config.services.journald.extraConfig}
      '';
    };
  };
}
