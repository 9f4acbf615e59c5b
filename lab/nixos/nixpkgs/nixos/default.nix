# The system that a configuration describes, as `nix-build '<nixpkgs/nixos>' -A system` builds it.
let
  fromEnvironment = builtins.getEnv "NIXOS_CONFIG";
in
{
  configuration ? if fromEnvironment == "" then <nixos-config> else fromEnvironment,
  system ? builtins.currentSystem,
}:
let
  evaluated = import ./lib/eval-config.nix {
    inherit system;
    modules = [ configuration ];
  };
in
{
  inherit (evaluated) config options pkgs;
  system = evaluated.config.system.build.toplevel;
}
