with import ../machine.nix;
system { networking.firewall.allowedTCPPorts = [ 80 "443" ]; }
