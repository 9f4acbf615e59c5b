with import ../toy.nix;
{
  list = valueOf (lib.types.listOf lib.types.int) [ (lib.mkAfter [ 5 ]) [ 3 ] (lib.mkBefore [ 1 ]) (lib.mkOrder 600 [ 2 ]) (lib.mkOrder 1400 [ 4 ]) ];
  lines = valueOf lib.types.lines [ (lib.mkAfter "last") (lib.mkBefore "first") ];
  forcedAndFirst = valueOf (lib.types.listOf lib.types.int) [ (lib.mkForce [ 2 ]) (lib.mkForce (lib.mkBefore [ 1 ])) [ 3 ] ];
}
