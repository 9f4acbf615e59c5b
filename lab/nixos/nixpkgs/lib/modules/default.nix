# The module system: many files define and declare, one configuration comes out.
{ lib }:
let
  load = file: import file { inherit lib; };
in
load ./properties.nix
// load ./collect.nix
// load ./definitions.nix
// load ./tree.nix
// load ./evaluate.nix
// load ./aliases.nix
