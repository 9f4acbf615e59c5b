with import ../machine.nix;
system { networking.hostName = "db"; }
