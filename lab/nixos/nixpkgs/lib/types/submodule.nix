# Types of values that are configurations of their own.
{ lib }:
let
  inherit (lib.types) mkOptionType;

  # Options that two declarations of one submodule add up to.
  submoduleOf =
    { modules, specialArgs, shorthandOnlyDefinesConfig, description, class }:
    let
      # An attribute set is taken for values alone unless the type says otherwise.
      asModule =
        { file, value }:
        if builtins.isAttrs value && shorthandOnlyDefinesConfig then
          {
            _file = file;
            config = value;
          }
        else
          {
            _file = file;
            imports = [ value ];
          };
      evaluate =
        loc: more:
        lib.evalModules {
          prefix = loc;
          inherit specialArgs;
          modules = modules ++ more;
        };
      named = name: {
        _file = "<unknown-file>";
        config._module.args.name = name;
      };
    in
    mkOptionType {
      name = "submodule";
      description = if description == null then "submodule" else description;
      descriptionClass = "noun";
      check = value: builtins.isAttrs value || lib.isFunction value || builtins.isPath value;
      merge =
        loc: definitions:
        (evaluate loc ([ (named (lib.last loc)) ] ++ lib.reverseList (map asModule definitions))).config;
      emptyValue.value = { };
      getSubOptions = prefix: (evaluate prefix [ (named "‹name›") ]).options;
      getSubModules = modules;
      payload = { inherit modules specialArgs shorthandOnlyDefinesConfig; };
      typeMerge =
        other:
        if other.name == "submodule" && other.payload.shorthandOnlyDefinesConfig == shorthandOnlyDefinesConfig then
          submoduleOf {
            modules = modules ++ other.payload.modules;
            specialArgs = specialArgs // other.payload.specialArgs;
            inherit shorthandOnlyDefinesConfig description class;
          }
        else
          null;
    };
in
{
  submodule =
    modules:
    lib.types.submoduleWith {
      modules = lib.toList modules;
      shorthandOnlyDefinesConfig = true;
    };

  submoduleWith =
    {
      modules,
      specialArgs ? { },
      shorthandOnlyDefinesConfig ? false,
      description ? null,
      class ? null,
    }:
    submoduleOf {
      inherit modules specialArgs shorthandOnlyDefinesConfig description class;
    };

  # A module that is not evaluated here but imported somewhere else.
  deferredModule = mkOptionType {
    name = "deferredModule";
    description = "module";
    descriptionClass = "noun";
    check = value: builtins.isAttrs value || lib.isFunction value || builtins.isPath value;
    merge = loc: definitions: {
      imports = map (
        { file, value }: lib.setDefaultModuleLocation "${file}, via option ${lib.showOption loc}" value
      ) definitions;
    };
    emptyValue.value = { };
  };
}
