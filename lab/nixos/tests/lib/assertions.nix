with import ../toy.nix;
let
  inherit (config [
    { assertions = [ { assertion = true; message = "not this"; } { assertion = false; message = "the first thing"; } ]; }
    { assertions = [ { assertion = false; message = "the second\nthing"; } ]; }
  ]) assertions warnings;
in
lib.asserts.checkAssertWarn assertions warnings 1
