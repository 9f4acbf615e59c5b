# Options that moved or went away.
{ lib }:
let
  inherit (lib)
    attrByPath
    getAttrFromPath
    mkIf
    mkMerge
    mkOption
    optional
    setAttrByPath
    showOption
    types
    ;

  # Declares `from` and passes what is defined there to `to`.
  alias =
    {
      from,
      to,
      warn,
      visible,
      condition ? true,
    }:
    { config, options, ... }:
    let
      old = getAttrFromPath from options;
      missing = abort (lib.messages.renamedToNothing to);
      new = attrByPath to missing options;
      read = attrByPath to missing config;
    in
    {
      options = setAttrByPath from (
        mkOption {
          inherit visible;
          description = "Alias of {option}`${showOption to}`.";
          apply = _: lib.warnIf warn (lib.messages.renamedRead from to) read;
        }
        // lib.optionalAttrs (new ? type) { inherit (new) type; }
      );
      config = mkIf condition (mkMerge [
        (setAttrByPath to (lib.mkAliasDefinitions old))
        (lib.optionalAttrs (options ? warnings) {
          warnings = optional (warn && old.isDefined) (lib.messages.renamed from to old.files);
        })
      ]);
    };
in
{
  # The definitions of an option as definitions of another one, with their files and their priority.
  mkAliasDefinitions =
    option:
    let
      weigh = { file, value }: lib.mkDefinition {
        inherit file;
        value = lib.mkOverride option.highestPrio value;
      };
    in
    mkIf option.isDefined (mkMerge (map weigh option.definitionsWithLocations));
  mkAliasAndWrapDefinitions = wrap: option: lib.mkAliasIfDef option (wrap (mkMerge option.definitions));
  mkAliasIfDef = option: mkIf option.isDefined;

  mkAliasOptionModule =
    from: to:
    alias {
      inherit from to;
      warn = false;
      visible = true;
    };
  mkRenamedOptionModule =
    from: to:
    alias {
      inherit from to;
      warn = true;
      visible = false;
    };
  doRename =
    {
      from,
      to,
      visible,
      warn,
      use ? null,
      withPriority ? true,
      condition ? true,
    }:
    alias { inherit from to visible warn condition; };

  mkChangedOptionModule =
    from: to: change:
    { config, options, ... }:
    let
      old = getAttrFromPath from options;
    in
    {
      options = setAttrByPath from (mkOption { visible = false; });
      config = mkMerge [
        (setAttrByPath to (mkIf old.isDefined (change config)))
        (lib.optionalAttrs (options ? warnings) {
          warnings = optional old.isDefined (lib.messages.changed from to old.files);
        })
      ];
    };

  mkRemovedOptionModule =
    path: instructions:
    { options, ... }:
    let
      option = getAttrFromPath path options;
    in
    {
      options = setAttrByPath path (
        mkOption {
          visible = false;
          type = types.unspecified;
          apply = _: throw (lib.messages.removedRead path instructions);
        }
      );
      config.assertions = [
        {
          assertion = !option.isDefined;
          message = lib.messages.removed path option.files instructions;
        }
      ];
    };
}
