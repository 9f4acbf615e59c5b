# What packages say about themselves.
{ lib }:
let
  checkName =
    name: lib.throwIf (lib.hasInfix "/" name) "lib.meta.getExe': \"${name}\" is a path, not the name of a program" name;
in
{
  getExe = package: lib.getExe' package (package.meta.mainProgram or (lib.getName package));
  getExe' = package: name: "${lib.getBin package}/bin/${checkName name}";
  addMetaAttrs = attrs: package: package // { meta = package.meta or { } // attrs; };
  hiPrio = lib.setPrio (-10);
  lowPrio = lib.setPrio 10;
  setPrio = priority: lib.addMetaAttrs { inherit priority; };
}
