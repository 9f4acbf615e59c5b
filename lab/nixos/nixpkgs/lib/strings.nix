# Functions on strings.
{ lib }:
let
  lower = lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upper = lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

  # A regular expression that matches the text and nothing else.
  literally = lib.escape (lib.stringToCharacters "\\[{()^$?*+|.");
in
{
  inherit (builtins)
    compareVersions
    concatStringsSep
    fromJSON
    isString
    match
    replaceStrings
    split
    splitVersion
    stringLength
    substring
    toJSON
    ;

  concatStrings = builtins.concatStringsSep "";
  concatMapStrings = f: list: lib.concatStrings (map f list);
  concatMapStringsSep = separator: f: list: builtins.concatStringsSep separator (map f list);
  concatImapStringsSep = separator: f: list: builtins.concatStringsSep separator (lib.imap1 f list);
  concatMapAttrsStringSep = separator: f: set: builtins.concatStringsSep separator (lib.mapAttrsToList f set);
  concatLines = lib.concatMapStrings (line: line + "\n");
  intersperse =
    separator: list:
    if list == [ ] then
      [ ]
    else
      lib.drop 1 (
        builtins.concatMap (x: [
          separator
          x
        ]) list
      );
  optionalString = condition: text: if condition then text else "";

  stringToCharacters = text: builtins.genList (n: builtins.substring n 1 text) (builtins.stringLength text);
  stringAsChars = f: text: lib.concatStrings (map f (lib.stringToCharacters text));
  toLower = builtins.replaceStrings upper lower;
  toUpper = builtins.replaceStrings lower upper;
  toSentenceCase = text: lib.toUpper (builtins.substring 0 1 text) + builtins.substring 1 (-1) text;

  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      start = builtins.stringLength text - builtins.stringLength suffix;
    in
    start >= 0 && builtins.substring start (-1) text == suffix;
  hasInfix = infix: text: builtins.length (lib.splitString infix text) > 1;
  removePrefix =
    prefix: text:
    if lib.hasPrefix prefix text then builtins.substring (builtins.stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if lib.hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;
  trim =
    text:
    let
      parts = builtins.match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" text;
    in
    if parts == null then "" else builtins.head parts;

  splitString =
    separator: text:
    builtins.filter builtins.isString (builtins.split (literally (toString separator)) (toString text));
  escape = chars: builtins.replaceStrings chars (map (char: "\\" + char) chars);
  escapeRegex = literally;
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text == null then
      "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'"
    else
      text;
  escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
  escapeNixString = text: builtins.replaceStrings [ "$" ] [ "\\$" ] (builtins.toJSON text);
  escapeXML =
    builtins.replaceStrings
      [ "\"" "'" "<" ">" "&" ]
      [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
  # The name of a unit for a path: /a/b-c is a-b\x2dc.
  escapeSystemdPath =
    path:
    let
      parts = builtins.filter (part: part != "") (lib.splitString "/" path);
      escaped = builtins.replaceStrings [ "-" " " ] [ "\\x2d" "\\x20" ];
    in
    if parts == [ ] then "-" else lib.concatMapStringsSep "-" escaped parts;
  toShellVar =
    name: value:
    if builtins.isAttrs value && !lib.isStringLike value then
      "declare -A ${name}=(${
        lib.concatMapAttrsStringSep " " (key: item: "[${lib.escapeShellArg key}]=${lib.escapeShellArg item}") value
      })"
    else if builtins.isList value then
      "declare -a ${name}=(${lib.escapeShellArgs value})"
    else
      "${name}=${lib.escapeShellArg value}";
  toShellVars = lib.concatMapAttrsStringSep "\n" lib.toShellVar;

  fixedWidthString =
    width: filler: text:
    if builtins.stringLength text >= width then text else lib.fixedWidthString width filler (filler + text);
  fixedWidthNumber = width: n: lib.fixedWidthString width "0" (toString n);
  toInt =
    text:
    let
      digits = builtins.match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" text;
    in
    if digits == null then
      throw "toInt: Could not convert ${builtins.toJSON text} to int."
    else
      builtins.fromJSON (builtins.head digits);

  makeSearchPath =
    folder: packages:
    lib.concatMapStringsSep ":" (package: "${package}/${folder}") (builtins.filter (p: p != null) packages);
  makeSearchPathOutput = output: folder: packages: lib.makeSearchPath folder (map (lib.getOutput output) packages);
  makeBinPath = lib.makeSearchPathOutput "bin" "bin";
  makeLibraryPath = lib.makeSearchPathOutput "lib" "lib";

  isStringLike = value: builtins.isString value || builtins.isPath value || value ? outPath || value ? __toString;
  isConvertibleWithToString =
    value: lib.isStringLike value || builtins.elem (builtins.typeOf value) [ "null" "int" "float" "bool" ];
  isStorePath =
    value:
    lib.isStringLike value
    && builtins.match "${builtins.storeDir}/[^/]+" (builtins.unsafeDiscardStringContext (toString value)) != null;
  nameFromURL = url: separator: builtins.head (lib.splitString separator (lib.last (lib.splitString "/" url)));
  sanitizeDerivationName =
    text:
    let
      name = lib.concatMapStrings (part: if builtins.isList part then "-" else part) (
        builtins.split "[^[:alnum:]+._?=-]+" (builtins.unsafeDiscardStringContext (toString text))
      );
    in
    if name == "" then "unknown" else lib.removePrefix "." name;
}
