with import ../toy.nix;
valueOf (lib.types.submodule { freeformType = lib.types.attrsOf lib.types.int; }) [ { a = "b"; } ]
