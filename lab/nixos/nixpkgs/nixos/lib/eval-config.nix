# Evaluates a NixOS configuration: the modules given here on top of all modules of the look-alike.
evaluation@{
  # The system for which packages are built, or null where the configuration says it.
  system ? builtins.currentSystem,
  modules,
  baseModules ? import ../modules/module-list.nix,
  extraModules ? [ ],
  specialArgs ? { },
  extraArgs ? { },
  pkgs ? null,
  lib ? import ../../lib,
  prefix ? [ ],
  check ? true,
}:
let
  packages =
    { config, ... }:
    let
      cfg = config.nixpkgs;
      platform = cfg.hostPlatform;
      forConfiguration = import ../.. {
        inherit (cfg) config overlays;
        system = if builtins.isString platform then platform else platform.system;
      };
    in
    {
      _file = ./eval-config.nix;
      key = ./eval-config.nix;
      config = {
        nixpkgs.hostPlatform = lib.mkIf (system != null) (lib.mkDefault system);
        # Where `nixpkgs` of `nix search nixpkgs` is found without a network.
        nix.settings.flake-registry = lib.mkDefault "/usr/lib/nixi-lab/flake-registry.json";
        _module.args.pkgs = lib.mkDefault (if pkgs == null then forConfiguration else pkgs);
        _module.args.utils = lib.mkDefault (import ./utils.nix { inherit lib; });
      };
    };

  evaluated = lib.evalModules {
    inherit prefix check;
    class = "nixos";
    args = extraArgs;
    modules = baseModules ++ extraModules ++ [ packages ] ++ modules;
    specialArgs = {
      modulesPath = toString ../modules;
      inherit baseModules;
    }
    // specialArgs;
  };
in
evaluated
// {
  inherit (evaluated._module.args) pkgs;
  inherit lib extraArgs;
  extendModules =
    more:
    import ./eval-config.nix (
      evaluation
      // {
        inherit lib system;
        modules = modules ++ more.modules or [ ];
        specialArgs = specialArgs // more.specialArgs or { };
        prefix = more.prefix or prefix;
      }
    );
}
