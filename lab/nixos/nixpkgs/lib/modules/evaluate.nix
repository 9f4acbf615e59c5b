# Evaluates modules together.
{ lib }:
let
  inherit (lib) mkOption types;

  # The options that the evaluator itself reads.
  ownOptions = specialArgs: {
    _file = "lib/modules/evaluate.nix";
    key = "lib/modules/evaluate.nix";
    options._module = {
      args = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        internal = true;
        description = "Arguments that every module may name.";
      };
      check = mkOption {
        type = types.bool;
        default = true;
        internal = true;
        description = "Whether a definition without an option is an error.";
      };
      freeformType = mkOption {
        type = types.nullOr types.optionType;
        default = null;
        internal = true;
        description = "The type of the definitions that have no option.";
      };
      specialArgs = mkOption {
        type = types.raw;
        default = specialArgs;
        readOnly = true;
        internal = true;
        description = "Arguments that may also decide what is imported.";
      };
    };
  };

  unknownOption =
    options: { loc, definitions }:
    let
      hint = lib.optionalString (builtins.attrNames options == [ "_module" ]) lib.messages.noOptionsAtAll;
    in
    throw (lib.messages.unknownOption loc definitions + hint);

  # What the type for all else makes of the definitions without an option.
  freeform =
    prefix: type: unmatched:
    type.merge prefix (
      builtins.concatMap (
        { loc, definitions }:
        map ({ file, value }: {
          inherit file;
          value = lib.setAttrByPath (lib.drop (builtins.length prefix) loc) value;
        }) definitions
      ) unmatched
    );
in
{
  # Gives { config; options; } and what belongs to them. `specialArgs` reach every module and may be used
  # in `imports`; `prefix` is where in a larger configuration this one lies.
  evalModules =
    evaluation@{
      modules,
      specialArgs ? { },
      prefix ? [ ],
      args ? { },
      check ? true,
      class ? null,
    }:
    let
      argsOfModules = specialArgs // {
        inherit lib config options;
        specialArgs = argsOfModules;
      };

      collected = lib.collectModules argsOfModules (
        [
          (ownOptions specialArgs)
          {
            _file = "lib/modules/evaluate.nix";
            config._module = {
              args = args // {
                inherit (result) extendModules;
                moduleType = result.type;
              };
              check = lib.mkIf (!check) (lib.mkDefault false);
            };
          }
        ]
        ++ modules
      );
      part = name: map (module: {
        inherit (module) file;
        value = module.${name};
      }) collected;
      tree = lib.mergeTree prefix (part "options") (part "config");

      inherit (tree) options unmatched;
      own = tree.config._module;
      config =
        if own.freeformType == null then
          tree.config
        else
          lib.recursiveUpdate (freeform prefix own.freeformType unmatched) tree.config;

      mustMatch = own.freeformType == null && own.check;
      checked =
        value:
        if unmatched != [ ] && mustMatch then unknownOption options (builtins.head unmatched) else value;
      result = {
        _type = "configuration";
        options = checked options;
        config = checked (builtins.removeAttrs config [ "_module" ]);
        _module = checked own;
        inherit class;
        extendModules =
          more:
          lib.evalModules (
            evaluation
            // {
              modules = modules ++ more.modules or [ ];
              specialArgs = specialArgs // more.specialArgs or { };
              prefix = more.prefix or prefix;
            }
          );
        type = types.submoduleWith { inherit modules specialArgs; };
      };
    in
    result;
}
