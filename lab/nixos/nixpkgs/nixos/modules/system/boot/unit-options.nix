# The options of each kind of unit.
{ lib }:
let
  inherit (lib) mkOption types;

  # A setting is one value, or a list that becomes one line a value.
  value = types.nullOr (types.oneOf [ types.bool types.int types.float types.str types.path types.package ]);
  settings = mkOption {
    default = { };
    type = types.attrsOf (types.either value (types.listOf value));
  };
  units = mkOption {
    default = [ ];
    type = types.listOf types.str;
  };
  yes = mkOption {
    default = true;
    type = types.bool;
  };
  no = mkOption {
    default = false;
    type = types.bool;
  };
  text = mkOption {
    default = "";
    type = types.lines;
  };
  triggers = mkOption {
    default = [ ];
    type = types.listOf types.unspecified;
  };

  file = {
    enable = yes;
    text = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
    wantedBy = units;
    requiredBy = units;
    aliases = units;
  };

  common = {
    enable = yes;
    description = mkOption {
      default = "";
      type = types.str;
    };
    documentation = units;
    requires = units;
    wants = units;
    after = units;
    before = units;
    bindsTo = units;
    partOf = units;
    conflicts = units;
    requisite = units;
    onFailure = units;
    onSuccess = units;
    wantedBy = units;
    requiredBy = units;
    aliases = units;
    unitConfig = settings;
    restartTriggers = triggers;
    reloadTriggers = triggers;
    startLimitBurst = mkOption {
      default = null;
      type = types.nullOr types.int;
    };
    startLimitIntervalSec = mkOption {
      default = null;
      type = types.nullOr types.int;
    };
  };
in
{
  inherit file;
  target = common;
  slice = common // { sliceConfig = settings; };
  timer = common // { timerConfig = settings; };
  path = common // { pathConfig = settings; };
  socket = common // {
    socketConfig = settings;
    listenStreams = units;
    listenDatagrams = units;
  };
  mount = common // {
    what = mkOption { type = types.str; };
    where = mkOption { type = types.str; };
    type = mkOption {
      default = "";
      type = types.str;
    };
    options = mkOption {
      default = "";
      type = types.commas;
    };
    mountConfig = settings;
  };
  service = common // {
    environment = mkOption {
      default = { };
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
    };
    path = mkOption {
      description = "Packages whose programs the service finds, beside a few basic ones.";
      default = [ ];
      type = types.listOf (types.oneOf [ types.package types.str ]);
    };
    serviceConfig = settings;
    script = text;
    preStart = text;
    postStart = text;
    preStop = text;
    postStop = text;
    reload = text;
    scriptArgs = mkOption {
      default = "";
      type = types.str;
    };
    restartIfChanged = yes;
    reloadIfChanged = no;
    stopIfChanged = yes;
    startAt = mkOption {
      default = [ ];
      type = types.coercedTo types.str (one: [ one ]) (types.listOf types.str);
    };
  };
}
