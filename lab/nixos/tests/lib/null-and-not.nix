with import ../toy.nix;
valueOf (lib.types.nullOr lib.types.str) [ null "a" ]
