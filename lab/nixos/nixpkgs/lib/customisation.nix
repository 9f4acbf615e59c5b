# Packages whose arguments can be changed afterwards.
{ lib }:
{
  # The result of `f args`, with `override` to call it again with other arguments.
  makeOverridable =
    f: args:
    let
      result = f args;
      override = changes: lib.makeOverridable f (args // lib.toFunction changes args);
    in
    if builtins.isAttrs result then result // { inherit override; } else result;

  # Calls a function (or the file that holds it) with the arguments it names, taken from `scope`.
  callPackageWith =
    scope: function: changes:
    let
      f = if lib.isFunction function then function else import function;
      found = builtins.intersectAttrs (lib.functionArgs f) scope;
    in
    lib.makeOverridable f (found // changes);
}
