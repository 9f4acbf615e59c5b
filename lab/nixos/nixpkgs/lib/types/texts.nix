# Types of texts.
{ lib }:
let
  inherit (lib.types) mergeEqualOption mkOptionType;

  text =
    name: description: check:
    mkOptionType {
      inherit name description;
      descriptionClass = "noun";
      check = value: builtins.isString value && check value;
      merge = mergeEqualOption;
    };
in
rec {
  str = text "str" "string" (_: true);
  string = separatedString "";
  nonEmptyStr = text "nonEmptyStr" "non-empty string" (value: builtins.match "[ \t\n]*" value == null);
  strMatching =
    pattern:
    text "strMatching ${lib.escapeNixString pattern}" "string matching the pattern ${pattern}" (
      value: builtins.match pattern value != null
    );
  singleLineStr =
    let
      oneLine = text "singleLineStr" "(optionally newline-terminated) single-line string" (
        value: builtins.match "[^\n\r]*\n?" value != null
      );
    in
    oneLine
    // {
      merge = loc: definitions: lib.removeSuffix "\n" (mergeEqualOption loc definitions);
    };
  passwdEntry =
    type:
    lib.types.addCheck type (value: !(lib.hasInfix ":" value || lib.hasInfix "\n" value))
    // {
      name = "passwdEntry ${type.name}";
      description = "${type.description}, not containing newlines or colons";
    };

  # Definitions are joined with the separator between them.
  separatedString =
    separator:
    mkOptionType {
      name = "separatedString ${builtins.toJSON separator}";
      description =
        if separator == "" then "Concatenated string" else "strings concatenated with ${builtins.toJSON separator}";
      descriptionClass = "noun";
      check = builtins.isString;
      merge = _: definitions: builtins.concatStringsSep separator (lib.getValues definitions);
    };
  lines = separatedString "\n";
  commas = separatedString ",";
  envVar = separatedString ":";
}
