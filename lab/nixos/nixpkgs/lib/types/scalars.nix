# Types of values without an inside.
{ lib }:
let
  inherit (lib.types) mergeEqualOption mergeOneOption mkOptionType;
in
rec {
  unspecified = mkOptionType {
    name = "unspecified";
    description = "unspecified value";
    descriptionClass = "noun";
  };

  raw = mkOptionType {
    name = "raw";
    description = "raw value";
    descriptionClass = "noun";
    merge = mergeOneOption;
  };

  bool = mkOptionType {
    name = "bool";
    description = "boolean";
    descriptionClass = "noun";
    check = builtins.isBool;
    merge = mergeEqualOption;
  };

  boolByOr = mkOptionType {
    name = "boolByOr";
    description = "boolean (merged using or)";
    descriptionClass = "noun";
    check = builtins.isBool;
    merge = _: builtins.any (definition: definition.value);
  };

  path = mkOptionType {
    name = "path";
    description = "path";
    descriptionClass = "noun";
    check = value: lib.isStringLike value && builtins.substring 0 1 (toString value) == "/";
    merge = mergeEqualOption;
  };

  package = mkOptionType {
    name = "package";
    descriptionClass = "noun";
    check = value: lib.isDerivation value || lib.isStorePath value;
    merge =
      loc: definitions:
      let
        value = mergeOneOption loc definitions;
      in
      if lib.isDerivation value then value else builtins.storePath value;
  };

  shellPackage = package // {
    name = "shellPackage";
    check = value: lib.isDerivation value && value ? shellPath;
  };

  pathInStore = path // {
    name = "pathInStore";
    description = "path in the Nix store";
    check = value: lib.isStringLike value && lib.hasPrefix "${builtins.storeDir}/" (toString value);
  };

  optionType = mkOptionType {
    name = "optionType";
    description = "optionType";
    descriptionClass = "noun";
    check = lib.types.isOptionType;
    merge = mergeOneOption;
  };
}
