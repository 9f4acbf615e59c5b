# Language, console and time zone.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    # NixOS has en_US.UTF-8 here; the tree below knows only this one.
    i18n.defaultLocale = mkOption {
      default = "C.UTF-8";
      type = types.str;
    };
    i18n.extraLocaleSettings = mkOption {
      default = { };
      type = types.attrsOf types.str;
    };
    i18n.supportedLocales = mkOption {
      default = [ ];
      type = types.listOf types.str;
    };
    console.keyMap = mkOption {
      default = "us";
      type = types.either types.str types.path;
    };
    console.font = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
    time.timeZone = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
  };

  config.environment.etc = {
    "locale.conf".text = ''
      LANG=${config.i18n.defaultLocale}
      ${lib.concatStrings (lib.mapAttrsToList (name: value: "${name}=${value}\n") config.i18n.extraLocaleSettings)}
    '';
    "vconsole.conf".text = "KEYMAP=${toString config.console.keyMap}\n";
  }
  // lib.optionalAttrs (config.time.timeZone != null) {
    localtime.source = "/usr/share/zoneinfo/${config.time.timeZone}";
  };
}
