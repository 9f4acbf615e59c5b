with import ../toy.nix;
let
  inherit (config [
    (lib.mkRemovedOptionModule [ "services" "old" ] "Use services.web.")
    (inFile "/etc/nixos/nixi.nix" { services.old = true; })
  ]) assertions warnings;
in
lib.asserts.checkAssertWarn assertions warnings 1
