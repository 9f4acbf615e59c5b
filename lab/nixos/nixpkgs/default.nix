# The packages, as `import <nixpkgs> { }` gives them.
{
  system ? localSystem.system or (builtins.currentSystem or "x86_64-linux"),
  localSystem ? { },
  config ? { },
  overlays ? [ ],
}:
import ./pkgs {
  inherit system config overlays;
  lib = import ./lib;
}
