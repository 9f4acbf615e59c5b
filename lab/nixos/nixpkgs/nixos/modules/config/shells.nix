# environment.{shells,shellAliases,interactiveShellInit,…} and what shells read at their start.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  text = mkOption {
    default = "";
    type = types.lines;
  };
  aliases = lib.concatStrings (
    lib.mapAttrsToList (name: value: "alias ${name}=${lib.escapeShellArg value}\n") config.environment.shellAliases
  );
in
{
  options.environment = {
    shells = mkOption {
      default = [ ];
      type = types.listOf (types.either types.path types.package);
    };
    shellAliases = mkOption {
      default = { };
      type = types.attrsOf types.str;
    };
    shellInit = text;
    loginShellInit = text;
    interactiveShellInit = text;
  };

  config.environment.etc = {
    shells.text = lib.concatMapStrings (shell: "${shell}\n") (
      [ "/run/current-system/sw/bin/bash" "/run/current-system/sw/bin/sh" "/bin/sh" ]
      ++ map toString config.environment.shells
    );

    # sshd's bash reads this one too, login shell or not.
    bashrc.text = ''
      [ -n "''${__NIXOS_SET_ENVIRONMENT_DONE:-}" ] || . /etc/set-environment
      ${config.environment.shellInit}
      if [ -n "''${PS1:-}" ]; then
      PS1='\n\[\033[1;32m\][\u@\h:\w]\$\[\033[0m\] '
      ${aliases}${config.environment.interactiveShellInit}
      fi
    '';
    "bash.bashrc".text = ". /etc/bashrc\n";
    profile.text = ''
      . /etc/set-environment
      ${config.environment.shellInit}
      ${config.environment.loginShellInit}
      [ -z "''${BASH:-}" ] || . /etc/bashrc
    '';
  };
}
