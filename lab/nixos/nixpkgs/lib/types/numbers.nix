# Types of numbers.
{ lib }:
let
  inherit (lib.types) mergeEqualOption mkOptionType;

  integer =
    name: description: check:
    mkOptionType {
      inherit name description;
      descriptionClass = "noun";
      check = value: builtins.isInt value && check value;
      merge = mergeEqualOption;
    };

  within = lowest: highest: value: value >= lowest && value <= highest;

  unsigned =
    bits: highest:
    integer "unsignedInt${toString bits}"
      "${toString bits} bit unsigned integer; between 0 and ${toString highest} (both inclusive)"
      (within 0 highest);
  signed =
    bits: limit:
    integer "signedInt${toString bits}"
      "${toString bits} bit signed integer; between ${toString (-limit)} and ${toString (limit - 1)} (both inclusive)"
      (within (-limit) (limit - 1));
in
rec {
  int = integer "int" "signed integer" (_: true);

  ints = {
    between =
      lowest: highest:
      integer "intBetween" "integer between ${toString lowest} and ${toString highest} (both inclusive)" (
        within lowest highest
      );
    unsigned = integer "unsignedInt" "unsigned integer, meaning >=0" (value: value >= 0);
    positive = integer "positiveInt" "positive integer, meaning >0" (value: value > 0);
    u8 = unsigned 8 255;
    u16 = unsigned 16 65535;
    u32 = unsigned 32 4294967295;
    s8 = signed 8 128;
    s16 = signed 16 32768;
    s32 = signed 32 2147483648;
  };

  port = ints.u16;

  float = mkOptionType {
    name = "float";
    description = "floating point number";
    descriptionClass = "noun";
    check = builtins.isFloat;
    merge = mergeEqualOption;
  };

  number = lib.types.either int float;
  numbers = {
    nonnegative = lib.types.addCheck number (value: value >= 0);
    positive = lib.types.addCheck number (value: value > 0);
  };
}
