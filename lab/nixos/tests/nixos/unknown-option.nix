with import ../machine.nix;
system { services.opensh.enable = true; }
