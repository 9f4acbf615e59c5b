# fileSystems, swapDevices and boot.supportedFilesystems.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  fileSystems = builtins.attrValues config.fileSystems;

  escape = builtins.replaceStrings [ " " "\t" ] [ "\\040" "\\011" ];
  line =
    one:
    let
      device = if one.device != null then one.device else "/dev/disk/by-label/${one.label}";
      options = builtins.concatStringsSep "," one.options;
    in
    "${escape device} ${escape one.mountPoint} ${one.fsType} ${options} 0 0\n";

  strings = types.listOf types.str;
in
{
  options = {
    fileSystems = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              mountPoint = mkOption {
                default = name;
                type = types.str;
              };
              device = mkOption {
                default = null;
                type = types.nullOr types.str;
              };
              label = mkOption {
                default = null;
                type = types.nullOr types.str;
              };
              fsType = mkOption {
                default = "auto";
                type = types.str;
              };
              options = mkOption {
                default = [ "defaults" ];
                type = types.addCheck strings (list: list != [ ]);
              };
              neededForBoot = mkOption {
                default = false;
                type = types.bool;
              };
              noCheck = mkOption {
                default = false;
                type = types.bool;
              };
              depends = mkOption {
                default = [ ];
                type = strings;
              };
            };
          }
        )
      );
    };
    swapDevices = mkOption {
      default = [ ];
      type = types.listOf (types.submodule { options.device = mkOption { type = types.str; }; });
    };
    boot.supportedFilesystems = mkOption {
      description = "A list, or an attribute set of booleans.";
      default = { };
      type = types.coercedTo strings (list: lib.genAttrs list (_: true)) (types.attrsOf types.bool);
    };
    services.rpcbind.enable = mkOption {
      default = false;
      type = types.bool;
    };
  };

  config = {
    assertions = map (one: {
      assertion = one.device != null || one.label != null;
      message = "fileSystems.\"${one.mountPoint}\" has neither a device nor a label.";
    }) fileSystems;

    environment.etc.fstab.text =
      "# Made from fileSystems; edits are gone with the next activation.\n"
      + lib.concatMapStrings line fileSystems
      + lib.concatMapStrings (swap: "${swap.device} none swap defaults 0 0\n") config.swapDevices;

    boot.supportedFilesystems = builtins.listToAttrs (
      map (one: {
        name = one.fsType;
        value = true;
      }) fileSystems
    );
    environment.systemPackages =
      let
        supported = name: config.boot.supportedFilesystems.${name} or false;
      in
      lib.optional (supported "nfs" || supported "nfs4") pkgs.nfs-utils
      ++ lib.optional (supported "cifs") pkgs.cifs-utils;
    services.rpcbind.enable = lib.mkIf (config.boot.supportedFilesystems.nfs or false) true;
  };
}
