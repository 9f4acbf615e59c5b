with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { services."a b"."c.d".e = 1; }) ]
