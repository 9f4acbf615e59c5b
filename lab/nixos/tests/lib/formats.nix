with import ../toy.nix;
{
  toml = lib.generators.toTOML { a = 1; b.c = "x"; b.d.e = [ 1 2 ]; l = [ { k = true; } { k = false; } ]; "q r" = 1.5; };
  ini = lib.generators.toINI { } { a = { b = 1; c = true; }; d.e = "f"; };
  keyValue = lib.generators.toKeyValue { listsAsDuplicateKeys = true; } { a = [ 1 2 ]; b = "c"; };
}
