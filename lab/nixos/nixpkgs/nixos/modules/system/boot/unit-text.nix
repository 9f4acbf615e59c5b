# The text of unit files.
{ lib, lab, config }:
let
  inherit (lib) concatStrings concatMapStringsSep mapAttrsToList optionalAttrs optionalString;

  show = value: if builtins.isBool value then (if value then "true" else "false") else toString value;
  lines = name: value: concatStrings (map (one: "${name}=${show one}\n") (lib.toList value));
  section =
    title: settings:
    "[${title}]\n" + concatStrings (mapAttrsToList lines (lib.filterAttrs (_: value: value != null) settings));

  # A trigger stands for itself by its hash: long texts don't belong into a unit.
  trigger = value: builtins.hashString "sha256" (builtins.unsafeDiscardStringContext (toString value));
  lists =
    unit:
    lib.filterAttrs (_: value: value != "") (
      builtins.mapAttrs (_: builtins.concatStringsSep " ") {
        Documentation = unit.documentation;
        Requires = unit.requires;
        Wants = unit.wants;
        After = unit.after;
        Before = unit.before;
        BindsTo = unit.bindsTo;
        PartOf = unit.partOf;
        Conflicts = unit.conflicts;
        Requisite = unit.requisite;
        OnFailure = unit.onFailure;
        OnSuccess = unit.onSuccess;
        X-Restart-Triggers = map trigger unit.restartTriggers;
        X-Reload-Triggers = map trigger unit.reloadTriggers;
      }
    );
  head =
    unit:
    section "Unit" (
      optionalAttrs (unit.description != "") { Description = unit.description; }
      // lists unit
      // optionalAttrs (unit.startLimitBurst != null) { StartLimitBurst = unit.startLimitBurst; }
      // optionalAttrs (unit.startLimitIntervalSec != null) { StartLimitIntervalSec = unit.startLimitIntervalSec; }
      // unit.unitConfig
    );

  basics = map (package: "${package}") config.system.unitPath;
  pathOf = unit: concatMapStringsSep ":" (package: "${package}/bin") (unit.path ++ basics);
  escape = builtins.replaceStrings [ "\\" "\"" "%" ] [ "\\\\" "\\\"" "%%" ];
  environment =
    unit:
    concatStrings (
      mapAttrsToList (name: value: "Environment=\"${name}=${escape (toString value)}\"\n") (
        lib.filterAttrs (_: value: value != null) (
          config.systemd.globalEnvironment // { PATH = pathOf unit; } // unit.environment
        )
      )
    );

  fileName = builtins.replaceStrings [ "@" "\\" ] [ "_" "-" ];
  # The scripts become programs of their own, so that a unit changes only with them.
  scripts =
    name: unit:
    builtins.mapAttrs (_: one: lab.script "${fileName name}-${one.suffix}" one.text) (
      lib.filterAttrs (_: one: one.text != "") {
        ExecStartPre = { suffix = "pre-start"; text = unit.preStart; };
        ExecStart = { suffix = "start"; text = unit.script; };
        ExecStartPost = { suffix = "post-start"; text = unit.postStart; };
        ExecReload = { suffix = "reload"; text = unit.reload; };
        ExecStop = { suffix = "pre-stop"; text = unit.preStop; };
        ExecStopPost = { suffix = "post-stop"; text = unit.postStop; };
      }
    );
  withArguments =
    unit: programs:
    programs
    // optionalAttrs (programs ? ExecStart && unit.scriptArgs != "") {
      ExecStart = "${programs.ExecStart} ${unit.scriptArgs}";
    };
  switching =
    unit:
    optionalString (!unit.restartIfChanged) "X-RestartIfChanged=false\n"
    + optionalString unit.reloadIfChanged "X-ReloadIfChanged=true\n"
    + optionalString (!unit.stopIfChanged) "X-StopIfChanged=false\n";
in
{
  plain = _: head;
  slice = _: unit: head unit + section "Slice" unit.sliceConfig;
  timer = _: unit: head unit + section "Timer" unit.timerConfig;
  path = _: unit: head unit + section "Path" unit.pathConfig;
  socket =
    _: unit:
    head unit
    + section "Socket" unit.socketConfig
    + concatStrings (map (one: "ListenStream=${one}\n") unit.listenStreams)
    + concatStrings (map (one: "ListenDatagram=${one}\n") unit.listenDatagrams);
  mount =
    unit:
    head unit
    + section "Mount" (
      { What = unit.what; Where = unit.where; }
      // optionalAttrs (unit.type != "") { Type = unit.type; }
      // optionalAttrs (unit.options != "") { Options = unit.options; }
      // unit.mountConfig
    );
  service =
    name: unit:
    head unit
    + "[Service]\n"
    + environment unit
    + switching unit
    + concatStrings (
      mapAttrsToList lines (
        lib.filterAttrs (_: value: value != null) (withArguments unit (scripts name unit) // unit.serviceConfig)
      )
    );
}
