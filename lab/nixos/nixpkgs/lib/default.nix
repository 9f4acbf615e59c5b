# What modules and packages know as `lib`: the sections by name, and their functions side by side.
let
  load = file: import file { inherit lib; };

  sections = {
    trivial = load ./trivial.nix;
    fixedPoints = load ./fixed-points.nix;
    lists = load ./lists.nix;
    attrsets = load ./attrsets.nix;
    strings = load ./strings.nix;
    versions = load ./versions.nix;
    options = load ./options.nix;
    modules = load ./modules;
    asserts = load ./asserts.nix;
    debug = load ./debug.nix;
    customisation = load ./customisation.nix;
    meta = load ./meta.nix;
  };

  namespaces = {
    types = load ./types;
    messages = load ./messages.nix;
    generators = load ./generators.nix;
    licenses = load ./licenses.nix;
    maintainers = { };
    platforms = load ./platforms.nix;
  };

  flat = builtins.foldl' (all: section: all // section) { } (builtins.attrValues sections);

  lib = flat // sections // namespaces;
in
lib
