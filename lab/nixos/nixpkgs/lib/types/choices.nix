# Types that are one of several things.
{ lib }:
let
  inherit (lib.types) mergeEqualOption mergeTypes mkOptionType phrase;

  showValue =
    value:
    if builtins.isString value then
      ''"${value}"''
    else if builtins.isInt value then
      toString value
    else if builtins.isBool value then
      lib.boolToString value
    else
      "<${builtins.typeOf value}>";
in
rec {
  enum =
    values:
    mkOptionType {
      name = "enum";
      description =
        if values == [ ] then
          "impossible (empty enum)"
        else if builtins.length values == 1 then
          "value ${showValue (builtins.head values)} (singular enum)"
        else
          "one of ${lib.concatMapStringsSep ", " showValue values}";
      descriptionClass = if builtins.length values < 2 then "noun" else "conjunction";
      check = value: builtins.elem value values;
      merge = mergeEqualOption;
      payload = values;
      typeMerge = other: if other.name == "enum" then enum (lib.unique (values ++ other.payload)) else null;
    };

  nullOr =
    elemType:
    mkOptionType {
      name = "nullOr";
      description = "null or ${phrase [ "noun" "conjunction" ] elemType}";
      descriptionClass = "conjunction";
      check = value: value == null || elemType.check value;
      merge =
        loc: definitions:
        let
          isNull = definition: definition.value == null;
        in
        if builtins.all isNull definitions then
          null
        else if builtins.any isNull definitions then
          throw (lib.messages.nullAndNot loc definitions)
        else
          elemType.merge loc definitions;
      emptyValue.value = null;
      inherit (elemType) getSubOptions;
      nestedTypes.elemType = elemType;
      typeMerge =
        other:
        let
          merged = mergeTypes elemType other.nestedTypes.elemType;
        in
        if other.name != "nullOr" || merged == null then null else nullOr merged;
    };

  # The first type that all definitions fit.
  either =
    left: right:
    mkOptionType {
      name = "either";
      description = "${phrase [ "noun" "conjunction" ] left} or ${phrase [ "noun" "conjunction" "composite" ] right}";
      descriptionClass = "conjunction";
      check = value: left.check value || right.check value;
      merge =
        loc: definitions:
        let
          fit = type: builtins.all (definition: type.check definition.value) definitions;
        in
        if fit left then
          left.merge loc definitions
        else if fit right then
          right.merge loc definitions
        else
          mergeEqualOption loc definitions;
      nestedTypes = { inherit left right; };
      typeMerge =
        other:
        let
          mergedLeft = mergeTypes left other.nestedTypes.left;
          mergedRight = mergeTypes right other.nestedTypes.right;
        in
        if other.name != "either" || mergedLeft == null || mergedRight == null then
          null
        else
          either mergedLeft mergedRight;
    };
  oneOf =
    types:
    if types == [ ] then
      throw "types.oneOf needs at least one type in its argument"
    else
      builtins.foldl' either (builtins.head types) (builtins.tail types);

  # Values of `from` are accepted too, and changed by `coerce` to values of `to`.
  coercedTo =
    from: coerce: to:
    mkOptionType {
      name = "coercedTo";
      description = "${phrase [ "noun" ] to} or ${phrase [ "noun" ] from} convertible to it";
      descriptionClass = "conjunction";
      check = value: (from.check value && to.check (coerce value)) || to.check value;
      merge =
        loc: definitions:
        to.merge loc (
          map (
            definition:
            definition // lib.optionalAttrs (from.check definition.value) { value = coerce definition.value; }
          ) definitions
        );
      inherit (to) emptyValue getSubOptions;
      nestedTypes = {
        coercedType = from;
        finalType = to;
      };
      typeMerge = _: null;
    };

  addCheck = type: check: type // { check = value: type.check value && check value; };

  unique =
    { message }: type: type // { merge = lib.types.mergeUniqueOption { inherit message; inherit (type) merge; }; };
  uniq = unique { message = ""; };
}
