# The type of everything that can be merged.
{ lib }:
let
  inherit (lib.types) mergeEqualOption mkOptionType;

  kind =
    value:
    if lib.isStringLike value && builtins.isAttrs value then "stringCoercibleSet" else builtins.typeOf value;
in
rec {
  anything = mkOptionType {
    name = "anything";
    description = "anything";
    descriptionClass = "noun";
    merge =
      loc: definitions:
      let
        kinds = lib.unique (map (definition: kind definition.value) definitions);
        mergeBy = {
          set = (lib.types.lazyAttrsOf anything).merge;
          list =
            if builtins.length definitions > 1 then
              lib.types.mergeUniqueOption { message = ""; }
            else
              (lib.types.listOf anything).merge;
          lambda = (lib.types.functionTo anything).merge;
        };
      in
      if builtins.length kinds == 1 then
        (mergeBy.${builtins.head kinds} or mergeEqualOption) loc definitions
      else
        mergeEqualOption loc definitions;
  };
}
