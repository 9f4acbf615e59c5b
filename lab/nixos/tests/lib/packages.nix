# Every package says what it is; overrides and overlays reach it.
let
  pkgs = import <nixpkgs> {
    overlays = [ (final: previous: { hello = previous.hello.overrideAttrs (old: { version = "9"; }); greeter = final.hello; }) ];
  };
  inherit (pkgs) lib;
  packages = lib.filterAttrs (_: lib.isDerivation) (builtins.removeAttrs pkgs [ "pkgs" ]);
in
{
  undescribed = builtins.attrNames (lib.filterAttrs (_: package: !(package.meta ? description && package ? pname || package ? name)) packages);
  hello = [ pkgs.hello.name pkgs.greeter.version (lib.hasSuffix "/bin/hello" (lib.getExe pkgs.hello)) ];
  shell = [ pkgs.bash.shellPath pkgs.zsh.shellPath ];
  missing = pkgs ? no-such-package;
  system = pkgs.system == builtins.currentSystem;
}
