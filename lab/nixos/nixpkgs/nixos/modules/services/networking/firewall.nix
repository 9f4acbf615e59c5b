# networking.firewall, by iptables. As on NixOS the service is reloaded, which is not atomic: all input is
# dropped while the rules are written, and a reload that fails leaves the firewall off.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../../lab pkgs;
  cfg = config.networking.firewall;

  ports = mkOption {
    default = [ ];
    type = types.listOf types.port;
    apply = list: lib.unique (builtins.sort builtins.lessThan list);
  };
  ranges = mkOption {
    default = [ ];
    type = types.listOf (types.attrsOf types.port);
  };
  portOptions = {
    allowedTCPPorts = ports;
    allowedUDPPorts = ports;
    allowedTCPPortRanges = ranges;
    allowedUDPPortRanges = ranges;
  };
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  text = mkOption {
    default = "";
    type = types.lines;
  };

  range = { from, to }: "${toString from}:${toString to}";
  accept =
    interface: protocol: port:
    "both -A nixos-fw ${lib.optionalString (interface != null) "-i ${interface} "}"
    + "-p ${protocol} --dport ${toString port} -j nixos-fw-accept\n";
  open =
    interface: allowed:
    lib.concatMapStrings (accept interface "tcp") (allowed.allowedTCPPorts ++ map range allowed.allowedTCPPortRanges)
    + lib.concatMapStrings (accept interface "udp") (allowed.allowedUDPPorts ++ map range allowed.allowedUDPPortRanges);

  # Interfaces by pattern, such as podman+, are iptables' own.
  rules =
    lib.concatMapStrings (interface: "both -A nixos-fw -i ${interface} -j nixos-fw-accept\n") cfg.trustedInterfaces
    + open null cfg
    + lib.concatStrings (lib.mapAttrsToList open cfg.interfaces);

  helpers = ''
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    both() { iptables -w "$@"; ip6tables -w "$@"; }
  '';
  stop = ''
    both -D INPUT -j nixos-drop 2>/dev/null || true
    both -D INPUT -j nixos-fw 2>/dev/null || true
  '';
  forget = chain: "both -F ${chain} 2>/dev/null || true; both -X ${chain} 2>/dev/null || true\n";
  start = ''
    both -D INPUT -j nixos-fw 2>/dev/null || true
    ${lib.concatMapStrings forget [ "nixos-fw" "nixos-fw-log-refuse" "nixos-fw-refuse" "nixos-fw-accept" ]}
    both -N nixos-fw-accept
    both -A nixos-fw-accept -j ACCEPT
    both -N nixos-fw-refuse
    both -A nixos-fw-refuse -j ${if cfg.rejectPackets then "REJECT" else "DROP"}
    both -N nixos-fw-log-refuse
    both -A nixos-fw-log-refuse -j nixos-fw-refuse
    both -N nixos-fw
    both -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
    ${rules}
    ${lib.optionalString cfg.allowPing "iptables -w -A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept"}
    ip6tables -w -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
    ip6tables -w -A nixos-fw -p icmpv6 -j nixos-fw-accept
    ${cfg.extraCommands}
    both -A nixos-fw -j nixos-fw-log-refuse
    both -A INPUT -j nixos-fw
  '';
  startProgram = lab.script "firewall-start" (helpers + start);
  reload = ''
    both -D INPUT -j nixos-drop 2>/dev/null || true
    ${forget "nixos-drop"}
    both -N nixos-drop
    both -A nixos-drop -j DROP
    both -A INPUT -j nixos-drop
    ${cfg.extraStopCommands}
    if ${startProgram}; then
      both -D INPUT -j nixos-drop
    else
      echo "Failed to reload firewall... Stopping" >&2
      ${stop}
      exit 1
    fi
  '';
in
{
  options.networking.firewall = portOptions // {
    enable = flag true;
    allowPing = flag true;
    rejectPackets = flag false;
    logRefusedConnections = flag true;
    checkReversePath = mkOption {
      default = false;
      type = types.either types.bool (types.enum [ "strict" "loose" ]);
    };
    trustedInterfaces = mkOption {
      default = [ ];
      type = types.listOf types.str;
    };
    extraCommands = text;
    extraStopCommands = text;
    interfaces = mkOption {
      default = { };
      type = types.attrsOf (types.submodule { options = portOptions; });
    };
  };
  options.networking.nftables.enable = flag false;

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !config.networking.nftables.enable;
        message = "The lab's firewall is made of iptables; networking.nftables is not built.";
      }
    ];
    networking.firewall.trustedInterfaces = [ "lo" ];
    environment.systemPackages = [ pkgs.iptables ];

    systemd.services.firewall = {
      description = "Firewall";
      wantedBy = [ "sysinit.target" ];
      wants = [ "network-pre.target" ];
      after = [ "systemd-modules-load.service" ];
      before = [ "network-pre.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      reloadIfChanged = true;
      unitConfig.DefaultDependencies = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = startProgram;
        ExecReload = lab.script "firewall-reload" (helpers + reload);
        ExecStop = lab.script "firewall-stop" (helpers + cfg.extraStopCommands + "\n" + stop);
      };
    };
  };
}
