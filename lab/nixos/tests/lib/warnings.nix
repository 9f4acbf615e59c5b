# Nix 2.8 puts `trace:` before it.
with import ../toy.nix;
let
  inherit (config [ { warnings = [ "this will go away" "and this" ]; } ]) assertions warnings;
in
lib.asserts.checkAssertWarn assertions warnings 1
