with import ../toy.nix;
config [ (inFile "/etc/nixos/nixi.nix" { services.web = true; }) ]
