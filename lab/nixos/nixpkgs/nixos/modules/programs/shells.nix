# programs.{bash,zsh,fish} and small programs with an enable option.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs;
  enable = default: mkOption {
    inherit default;
    type = types.bool;
  };
  shell = name: lib.mkIf cfg.${name}.enable {
    environment.systemPackages = [ pkgs.${name} ];
    environment.shells = [ "/run/current-system/sw/bin/${name}" ];
  };
in
{
  options.programs = {
    bash.enable = enable true;
    zsh.enable = enable false;
    fish.enable = enable false;
    git.enable = enable false;
    nano.enable = enable true;
    vim.enable = enable false;
  };

  config = lib.mkMerge [
    (shell "zsh")
    (shell "fish")
    (lib.mkIf cfg.git.enable { environment.systemPackages = [ pkgs.git ]; })
  ];
}
