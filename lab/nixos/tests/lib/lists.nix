with import ../toy.nix;
with lib;
{
  unique = unique [ 1 2 1 ];
  parts = [ (take 2 [ 1 2 3 ]) (drop 2 [ 1 2 3 ]) (last [ 1 2 3 ]) (init [ 1 2 3 ]) (sublist 1 5 [ 1 2 3 ]) (take 9 [ 1 ]) (drop 9 [ 1 ]) ];
  made = [ (range 1 3) (replicate 2 "a") (flatten [ 1 [ 2 [ 3 ] ] ]) (optionals true [ 1 ]) (optional false 1) (toList 1) (reverseList [ 1 2 ]) ];
  found = [ (findFirst (x: x > 1) null [ 1 2 3 ]) (findFirst (x: x > 3) null [ 1 ]) (count (x: x > 1) [ 1 2 3 ]) ];
  fold = foldr (x: rest: "${x}${rest}") "." [ "a" "b" ];
  zip = zipLists [ 1 2 ] [ "a" "b" "c" ];
  sets = [ (subtractLists [ 1 ] [ 1 2 ]) (intersectLists [ 1 ] [ 1 2 ]) ];
  product = cartesianProduct { a = [ 1 2 ]; b = [ 3 ]; };
}
