# users.users and users.groups.
{ config, lib, pkgs, utils, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../lab pkgs;
  cfg = config.users;
  options = import ./user-options.nix { inherit lib; };

  users = builtins.attrValues cfg.users;
  hasPassword =
    user: builtins.any (value: value != null) [ user.hashedPassword user.hashedPasswordFile user.password ];
  hasKey = user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ];
  mayLogIn = user: hasPassword user || hasKey user;
  isAdministrator = user: user.name == "root" || builtins.elem "wheel" user.extraGroups || user.group == "wheel";
  canAdminister = builtins.any (user: isAdministrator user && mayLogIn user) users;

  shellOf = user: toString (utils.toShellPath user.shell);
  needsProgram =
    shell: builtins.any (user: user.isNormalUser && builtins.baseNameOf (shellOf user) == shell) users;

  spec = {
    inherit (cfg) mutableUsers;
    users = map (user: {
      inherit (user) name uid group description home homeMode createHome isSystemUser;
      inherit (user) password hashedPassword hashedPasswordFile initialPassword initialHashedPassword;
      shell = shellOf user;
    }) users;
    groups = map (group: {
      inherit (group) name gid;
      members = lib.unique (
        group.members ++ map (user: user.name) (builtins.filter (user: builtins.elem group.name user.extraGroups) users)
      );
    }) (builtins.attrValues cfg.groups);
  };
  specFile = builtins.toFile "users-groups.json" (builtins.unsafeDiscardStringContext (builtins.toJSON spec));
in
{
  options.users = {
    mutableUsers = mkOption {
      default = true;
      type = types.bool;
    };
    allowNoPasswordLogin = mkOption {
      default = false;
      type = types.bool;
    };
    defaultUserShell = mkOption {
      default = pkgs.bash;
      type = types.either types.path types.package;
    };
    users = mkOption {
      default = { };
      type = types.attrsOf (types.submodule (options.user { inherit cfg; }));
    };
    groups = mkOption {
      default = { };
      type = types.attrsOf (types.submodule options.group);
    };
  };

  config = {
    assertions = [
      {
        assertion = cfg.mutableUsers || cfg.allowNoPasswordLogin || canAdminister;
        message = ''
          Neither the root account nor any wheel user has a password or SSH authorized key.
          You must set one to prevent being locked out of your system.
          If you really want to be locked out of your system, set users.allowNoPasswordLogin = true;'';
      }
    ]
    ++ map (user: {
      assertion = user.isNormalUser != (user.isSystemUser || (user.uid != null && user.uid < 1000));
      message =
        "Exactly one of users.users.${user.name}.isSystemUser and "
        + "users.users.${user.name}.isNormalUser must be set.";
    }) users
    ++ map (user: {
      assertion = user.group != "";
      message = "users.users.${user.name}.group is unset: a system user needs a group, such as one of its own.";
    }) users
    ++ map (shell: {
      assertion = !(needsProgram shell) || config.programs.${shell}.enable;
      message =
        "A user's shell is ${shell}, but programs.${shell}.enable is not true: "
        + "it would not find what NixOS has for a shell to read.";
    }) [ "zsh" "fish" ];

    system.activationScripts.users = "/usr/bin/perl ${./update-users-groups.pl} ${specFile}";

    environment.etc = lib.mapAttrs' (name: user: {
      name = "profiles/per-user/${name}";
      value.source = lab.joined "user-environment" user.packages [ ];
    }) (lib.filterAttrs (_: user: user.packages != [ ]) cfg.users);
  };
}
