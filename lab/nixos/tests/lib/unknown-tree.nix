with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { servces.web = { enable = true; hosts = [ "a" "b" ]; }; }) ]
