with import ../toy.nix;
(config [ { name = "a"; } { name = "a"; } ]).name
