# How packages are made.
pkgs:
let
  makeDerivation = import ./derivation.nix { inherit pkgs; };
in
{
  stdenv = {
    mkDerivation = makeDerivation;
    inherit (pkgs) hostPlatform buildPlatform;
    shell = pkgs.runtimeShell;
    isLinux = true;
  };
  stdenvNoCC = pkgs.stdenv;
  runtimeShell = "${pkgs.bash}/bin/bash";

  formats = import ./formats.nix { inherit pkgs; };
}
// import ./texts.nix { inherit pkgs; }
// import ./trees.nix { inherit pkgs; }
