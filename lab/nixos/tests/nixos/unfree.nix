with import ../machine.nix;
builtins.isString (system ({ pkgs, ... }: { environment.systemPackages = [ pkgs.unrar ]; }))
