# environment.variables and sessionVariables, and PATH: given by PAM, so every login has it whatever its shell.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  variables = mkOption {
    default = { };
    type = types.attrsOf (
      types.coercedTo (types.listOf types.str) (builtins.concatStringsSep ":") (
        types.oneOf [ types.str types.int types.path ]
      )
    );
  };
  session = config.environment.sessionVariables;

  # HOME and USER have other names in PAM's file.
  path =
    home: user:
    builtins.concatStringsSep ":" [
      "/run/wrappers/bin"
      "${home}/.nix-profile/bin"
      "${home}/.local/state/nix/profile/bin"
      "/etc/profiles/per-user/${user}/bin"
      "/nix/var/nix/profiles/default/bin"
      "/run/current-system/sw/bin"
    ];
  nixPath = builtins.concatStringsSep ":" config.nix.nixPath;
  each = show: all: lib.concatStrings (lib.mapAttrsToList show all);
  forPam = name: value: "${name} DEFAULT=\"${toString value}\"\n";
  forShells = name: value: "export ${name}=${lib.escapeShellArg (toString value)}\n";
in
{
  options.environment = {
    inherit variables;
    sessionVariables = variables;
  };

  config.environment = {
    sessionVariables = {
      LANG = config.i18n.defaultLocale;
    }
    // lib.optionalAttrs (nixPath != "") { NIX_PATH = nixPath; };
    etc."pam/environment".text = ''
      PATH DEFAULT="${path "@{HOME}" "@{PAM_USER}"}"
    ''
    + each forPam session;
    etc."set-environment".text = ''
      export __NIXOS_SET_ENVIRONMENT_DONE=1
      export PATH="${path "$HOME" "$USER"}"
    ''
    + each forShells (session // config.environment.variables);
  };
}
