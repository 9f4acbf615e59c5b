with import ../machine.nix;
let
  evaluated = evaluate { nixpkgs.overlays = [ (final: previous: { greeter = final.hello; }) ]; };
in
evaluated.pkgs.greeter.pname
