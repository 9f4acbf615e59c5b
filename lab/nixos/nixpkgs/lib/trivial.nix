# Functions about nothing in particular, and the builtins that configurations call through `lib`.
{ lib }:
let
  # As channels carry it: files at the root of the tree.
  told = file: builtins.replaceStrings [ "\n" ] [ "" ] (builtins.readFile file);
in
{
  inherit (builtins)
    add
    addErrorContext
    bitAnd
    bitOr
    bitXor
    deepSeq
    fromJSON
    genericClosure
    hasAttr
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    lessThan
    pathExists
    readFile
    seq
    sub
    toJSON
    tryEval
    typeOf
    unsafeGetAttrPos
    ;

  id = x: x;
  const = x: _: x;
  flip = f: a: b: f b a;
  pipe = builtins.foldl' (value: f: f value);
  and = a: b: a && b;
  or = a: b: a || b;
  xor = a: b: a != b;
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  mod = a: b: a - b * (a / b);
  mergeAttrs = a: b: a // b;
  defaultTo = default: value: if value == null then default else value;
  mapNullable = f: value: if value == null then null else f value;
  boolToString = b: if b then "true" else "false";
  boolToYesNo = b: if b then "yes" else "no";

  # A function, or an attribute set that can be called like one.
  isFunction = f: builtins.isFunction f || (f ? __functor && lib.isFunction (f.__functor f));
  functionArgs =
    f: if f ? __functor then f.__functionArgs or (lib.functionArgs (f.__functor f)) else builtins.functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  toFunction = f: if lib.isFunction f then f else _: f;

  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);

  warn = builtins.warn or (message: value: builtins.trace "evaluation warning: ${message}" value);
  warnIf = condition: message: if condition then lib.warn message else lib.id;
  warnIfNot = condition: lib.warnIf (!condition);
  throwIf = condition: message: value: if condition then throw message else value;
  throwIfNot = condition: lib.throwIf (!condition);
  showWarnings = warnings: value: builtins.foldl' (result: message: lib.warn message result) value warnings;

  # What this release calls itself.
  release = told ../.version;
  codeName = "Warbler";
  versionSuffix = told ../.version-suffix;
  version = lib.trivial.release + lib.trivial.versionSuffix;
  oldestSupportedRelease = 2505;
  isInOldestRelease = release: release <= lib.trivial.oldestSupportedRelease;
  revisionWithDefault = default: default;

  inPureEvalMode = !(builtins ? currentSystem);
}
