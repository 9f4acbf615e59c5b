with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { people.ada.age = -1; }) ]
