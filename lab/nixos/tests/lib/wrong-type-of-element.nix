with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { names = [ "a" 2 ]; }) ]
