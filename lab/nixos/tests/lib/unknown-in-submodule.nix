with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { people.ada.phone = "1"; people.ada.age = 36; }) ]
