# security.sudo.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../lab pkgs;
  cfg = config.security.sudo;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  names = mkOption {
    default = [ ];
    type = types.listOf (types.either types.str types.int);
  };
  runAs = mkOption {
    default = "ALL:ALL";
    type = types.str;
  };
  commandOptions = types.listOf (
    types.enum (
      builtins.concatMap (tag: [ tag "NO${tag}" ]) [ "EXEC" "SETENV" "LOG_INPUT" "LOG_OUTPUT" "MAIL" "FOLLOW" "INTERCEPT" ]
      ++ [ "PASSWD" "NOPASSWD" ]
    )
  );

  # Debian's sudo takes every path to the same file for the rule's, where newer ones, such as NixOS's, compare
  # the path. A pattern is compared by its text, and one that matches nothing but this path makes it as strict.
  byText =
    command:
    let
      words = builtins.match "(/[^ ]*)([A-Za-z0-9_])( .*)?" command;
      program = builtins.elemAt words 0;
      rest = builtins.elemAt words 2;
      isPattern = builtins.match ".*[]*?[\\].*" program != null;
    in
    if words == null || isPattern then
      command
    else
      "${program}[${builtins.elemAt words 1}]${if rest == null then "" else rest}";

  showCommand =
    one:
    if builtins.isString one then
      byText one
    else
      lib.concatMapStrings (option: "${option}: ") one.options + byText one.command;
  who =
    rule:
    map (user: if builtins.isInt user then "#${toString user}" else user) rule.users
    ++ map (group: if builtins.isInt group then "%#${toString group}" else "%${group}") rule.groups;
  showRule =
    rule:
    let
      names = builtins.concatStringsSep ", " (who rule);
      commands = lib.concatMapStringsSep ", " showCommand rule.commands;
    in
    lib.optionalString (names != "" && commands != "") "${names} ${rule.host}=(${rule.runAs}) ${commands}\n";

  everything = options: [
    {
      command = "ALL";
      inherit options;
    }
  ];
  usesOtherGroup =
    rule: builtins.any (group: group != "wheel") rule.groups || builtins.any (user: user != "root") rule.users;
in
{
  options.security.sudo = {
    enable = flag true;
    wheelNeedsPassword = flag true;
    execWheelOnly = flag false;
    defaultOptions = mkOption {
      default = [ "SETENV" ];
      type = commandOptions;
    };
    configFile = mkOption {
      internal = true;
      default = "";
      type = types.lines;
    };
    extraConfig = mkOption {
      default = "";
      type = types.lines;
    };
    extraRules = mkOption {
      default = [ ];
      type = types.listOf (
        types.submodule {
          options = {
            users = names;
            groups = names;
            host = mkOption {
              default = "ALL";
              type = types.str;
            };
            inherit runAs;
            commands = mkOption {
              type = types.listOf (
                types.either types.str (
                  types.submodule {
                    options = {
                      command = mkOption { type = types.str; };
                      options = mkOption {
                        default = [ ];
                        type = commandOptions;
                      };
                    };
                  }
                )
              );
            };
          };
        }
      );
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !cfg.execWheelOnly || !(builtins.any usesOtherGroup cfg.extraRules);
        message =
          "security.sudo.extraRules names users or groups other than root and wheel, "
          + "whom execWheelOnly keeps from running sudo.";
      }
    ];

    # The last rule that matches decides.
    security.sudo.extraRules = lib.mkMerge [
      (lib.mkOrder 400 [
        {
          users = [ "root" ];
          commands = everything cfg.defaultOptions;
        }
      ])
      (lib.mkOrder 600 [
        {
          groups = [ "wheel" ];
          commands = everything (cfg.defaultOptions ++ lib.optional (!cfg.wheelNeedsPassword) "NOPASSWD");
        }
      ])
    ];

    security.sudo.configFile = lib.concatStringsSep "\n" (
      [
        "# Made from security.sudo; whatever is edited here is gone with the next activation."
        "Defaults !secure_path, fast_glob"
      ]
      ++ map showRule cfg.extraRules
      ++ [ cfg.extraConfig ]
    );

    environment.etc.sudoers = {
      mode = "0440";
      source = lab.checked "sudoers" cfg.configFile ''visudo -cf "$1" >/dev/null'';
    };

    security.wrappers.sudo = {
      source = "/usr/bin/sudo";
      setuid = true;
      group = if cfg.execWheelOnly then "wheel" else "root";
      permissions = if cfg.execWheelOnly then "0510" else "0511";
    };
  };
}
