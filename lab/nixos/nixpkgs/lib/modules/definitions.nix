# From the definitions of one option to its value.
{ lib }:
rec {
  # What the definitions of one location amount to. Also used for the entries of lists and sets.
  mergeDefinitions =
    loc: type: definitions:
    let
      counted = lib.filterOverrides (builtins.concatMap lib.dischargeProperties definitions);
      defs = lib.sortProperties counted.values;
      isDefined = defs != [ ];
      wrong = builtins.filter (definition: !type.check definition.value) defs;
    in
    rec {
      inherit isDefined;
      inherit (counted) highestPrio;
      definitions = defs;

      mergedValue =
        if !isDefined then
          throw (lib.messages.noValue loc)
        else if wrong != [ ] then
          throw (lib.messages.notOfType loc type wrong)
        else
          type.merge loc defs;

      # An attribute set with `value`, or without where nothing is defined.
      optionalValue = lib.optionalAttrs isDefined { value = mergedValue; };
    };

  # One option out of its declarations in several files.
  mergeDeclarations =
    loc: declarations:
    let
      combine =
        whole: declaration:
        let
          inherit (declaration) option;
          both = name: whole ? ${name} && option ? ${name};
          merged = lib.types.mergeTypes whole.type option.type;
          bothTypes = both "type";
          clash =
            builtins.any both [
              "default"
              "example"
              "description"
              "apply"
            ]
            || (bothTypes && merged == null);
        in
        if clash then
          throw (lib.messages.declaredTwice loc declaration.file whole.declarations)
        else
          whole
          // option
          // {
            declarations = whole.declarations ++ [ declaration.file ];
          }
          // lib.optionalAttrs bothTypes { type = merged; };
      whole = builtins.foldl' combine { declarations = [ ]; } declarations;
    in
    { type = lib.types.unspecified; } // whole // { inherit loc; };

  # The declared option with its value and where the value comes from.
  evalOptionValue =
    loc: option: definitions:
    let
      default = {
        file = builtins.head (option.declarations ++ [ "<unknown-file>" ]);
        value = lib.mkOptionDefault option.default;
      };
      readOnlyBroken = option.readOnly or false && builtins.length definitions > (if option ? default then 0 else 1);
      merged = mergeDefinitions loc option.type (
        lib.optional (option ? default) default
        ++ lib.throwIf readOnlyBroken (lib.messages.readOnly loc definitions) definitions
      );
      value = (option.apply or lib.id) merged.mergedValue;
    in
    option
    // {
      value = builtins.addErrorContext "while evaluating the option `${lib.showOption loc}':" value;
      inherit (merged) isDefined highestPrio;
      definitions = lib.getValues merged.definitions;
      files = lib.getFiles merged.definitions;
      definitionsWithLocations = merged.definitions;
    };
}
