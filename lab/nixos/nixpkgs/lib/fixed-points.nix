# Values that are defined by themselves, and layers over them.
{ lib }:
{
  fix =
    f:
    let
      x = f x;
    in
    x;

  # The function `f` with the layer `overlay` on top: overlay = final: previous: { … }.
  extends =
    overlay: f: final:
    let
      previous = f final;
    in
    previous // overlay final previous;

  composeExtensions =
    first: second: final: previous:
    let
      one = first final previous;
    in
    one // second final (previous // one);

  composeManyExtensions = lib.foldr lib.composeExtensions (_: _: { });
}
