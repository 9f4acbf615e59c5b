# From the modules that somebody named to the list of all modules, imports included.
{ lib }:
let
  unknownFile = "<unknown-file>";

  keysOfModule = [
    "_class"
    "_file"
    "key"
    "disabledModules"
    "imports"
    "options"
    "config"
    "meta"
    "freeformType"
  ];

  # Gives a function the arguments it names: the evaluator's own, else those of `_module.args`.
  # The values are computed late, since some of them come out of the configuration itself.
  call =
    args: key: f:
    let
      named = builtins.mapAttrs (
        name: _:
        builtins.addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (
          args.${name} or args.config._module.args.${name}
        )
      ) (lib.functionArgs f);
    in
    f (args // named);

  setting =
    module: config:
    lib.mkMerge (
      [ config ]
      ++ lib.optional (module ? freeformType) { _module.freeformType = module.freeformType; }
    );

  # The three parts that every module has, however it was written.
  normalise =
    file: key: module:
    let
      unsupported = builtins.attrNames (builtins.removeAttrs module keysOfModule);
      parts = {
        file = toString (module._file or file);
        key = toString (module.key or key);
        disabledModules = module.disabledModules or [ ];
        imports = module.require or [ ] ++ module.imports or [ ];
      };
      metaOf = lib.optional (module ? meta) { inherit (module) meta; };
    in
    if !builtins.isAttrs module then
      throw (lib.messages.notAModule key module)
    else if module ? config || module ? options then
      if unsupported != [ ] then
        throw (lib.messages.unsupportedAttributes key unsupported)
      else
        parts
        // {
          options = module.options or { };
          config = lib.mkMerge ([ (setting module (module.config or { })) ] ++ metaOf);
        }
    else
      parts
      // {
        options = { };
        config = setting module (
          builtins.removeAttrs module [
            "_class"
            "_file"
            "key"
            "disabledModules"
            "require"
            "imports"
            "freeformType"
          ]
        );
      };

  # A node of the graph of imports.
  loadOne =
    args: parentFile: anonymousKey: given:
    let
      inside = file: key: module: normalise file key (if lib.isFunction module then call args key module else module);
      path = toString given;
      isFile = builtins.isPath given || builtins.isString given;
      module =
        if builtins.isList given then
          normalise parentFile anonymousKey { imports = given; }
        else if lib.isFunction given || (builtins.isAttrs given && !(given ? outPath)) then
          if given ? _type then
            throw (lib.messages.markedModule parentFile given._type)
          else
            inside parentFile anonymousKey given
        else if isFile || given ? outPath then
          inside path path (import given)
        else
          normalise parentFile anonymousKey given;
    in
    module // { children = loadAll args module.file module.key module.imports; };

  loadAll =
    args: file: key:
    lib.imap1 (n: loadOne args file "${key}:anon-${toString n}");

  # A module that `disabledModules` names: by path, by a path below `modulesPath`, or by key.
  keyToDisable =
    args: given:
    if builtins.isAttrs given && given ? key then
      given.key
    else if builtins.isString given && !(lib.hasPrefix "/" given) then
      "${toString args.modulesPath}/${given}"
    else
      toString given;
in
{
  # Every module once, and those that are imported before those that import them.
  collectModules =
    args: roots:
    let
      start = loadAll args unknownFile "" roots;
      reachable =
        keep:
        builtins.genericClosure {
          startSet = builtins.filter keep start;
          operator = module: builtins.filter keep module.children;
        };
      all = reachable (_: true);
      disabled = builtins.concatMap (module: map (keyToDisable args) module.disabledModules) all;
    in
    lib.reverseList (if disabled == [ ] then all else reachable (module: !(builtins.elem module.key disabled)));

  # Says for a module without a file where it comes from.
  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };
  importApply = path: args: lib.setDefaultModuleLocation path (import path args);
}
