# The packages themselves.
pkgs:
let
  inherit (pkgs) lib;
  fromDebian = import ./from-debian.nix { inherit pkgs; };
  standIn = import ./stand-in.nix { inherit pkgs; };
in
builtins.mapAttrs fromDebian (import ./debian { inherit lib; })
// builtins.mapAttrs standIn (import ./stand-ins.nix { inherit lib; })
// {
  hello = pkgs.callPackage ./hello.nix { };
  nixos-rebuild = pkgs.callPackage ./of-the-lab.nix { program = "nixos-rebuild"; };
  nixos-rebuild-ng = pkgs.nixos-rebuild;
  nixos-version = pkgs.callPackage ./of-the-lab.nix { program = "nixos-version"; };

  bashInteractive = pkgs.bash;
  gitMinimal = pkgs.git;
  netcat-gnu = pkgs.netcat;
  coreutils-full = pkgs.coreutils;
  nixVersions.stable = pkgs.nix;
  python3Minimal = pkgs.python3;
}
