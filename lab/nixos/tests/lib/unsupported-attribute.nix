with import ../toy.nix;
config [ { key = "/etc/nixos/nixi.nix"; config.name = "a"; names = [ "b" ]; services = { }; } ]
