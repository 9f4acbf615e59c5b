# Packages by what their names have in them: of each the name, and what it tells of itself.
system: words:
let
  inherit (system) pkgs;
  has = name: word: builtins.length (builtins.split word name) > 1;
  matching = builtins.filter (name: builtins.all (has name) words) (builtins.attrNames pkgs);
  few = builtins.genList (builtins.elemAt matching) (
    if builtins.length matching < 100 then builtins.length matching else 100
  );
  tell =
    name:
    let
      package = pkgs.${name};
      isPackage = builtins.isAttrs package && package.type or "" == "derivation";
      told = builtins.tryEval (
        if isPackage then
          builtins.deepSeq (package.version or "" + package.meta.description or "") {
            inherit name;
            version = package.version or "";
            description = package.meta.description or "";
          }
        else
          null
      );
    in
    if told.success && told.value != null then [ told.value ] else [ ];
in
{
  packages = builtins.concatMap tell few;
  matching = builtins.length matching;
}
