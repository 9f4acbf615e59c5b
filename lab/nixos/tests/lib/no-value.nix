with import ../toy.nix;
valueOf lib.types.str [ ]
