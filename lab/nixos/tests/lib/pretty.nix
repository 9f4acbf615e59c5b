with import ../toy.nix;
lib.generators.toPretty { } { a = null; b = [ 1 "x\${y}" ]; c = "l1\nl2\n"; "d e" = { }; f = x: x; g = true; h = /p; }
