# stdenv.mkDerivation: `buildCommand`, or phases with the programs of the tree below.
{ pkgs }:
let
  inherit (pkgs) lib;

  notForTheBuilder = [
    "meta"
    "passthru"
    "pname"
    "version"
    "env"
  ];

  make =
    arguments:
    let
      name = arguments.name or "${arguments.pname}-${arguments.version}";
      built = derivation (
        builtins.removeAttrs arguments notForTheBuilder
        // arguments.env or { }
        // {
          inherit name;
          inherit (pkgs) system;
          builder = "/bin/bash";
          args = [ "-e" ./builder.sh ];
          preferLocalBuild = true;
          allowSubstitutes = false;
        }
        // lib.optionalAttrs (arguments ? pname) { inherit (arguments) pname; }
        // lib.optionalAttrs (arguments ? version) { inherit (arguments) version; }
      );
      meta = {
        inherit name;
        available = true;
      }
      // arguments.meta or { };
      position = builtins.unsafeGetAttrPos (if arguments ? pname then "pname" else "name") arguments;
      guarded = import ./licence.nix { inherit pkgs position; } package;
      package =
        built
        // arguments.passthru or { }
        // {
          inherit meta;
          drvPath = guarded built.drvPath;
          outPath = guarded built.outPath;
          out = package;
          passthru = arguments.passthru or { };
          overrideAttrs = change: make (arguments // changed change);
        };
      # `change` is a set, a function of the old arguments, or one of the final and the old ones.
      changed =
        change:
        if !lib.isFunction change then
          change
        else
          let
            once = change arguments;
          in
          if lib.isFunction once then change package arguments else once;
    in
    package;
in
arguments:
if lib.isFunction arguments then
  let
    package = make (arguments package);
  in
  package
else
  make arguments
