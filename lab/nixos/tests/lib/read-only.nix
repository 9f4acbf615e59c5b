with import ../toy.nix;
(config [
  { options.fixed = lib.mkOption { type = lib.types.int; readOnly = true; default = 1; }; }
  (inFile "/etc/nixos/nixi.nix" { fixed = 2; })
]).fixed
