with import ../toy.nix;
config [ 3 ]
