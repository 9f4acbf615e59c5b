with import ../toy.nix;
let
  shown = option: builtins.removeAttrs option [ "type" "_type" ];
  pkgs = { web = { name = "web"; type = "derivation"; }; nested.tool = { name = "tool"; type = "derivation"; }; };
in
{
  enable = shown (lib.mkEnableOption "it");
  package = shown (lib.mkPackageOption pkgs "web" { });
  nested = shown (lib.mkPackageOption pkgs "tool" { default = [ "nested" "tool" ]; example = "pkgs.other"; });
  nullable = shown (lib.mkPackageOption pkgs "web" { nullable = true; default = null; });
}
