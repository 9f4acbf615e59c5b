# What a type is, and the usual ways to make one value of several definitions.
{ lib }:
rec {
  # name: what it is called; description: the same for people, and its class, which tells where it needs brackets;
  # check: whether a definition may have this value; merge: loc -> [ { file; value; } ] -> value;
  # emptyValue: { value; } if there is one without definitions;
  # typeMerge: the type for an option that is declared with this type and with another, or null.
  mkOptionType =
    type:
    {
      _type = "option-type";
      description = type.name;
      descriptionClass = null;
      check = _: true;
      merge = mergeDefaultOption;
      emptyValue = { };
      getSubOptions = _: { };
      getSubModules = null;
      nestedTypes = { };
      typeMerge = null;
    }
    // type;

  # The type of an option that is declared twice, or null if the two cannot be one.
  mergeTypes =
    one: other:
    if one.typeMerge != null then
      one.typeMerge other
    else if one.name == other.name then
      one
    else
      null;

  isOptionType = value: value._type or null == "option-type";

  # The description of `type`, in brackets if its class could be misread where it stands.
  phrase =
    classes: type:
    if builtins.elem type.descriptionClass classes then type.description else "(${type.description})";

  # All definitions must be the same.
  mergeEqualOption =
    loc: definitions:
    let
      first = builtins.head definitions;
      different = builtins.filter (definition: definition.value != first.value) definitions;
    in
    if different == [ ] then
      first.value
    else
      throw (lib.messages.conflict loc [ first (builtins.head different) ]);

  # There must be one definition.
  mergeOneOption = mergeUniqueOption { message = ""; };
  mergeUniqueOption =
    {
      message,
      merge ? _: definitions: (builtins.head definitions).value,
    }:
    loc: definitions:
    if builtins.length definitions == 1 then
      merge loc definitions
    else
      throw (lib.messages.notUnique loc message definitions);

  # By the kind of the values, for options without a type.
  mergeDefaultOption =
    loc: definitions:
    let
      values = lib.getValues definitions;
      are = builtins.all;
    in
    if builtins.length values == 1 then
      builtins.head values
    else if are lib.isFunction values then
      x: mergeDefaultOption loc (map (definition: definition // { value = definition.value x; }) definitions)
    else if are builtins.isList values then
      builtins.concatLists values
    else if are builtins.isAttrs values then
      lib.mergeAttrsList values
    else if are builtins.isBool values then
      builtins.any lib.id values
    else if are builtins.isString values then
      lib.concatStrings values
    else
      mergeEqualOption loc definitions;
}
