with import ../toy.nix;
valueOf (lib.types.submodule {
  freeformType = lib.types.attrsOf (lib.types.attrsOf lib.types.int);
  options.known = lib.mkOption { type = lib.types.str; default = "k"; };
}) [ { a.b = 1; } { a.c = 2; known = "x"; } ]
