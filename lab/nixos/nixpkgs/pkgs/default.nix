# All packages: a fixed point, so that an overlay's changes reach every package.
{ system, config, overlays, lib }:
let
  platform = {
    inherit system;
    isLinux = true;
    isx86_64 = lib.hasPrefix "x86_64" system;
    isAarch64 = lib.hasPrefix "aarch64" system;
  };

  base =
    pkgs:
    {
      inherit lib pkgs system config overlays;
      hostPlatform = platform;
      buildPlatform = platform;
      callPackage = lib.callPackageWith pkgs;
      extend = overlay: all (overlays ++ [ overlay ]);
      appendOverlays = more: all (overlays ++ more);
    }
    // import ./build pkgs
    // import ./programs pkgs;

  all = layers: lib.fix (lib.extends (lib.composeManyExtensions layers) base);
in
all overlays
