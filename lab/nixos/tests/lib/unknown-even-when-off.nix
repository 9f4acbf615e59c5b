# A condition that is false does not excuse a name that does not exist.
with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { nothing = lib.mkIf false 1; }) ]
