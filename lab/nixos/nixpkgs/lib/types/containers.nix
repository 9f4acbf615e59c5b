# Types of lists and sets of something.
{ lib }:
let
  inherit (lib.types) mergeTypes mkOptionType phrase;

  # Each attribute of several definitions, merged by the type of the elements.
  mergeAttributes =
    elemType: loc: definitions:
    builtins.zipAttrsWith (name: lib.mergeDefinitions (loc ++ [ name ]) elemType) (
      map ({ file, value }: builtins.mapAttrs (_: value: { inherit file value; }) value) definitions
    );

  setOf =
    {
      name,
      description,
      merge,
      make,
    }:
    elemType:
    mkOptionType {
      name = name;
      description = "${description} of ${phrase [ "noun" "composite" ] elemType}";
      descriptionClass = "composite";
      check = builtins.isAttrs;
      merge = merge elemType;
      emptyValue.value = { };
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<name>" ]);
      nestedTypes.elemType = elemType;
      typeMerge = mergeElements name make elemType;
    };

  # The container of what two element types have in common.
  mergeElements =
    name: make: elemType: other:
    let
      merged = mergeTypes elemType other.nestedTypes.elemType;
    in
    if other.name != name || merged == null then null else make merged;
in
rec {
  listOf =
    elemType:
    mkOptionType {
      name = "listOf";
      description = "list of ${phrase [ "noun" "composite" ] elemType}";
      descriptionClass = "composite";
      check = builtins.isList;
      merge =
        loc: definitions:
        let
          entry =
            n: file: m: value:
            lib.mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [
              { inherit file value; }
            ];
          entries = lib.imap1 (n: { file, value }: lib.imap1 (entry n file) value) definitions;
        in
        map (merged: merged.mergedValue) (builtins.filter (merged: merged.isDefined) (builtins.concatLists entries));
      emptyValue.value = [ ];
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      nestedTypes.elemType = elemType;
      typeMerge = mergeElements "listOf" listOf elemType;
    };

  nonEmptyListOf =
    elemType:
    lib.types.addCheck (listOf elemType) (value: value != [ ])
    // {
      description = "non-empty list of ${phrase [ "noun" ] elemType}";
      emptyValue = { };
    };

  # An attribute whose definitions are all switched off is not there; to know that, the values of `mkIf` are read.
  attrsOf = setOf {
    name = "attrsOf";
    description = "attribute set";
    make = attrsOf;
    merge =
      elemType: loc: definitions:
      builtins.mapAttrs (_: merged: merged.mergedValue) (
        lib.filterAttrs (_: merged: merged.isDefined) (mergeAttributes elemType loc definitions)
      );
  };

  # Reads nothing before it is asked for, and so keeps attributes that are switched off.
  lazyAttrsOf = setOf {
    name = "lazyAttrsOf";
    description = "lazy attribute set";
    make = lazyAttrsOf;
    merge =
      elemType: loc: definitions:
      builtins.mapAttrs (_: merged: merged.optionalValue.value or elemType.emptyValue.value or merged.mergedValue) (
        mergeAttributes elemType loc definitions
      );
  };

  attrsWith = { elemType, lazy ? false, placeholder ? "name" }: (if lazy then lazyAttrsOf else attrsOf) elemType;

  attrs = mkOptionType {
    name = "attrs";
    description = "attribute set";
    descriptionClass = "noun";
    check = builtins.isAttrs;
    merge = _: definitions: lib.mergeAttrsList (lib.getValues definitions);
    emptyValue.value = { };
  };

  functionTo =
    elemType:
    mkOptionType {
      name = "functionTo";
      description = "function that evaluates to a(n) ${phrase [ "noun" "composite" ] elemType}";
      descriptionClass = "composite";
      check = lib.isFunction;
      merge =
        loc: definitions: argument:
        (lib.mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
          map ({ file, value }: {
            inherit file;
            value = value argument;
          }) definitions
        )).mergedValue;
      nestedTypes.elemType = elemType;
      typeMerge = mergeElements "functionTo" functionTo elemType;
    };
}
