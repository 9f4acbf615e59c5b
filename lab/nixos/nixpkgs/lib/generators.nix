# Texts made from Nix values.
{ lib }:
let
  scalar =
    value:
    if value == null then
      "null"
    else if builtins.isBool value then
      lib.boolToString value
    else
      toString value;

  functionText =
    f:
    let
      args = lib.mapAttrsToList (name: optional: name + lib.optionalString optional "?") (lib.functionArgs f);
    in
    if args == [ ] then "<function>" else "<function, args: {${builtins.concatStringsSep ", " args}}>";

  multiLineString =
    indent: text:
    let
      escaped = builtins.replaceStrings [ "''" "\${" ] [ "'''" "''\${" ] text;
      lines = map (line: if line == "" then "" else "${indent}  ${line}") (lib.splitString "\n" escaped);
    in
    "''\n${builtins.concatStringsSep "\n" (lib.init lines)}\n${
      if lib.last lines == "" then indent else lib.last lines
    }''";
in
rec {
  mkValueStringDefault = _: scalar;

  mkKeyValueDefault =
    { mkValueString ? scalar }:
    separator: key: value:
    "${lib.escape [ separator ] key}${separator}${mkValueString value}";

  # One line for each name; `listsAsDuplicateKeys` gives a list one line for each entry.
  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    set:
    let
      entries = value: if listsAsDuplicateKeys then lib.toList value else [ value ];
      lines = key: value: lib.concatMapStrings (entry: "${indent}${mkKeyValue key entry}\n") (entries value);
    in
    lib.concatMapAttrsStringSep "" lines set;

  toINI =
    {
      mkSectionName ? lib.escape [ "[" "]" ],
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    lib.concatMapAttrsStringSep "\n" (
      section: set: "[${mkSectionName section}]\n" + toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } set
    );

  toJSON = _: builtins.toJSON;
  toYAML = toJSON;

  # Tables of a table come after its plain values, each under a header of its own.
  toTOML =
    let
      key = name: if builtins.match "[A-Za-z0-9_-]+" name != null then name else builtins.toJSON name;
      isTables = value: builtins.isList value && value != [ ] && builtins.all builtins.isAttrs value;
      inline =
        value:
        if builtins.isList value then
          "[${lib.concatMapStringsSep ", " inline value}]"
        else if builtins.isAttrs value then
          "{ ${lib.concatMapAttrsStringSep ", " (name: item: "${key name} = ${inline item}") value} }"
        else
          builtins.toJSON value;
      table =
        path: set:
        let
          given = lib.filterAttrs (_: value: value != null) set;
          plain = lib.filterAttrs (_: value: !(builtins.isAttrs value || isTables value)) given;
          rest = builtins.removeAttrs given (builtins.attrNames plain);
          below =
            name: value:
            let
              here = path ++ [ (key name) ];
              header = builtins.concatStringsSep "." here;
            in
            if builtins.isAttrs value then
              "\n[${header}]\n${table here value}"
            else
              lib.concatMapStrings (entry: "\n[[${header}]]\n${table here entry}") value;
        in
        lib.concatMapAttrsStringSep "" (name: value: "${key name} = ${inline value}\n") plain
        + lib.concatMapAttrsStringSep "" below rest;
    in
    table [ ];

  # A value as a person would write it in Nix, at most `depthLimit` levels deep.
  toPretty =
    {
      multiline ? true,
      indent ? "",
      depthLimit ? null,
    }:
    let
      show =
        indent: depth: value:
        let
          deeper = show (indent + "  ") (depth + 1);
          space = if multiline then "\n${indent}  " else " ";
          end = if multiline then "\n${indent}" else " ";
          body = lib.concatMapStrings (item: space + item);
        in
        if depthLimit != null && depth > depthLimit then
          "<unevaluated>"
        else if builtins.isString value then
          (
            if multiline && lib.hasInfix "\n" value then
              multiLineString indent value
            else
              builtins.replaceStrings [ "\${" ] [ "\\\${" ] (builtins.toJSON value)
          )
        else if builtins.isList value then
          (if value == [ ] then "[ ]" else "[${body (map deeper value)}${end}]")
        else if lib.isFunction value then
          functionText value
        else if builtins.isAttrs value then
          (
            if value == { } then
              "{ }"
            else if lib.isDerivation value then
              "<derivation ${value.name or "???"}>"
            else
              "{${body (lib.mapAttrsToList (name: item: "${lib.showName name} = ${deeper item};") value)}${end}}"
          )
        else
          scalar value;
    in
    show indent 0;
}
