let
  by = config: builtins.isString (import <nixpkgs> { inherit config; }).unrar.outPath;
in
[
  (by { allowUnfree = true; })
  (by { allowUnfreePredicate = package: package.pname == "unrar"; })
]
