# The types of options.
{ lib }:
let
  load = file: import file { inherit lib; };
in
load ./make.nix
// load ./scalars.nix
// load ./numbers.nix
// load ./texts.nix
// load ./containers.nix
// load ./choices.nix
// load ./submodule.nix
// load ./anything.nix
