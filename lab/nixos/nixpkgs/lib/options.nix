# Declaring options, and telling about them in messages.
{ lib }:
let
  # How many lines of a definition a message shows.
  shownLines = 5;

  prettyDefinition =
    value:
    let
      text = builtins.tryEval (
        lib.generators.toPretty { depthLimit = 10; } value
      );
      lines = builtins.filter (line: line != "") (lib.splitString "\n" text.value);
    in
    if !text.success || lines == [ ] then
      ""
    else if builtins.length lines == 1 then
      ": ${builtins.head lines}"
    else
      ":\n    ${builtins.concatStringsSep "\n    " (lib.take shownLines lines)}"
      + lib.optionalString (builtins.length lines > shownLines) "\n    ...";
in
rec {
  # Takes default, defaultText, example, description, relatedPackages, type, apply, internal, visible, readOnly.
  mkOption = attrs: attrs // { _type = "option"; };
  isOption = value: value._type or null == "option";

  mkEnableOption =
    name:
    mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
    };

  # An option for the package at the path `default` (a name or a list) of `pkgs`.
  mkPackageOption =
    pkgs: name:
    {
      nullable ? false,
      default ? name,
      example ? null,
      extraDescription ? "",
      pkgsText ? "pkgs",
    }:
    let
      path = lib.toList default;
      pathText = showOption path;
      found = lib.attrByPath path (throw "${pathText} cannot be found in ${pkgsText}") pkgs;
    in
    mkOption (
      {
        type = if nullable then lib.types.nullOr lib.types.package else lib.types.package;
        description =
          "The ${if builtins.isList name then lib.last name else name} package to use."
          + lib.optionalString (extraDescription != "") " ${extraDescription}";
      }
      // lib.optionalAttrs (default != null) {
        default = found;
        defaultText = literalExpression "${pkgsText}.${pathText}";
      }
      // lib.optionalAttrs (nullable && default == null) { default = null; }
      // lib.optionalAttrs (example != null) {
        example = literalExpression (if builtins.isList example then "${pkgsText}.${showOption example}" else example);
      }
    );

  mkSinkUndeclaredOptions =
    attrs:
    mkOption (
      {
        internal = true;
        visible = false;
        default = false;
        description = "Sink for option definitions.";
        type = lib.types.mkOptionType {
          name = "sink";
          check = _: true;
          merge = _: _: false;
        };
        apply = _: throw "Option value is not readable because the option is not declared.";
      }
      // attrs
    );

  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalExample = literalExpression;
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };
  mdDoc = lib.id;

  getValues = map (definition: definition.value);
  getFiles = map (definition: definition.file);

  # A path of names as it is written in a configuration.
  showOption =
    path: builtins.concatStringsSep "." (map showOptionName path);
  showOptionName =
    name:
    if builtins.elem name [ "*" "<name>" "<function body>" ] then name else showName name;
  showName = name: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null then name else lib.escapeNixString name;
  showAttrPath = path: if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." showName path;

  showFiles = lib.concatMapStringsSep " and " (file: "`${file}'");
  showDefs = lib.concatMapStrings (definition: "\n- In `${definition.file}'${prettyDefinition definition.value}");
}
