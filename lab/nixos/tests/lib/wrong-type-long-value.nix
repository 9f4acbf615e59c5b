# At most five lines of a value are shown.
with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { name = { a = 1; b = [ ]; c = { d = "x\ny\n"; }; f = { x, y ? 1 }: x; }; }) ]
