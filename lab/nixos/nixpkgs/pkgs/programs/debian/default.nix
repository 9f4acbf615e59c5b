# The packages that stand for programs of the Debian tree, with Debian's versions.
{ lib }:
let
  load = file: import file { inherit lib; };
in
load ./basics.nix // load ./system.nix // load ./network.nix // load ./tools.nix
