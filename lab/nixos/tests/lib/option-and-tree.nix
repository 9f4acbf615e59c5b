with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { options.name.first = lib.mkOption { }; }) ]
