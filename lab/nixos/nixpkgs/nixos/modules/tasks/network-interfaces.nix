# networking.interfaces: fixed addresses, by a unit for each interface, as the scripted backend has it. Those that the lab gives from
# outside stay beside them until they are declared once, and then are not any more.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../lab pkgs;
  addresses = mkOption {
    default = [ ];
    type = types.listOf (
      types.submodule {
        options = {
          address = mkOption { type = types.str; };
          prefixLength = mkOption { type = types.int; };
        };
      }
    );
  };
  cidr = { address, prefixLength }: "${address}/${toString prefixLength}";
  state = "/run/nixos/network";
  path = ''
    export PATH=/usr/sbin:/usr/bin
    mkdir -p ${state}/addresses ${state}/routes
  '';
  unit = name: interface: {
    name = "network-addresses-${name}";
    value = {
      description = "Address configuration of ${name}";
      wantedBy = [ "network.target" "multi-user.target" ];
      before = [ "network.target" ];
      stopIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = lab.script "network-addresses-${name}-start" (
          path
          + lib.concatMapStrings (address: ''
            ip address replace ${cidr address} dev ${name}
            echo ${cidr address} >>${state}/addresses/${name}
          '') (interface.ipv4.addresses ++ interface.ipv6.addresses)
          + ''
            if [ -s ${state}/routes/${name} ]; then ip route replace $(cat ${state}/routes/${name}) || true; fi
          ''
        );
        # What was added is taken away, whatever is declared by now. With its last address an interface loses its routes.
        ExecStop = lab.script "network-addresses-${name}-stop" (
          path
          + ''
            ip -4 route show default | head -n 1 >${state}/routes/${name}
            while read -r address; do ip address del "$address" dev ${name} || true; done <${state}/addresses/${name}
            rm ${state}/addresses/${name}
          ''
        );
      };
    };
  };
in
{
  options.networking.interfaces = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule {
        options = {
          ipv4.addresses = addresses;
          ipv6.addresses = addresses;
        };
      }
    );
  };

  config.systemd.services = builtins.listToAttrs (
    builtins.filter (unit: unit != null) (
      lib.mapAttrsToList (
        name: interface:
        if interface.ipv4.addresses ++ interface.ipv6.addresses == [ ] then null else unit name interface
      ) config.networking.interfaces
    )
  );
}
