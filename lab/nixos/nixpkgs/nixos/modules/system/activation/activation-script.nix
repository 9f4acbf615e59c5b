# system.activationScripts: what `activate` runs, each snippet after those it depends on.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  snippets = config.system.activationScripts;

  # Depth first; the names already placed come along.
  place =
    placed: name:
    if builtins.elem name placed then
      placed
    else if !(snippets ? ${name}) then
      throw "the activation script `${name}' does not exist"
    else
      builtins.foldl' place placed snippets.${name}.deps ++ [ name ];
  order = builtins.foldl' place [ ] (builtins.attrNames snippets);

  run = name: ''
    # ${name}
    snippet=${name}
    ${snippets.${name}.text}
  '';
in
{
  options.system.activationScripts = mkOption {
    description = "Shell snippets that are run on every activation.";
    default = { };
    type = types.attrsOf (
      types.coercedTo types.str (text: { inherit text; }) (
        types.submodule {
          options = {
            text = mkOption { type = types.lines; };
            deps = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            supportsDryActivation = mkOption {
              type = types.bool;
              default = false;
            };
          };
        }
      )
    );
  };

  # A snippet that fails does not keep the others from running.
  config.system.build.activate = ''
    #!${pkgs.runtimeShell}
    # Makes this generation the running system, except for its units.
    systemConfig=@out@
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
    status=0 snippet=none
    trap 'code=$?; status=1; echo "Activation script snippet '"'"'$snippet'"'"' failed ($code)" >&2' ERR
    umask 0022
    mkdir -p -m 0755 /run/nixos /nix/var/nix/gcroots
  ''
  + lib.concatMapStrings run order
  + ''
    ln -sfn "$systemConfig" /run/current-system
    ln -sfn /run/current-system /nix/var/nix/gcroots/current-system
    exit "$status"
  '';

  config.system.activationScripts = {
    groups = "";
    var = ''
      mkdir -p /var/empty /var/tmp /var/lib/nixos /var/log /etc/nixos
      mkdir -p -m 0700 /root
    '';
  };
}
