# Checks that a configuration must pass before it is worth anything.
{ lib }:
{
  assertMsg = condition: message: condition || throw message;
  assertOneOf =
    name: value: values:
    lib.assertMsg (builtins.elem value values)
      "${name} must be one of ${lib.generators.toPretty { multiline = false; } values}, but is: ${
        lib.generators.toPretty { multiline = false; } value
      }";

  # `value`, unless an assertion of `config.assertions` failed; the warnings are shown on the way.
  checkAssertWarn =
    assertions: warnings: value:
    let
      failed = map (check: check.message) (builtins.filter (check: !check.assertion) assertions);
    in
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      lib.showWarnings warnings value;
}
