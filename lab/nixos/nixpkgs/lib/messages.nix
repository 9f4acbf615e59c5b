# What the module system says when something is wrong, in the words of NixOS: tools and people know them.
{ lib }:
let
  inherit (lib) showDefs showFiles showOption;

  toSettle = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";
  sentences = builtins.concatStringsSep " ";
in
{
  unknownOption =
    loc: definitions:
    "The option `${showOption loc}' does not exist. Definition values:${showDefs definitions}";
  noOptionsAtAll =
    "\n\nIt seems as if you're trying to declare an option by placing it into `config' rather than `options'!";

  notOfType =
    loc: type: definitions:
    "A definition for option `${showOption loc}' is not of type `${type.description}'. "
    + "Definition values:${showDefs definitions}";
  conflict =
    loc: definitions:
    "The option `${showOption loc}' has conflicting definition values:${showDefs definitions}\n${toSettle}";
  notUnique =
    loc: message: definitions:
    "The option `${showOption loc}' is defined multiple times while it's expected to be unique.\n"
    + lib.optionalString (message != "") "${message}\n"
    + "Definition values:${showDefs definitions}\n${toSettle}";
  nullAndNot =
    loc: definitions:
    "The option `${showOption loc}' is defined both null and not null, in ${showFiles (lib.getFiles definitions)}.";
  noValue = loc: "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.";
  readOnly =
    loc: definitions:
    "The option `${showOption loc}' is read-only, but it's set multiple times. "
    + "Definition values:${showDefs definitions}";
  notASet = loc: value: ''
    You're trying to define a value of type `${builtins.typeOf value}' rather than an attribute set for the option
    `${showOption loc}'!

    ${
      sentences [
        "This usually happens if `${showOption loc}' has option definitions inside that are not matched."
        "Please check how to properly define this option by e.g. referring to `man 5 configuration.nix'!"
      ]
    }
  '';

  declaredTwice =
    loc: file: files:
    "The option `${showOption loc}' in `${file}' is already declared in ${showFiles files}.";
  optionAndTree =
    loc: file: inner:
    "The option `${showOption loc}' in `${file}' is a prefix of options in `${inner}'.";

  unsupportedAttributes =
    key: names:
    sentences [
      "Module `${key}' has an unsupported attribute `${builtins.head names}'."
      "This is caused by introducing a top-level `config' or `options' attribute."
      "Add configuration attributes immediately on the top level instead, or move all of them"
      "(namely: ${toString names}) into the explicit `config' attribute."
    ];
  notAModule =
    key: value:
    "Module `${key}' does not look like a module: "
    + "its type is ${builtins.typeOf value}, where a function or an attribute set was expected.";
  markedModule =
    file: mark: "Could not load a value as a module, because it is of type ${builtins.toJSON mark}, in file ${file}.";

  renamed =
    from: to: files:
    "The option `${showOption from}' defined in ${showFiles files} has been renamed to `${showOption to}'.";
  renamedRead =
    from: to: "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
  renamedToNothing = to: "Renaming error: option `${showOption to}' does not exist.";
  changed =
    from: to: files:
    sentences [
      "The option `${showOption from}' defined in ${showFiles files} has been changed to `${showOption to}'"
      "that has a different type."
      "Please read `${showOption to}' documentation and update your configuration accordingly."
    ];
  removed =
    path: files: instructions:
    "The option definition `${showOption path}' in ${showFiles files} no longer has any effect; please remove it.\n"
    + instructions;
  removedRead =
    path: instructions:
    "The option `${showOption path}' can no longer be used since it's been removed. ${instructions}";
}
