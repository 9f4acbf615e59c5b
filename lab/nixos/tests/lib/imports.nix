# A file that is imported twice counts once; what is imported comes before what imports it.
with import ../toy.nix;
(config [ { imports = [ ../modules/one.nix ../modules/two.nix ../modules/one.nix ]; names = [ "root" ]; } ]).names
