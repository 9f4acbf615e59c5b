# security.wrappers: the setuid programs, copied into /run/wrappers/bin. The store and the tree below have none.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  string = default: mkOption {
    inherit default;
    type = types.str;
  };
  flag = mkOption {
    default = false;
    type = types.bool;
  };
  setuidRoot = source: {
    inherit source;
    setuid = true;
  };
  mode = wrapper: "${if wrapper.setuid then "4" else if wrapper.setgid then "2" else "0"}${wrapper.permissions}";
  install =
    wrapper:
    "[ ! -e ${wrapper.source} ] || "
    + "install -D -o ${wrapper.owner} -g ${wrapper.group} -m ${mode wrapper} "
    + "${wrapper.source} \"$new/${wrapper.program}\"";
in
{
  options.security.wrappers = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            program = string name;
            source = mkOption { type = types.path; };
            owner = string "root";
            group = string "root";
            permissions = mkOption {
              description = "Octal, without the setuid digit.";
              default = "0511";
              apply = lib.removePrefix "0";
              type = types.str;
            };
            setuid = flag;
            setgid = flag;
          };
        }
      )
    );
  };

  config = {
    security.wrappers = {
      su = setuidRoot "/usr/bin/su";
      mount = setuidRoot "/usr/bin/mount";
      umount = setuidRoot "/usr/bin/umount";
      passwd = setuidRoot "/usr/bin/passwd";
      chsh = setuidRoot "/usr/bin/chsh";
      newgrp = setuidRoot "/usr/bin/newgrp";
      ping = setuidRoot "/usr/bin/ping";
    };

    # A link is swapped, so that no program is missing while others are copied.
    system.activationScripts.wrappers = {
      deps = [ "users" "groups" ];
      text = ''
        mkdir -p -m 0755 /run/wrappers
        new=$(mktemp -d /run/wrappers/wrappers.XXXXXXXXXX)
        chmod 0755 "$new"
        ${lib.concatMapStringsSep "\n" install (builtins.attrValues config.security.wrappers)}
        ln -sfn "$new" /run/wrappers/bin.new
        mv -T /run/wrappers/bin.new /run/wrappers/bin
        find /run/wrappers -mindepth 1 -maxdepth 1 -type d ! -path "$new" -exec rm -rf {} +
      '';
    };
  };
}
