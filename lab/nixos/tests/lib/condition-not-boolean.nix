with import ../toy.nix;
(config [ { name = lib.mkIf "yes" "a"; } ]).name
