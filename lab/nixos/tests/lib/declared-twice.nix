with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { options.name = lib.mkOption { type = lib.types.int; }; }) ]
