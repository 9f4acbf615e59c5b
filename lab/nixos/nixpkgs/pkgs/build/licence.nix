# Refuses packages that are not free, unless the configuration allows them.
{ pkgs, position }:
let
  inherit (pkgs) config lib;

  isUnfree = package: builtins.any (licence: !(licence.free or true)) (lib.toList (package.meta.license or [ ]));
  allowed =
    package:
    config.allowUnfree or false
    || (lib.inPureEvalMode == false && builtins.getEnv "NIXPKGS_ALLOW_UNFREE" == "1")
    || (config.allowUnfreePredicate or (_: false)) package;

  shortName = package: (builtins.head (lib.toList package.meta.license)).shortName;
  where = if position == null then "" else " in ${position.file}:${toString position.line}";
in
package: value:
if isUnfree package && !allowed package then
  throw ''
    Package ‘${package.name}’${where} has an unfree license (‘${shortName package}’), refusing to evaluate.

    To allow unfree packages, set NIXPKGS_ALLOW_UNFREE=1 for one call of the nix tools, or
      { nixpkgs.config.allowUnfree = true; }
    in configuration.nix, or
      { nixpkgs.config.allowUnfreePredicate = pkg: builtins.elem (lib.getName pkg) [ "${lib.getName package}" ]; }
  ''
else
  value
