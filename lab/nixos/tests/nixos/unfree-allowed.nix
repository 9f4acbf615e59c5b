with import ../machine.nix;
builtins.isString (system ({ pkgs, ... }: { nixpkgs.config.allowUnfree = true; environment.systemPackages = [ pkgs.unrar ]; }))
