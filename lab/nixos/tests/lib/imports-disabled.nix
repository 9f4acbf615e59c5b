with import ../toy.nix;
(config [ { imports = [ ../modules/two.nix ]; disabledModules = [ ../modules/one.nix ]; } ]).names
