with import ../toy.nix;
valueOf (lib.types.uniq lib.types.str) [ "a" "b" ]
