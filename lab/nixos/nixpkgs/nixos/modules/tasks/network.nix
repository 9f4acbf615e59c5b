# networking: names. Addresses are the lab's, given from outside before the machine boots.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
  flag = mkOption {
    default = false;
    type = types.bool;
  };
  hosts = lib.mapAttrsToList (address: names: "${address} ${toString names}\n") cfg.hosts;
  strings = mkOption {
    default = [ ];
    type = types.listOf types.str;
  };
in
{
  options.networking = {
    hostName = mkOption {
      default = "nixos";
      type = types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$";
    };
    domain = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
    hostId = mkOption {
      default = null;
      type = types.nullOr types.str;
    };
    nameservers = strings;
    extraHosts = mkOption {
      default = "";
      type = types.lines;
    };
    hosts = mkOption {
      default = { };
      type = types.attrsOf (types.listOf types.str);
    };
    useDHCP = flag;
    networkmanager.enable = flag;
    wireless.enable = flag;
  };

  config = {
    environment.etc = {
      hostname.text = "${cfg.hostName}\n";
      hosts.text = ''
        127.0.0.1 localhost
        ::1 localhost
        127.0.0.2 ${cfg.hostName}
        ${lib.concatStrings hosts}${cfg.extraHosts}
      '';
      "resolv.conf".text = lib.concatMapStrings (server: "nameserver ${server}\n") cfg.nameservers;
      "nsswitch.conf".text = ''
        passwd: files
        group: files
        shadow: files
        hosts: files dns
        networks: files
        services: files
        protocols: files
        rpc: files
      '';
    };
    system.activationScripts.hostname = lib.optionalString (cfg.hostName != "") "hostname ${cfg.hostName}";
  };
}
