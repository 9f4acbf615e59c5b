# Packages that are trees of links to other packages.
{ pkgs }:
let
  inherit (pkgs) lib;
in
rec {
  # Joins `paths`. The first of two files of the same name wins if collisions are ignored, else there is no result.
  buildEnv =
    {
      name,
      paths,
      pathsToLink ? [ "/" ],
      ignoreCollisions ? false,
      postBuild ? "",
      meta ? { },
      passthru ? { },
      extraOutputsToInstall ? [ ],
      nativeBuildInputs ? [ ],
    }:
    pkgs.stdenv.mkDerivation {
      inherit name pathsToLink ignoreCollisions postBuild meta passthru nativeBuildInputs;
      paths = builtins.filter (path: path != null) (lib.flatten paths);
      buildCommandPath = ./join.sh;
    };

  symlinkJoin =
    arguments@{ paths, ... }:
    buildEnv (
      builtins.intersectAttrs (lib.functionArgs buildEnv) (
        {
          name = "${arguments.pname}-${arguments.version}";
          ignoreCollisions = true;
        }
        // arguments
      )
    );

  # Links by name: a list of { name; path; } or a set.
  linkFarm =
    name: entries:
    let
      named = lib.mapAttrsToList (name: path: { inherit name path; });
      list = if builtins.isAttrs entries then named entries else entries;
      link =
        { name, path }:
        ''
          mkdir -p "$(dirname ${lib.escapeShellArg name})"
          ln -s ${path} ${lib.escapeShellArg name}
        '';
    in
    pkgs.runCommand name { } "mkdir $out\ncd $out\n${lib.concatMapStrings link list}";
  linkFarmFromDrvs =
    name: packages:
    linkFarm name (
      map (package: {
        inherit (package) name;
        path = package;
      }) packages
    );
}
