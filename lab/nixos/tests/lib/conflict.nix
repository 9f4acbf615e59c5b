with import ../toy.nix;
config [
  (inFile "/etc/nixos/configuration.nix" { name = "a"; })
  (inFile "/etc/nixos/nixi.nix" { name = "b"; })
]
