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

  # As NixOS writes them: these lines are what a firewall is read by where nobody may ask the kernel.
  range = { from, to }: "${toString from}:${toString to}";
  accept =
    interface: protocol: port:
    "ip46tables -A nixos-fw -p ${protocol} --dport ${toString port} -j nixos-fw-accept "
    + lib.optionalString (interface != "default") "-i ${interface}"
    + "\n";
  open =
    interface: allowed:
    lib.concatMapStrings (accept interface "tcp") (allowed.allowedTCPPorts ++ map range allowed.allowedTCPPortRanges)
    + lib.concatMapStrings (accept interface "udp") (allowed.allowedUDPPorts ++ map range allowed.allowedUDPPortRanges);

  # Interfaces by pattern, such as podman+, are iptables' own.
  trusted = lib.concatMapStrings (interface: "ip46tables -A nixos-fw -i ${interface} -j nixos-fw-accept\n") cfg.trustedInterfaces;
  guests = lib.concatMapStrings (
    interface: "ip46tables -A nixos-fw -i ${interface} -p udp --dport 67 -j nixos-fw-accept\n"
  ) [ "ve-+" "vz-+" "vt-+" "ns-+" ];
  opened = lib.concatStrings (lib.mapAttrsToList open ({ default = cfg; } // cfg.interfaces));

  # Programs of the store by their own names, as NixOS has them.
  program =
    name: text:
    let
      built = lab.build {
        inherit name;
        script = ../../lab/program.pl;
        attrs = {
          path = "/bin/${name}";
          text = "#! ${pkgs.runtimeShell} -e\n${helpers}\n${text}\n";
        };
      };
    in
    "${built}/bin/${name}";

  helpers = ''
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    # Both kinds of addresses at once.
    ip46tables() {
      iptables -w "$@"
      ip6tables -w "$@"
    }
  '';
  stop = ''
    ip46tables -D INPUT -j nixos-drop 2>/dev/null || true
    ip46tables -D INPUT -j nixos-fw 2>/dev/null || true
  '';
  forget = chain: ''
    ip46tables -F ${chain} 2> /dev/null || true
    ip46tables -X ${chain} 2> /dev/null || true
  '';
  startProgram = program "firewall-start" ''
    ip46tables -D INPUT -j nixos-fw 2> /dev/null || true
    ${lib.concatMapStrings forget [ "nixos-fw" "nixos-fw-log-refuse" "nixos-fw-refuse" "nixos-fw-accept" ]}
    ip46tables -N nixos-fw-accept
    ip46tables -A nixos-fw-accept -j ACCEPT

    ip46tables -N nixos-fw-refuse
    ip46tables -A nixos-fw-refuse -j ${if cfg.rejectPackets then "REJECT" else "DROP"}

    ip46tables -N nixos-fw-log-refuse
    ip46tables -A nixos-fw-log-refuse -j nixos-fw-refuse

    # What is let in.
    ip46tables -N nixos-fw

    # Interfaces that are trusted.
    ${trusted}
    # DHCP for guests of systemd.
    ${guests}
    # What belongs to a connection.
    ip46tables -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept

    # Ports that are open.
    ${opened}
    # Pings.
    ${lib.optionalString cfg.allowPing "iptables -w -A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept"}

    ip6tables -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
    ip6tables -A nixos-fw -p icmpv6 --icmpv6-type 139 -j DROP
    ip6tables -A nixos-fw -p icmpv6 -j nixos-fw-accept

    # DHCP of our own.
    ip6tables -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept

    ${cfg.extraCommands}

    # Nothing else.
    ip46tables -A nixos-fw -j nixos-fw-log-refuse

    ip46tables -A INPUT -j nixos-fw
  '';
  stopProgram = program "firewall-stop" (cfg.extraStopCommands + "\n" + stop);
  reloadProgram = program "firewall-reload" ''
    ip46tables -D INPUT -j nixos-drop 2>/dev/null || true
    ${forget "nixos-drop"}
    ip46tables -N nixos-drop
    ip46tables -A nixos-drop -j DROP
    ip46tables -A INPUT -j nixos-drop
    ${cfg.extraStopCommands}
    if ${startProgram}; then
      ip46tables -D INPUT -j nixos-drop
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
        ExecStart = "@${startProgram} firewall-start";
        ExecReload = "@${reloadProgram} firewall-reload";
        ExecStop = "@${stopProgram} firewall-stop";
      };
    };
  };
}
