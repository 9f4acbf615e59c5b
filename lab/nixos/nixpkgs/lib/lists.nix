# Functions on lists.
{ lib }:
{
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    groupBy
    head
    isList
    length
    map
    partition
    sort
    tail
    ;

  singleton = x: [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = x: if builtins.isList x then x else [ x ];
  range = first: last: if first > last then [ ] else builtins.genList (n: first + n) (last - first + 1);
  replicate = n: x: builtins.genList (_: x) n;

  foldr =
    f: initial: list:
    let
      from = n: if n == builtins.length list then initial else f (builtins.elemAt list n) (from (n + 1));
    in
    from 0;
  fold = lib.foldr;
  foldl = builtins.foldl';

  imap0 = f: list: builtins.genList (n: f n (builtins.elemAt list n)) (builtins.length list);
  imap1 = f: list: builtins.genList (n: f (n + 1) (builtins.elemAt list n)) (builtins.length list);
  forEach = list: f: map f list;
  flatten = x: if builtins.isList x then builtins.concatMap lib.flatten x else [ x ];
  concatImapStrings = f: list: lib.concatStrings (lib.imap1 f list);

  remove = x: builtins.filter (y: y != x);
  subtractLists = unwanted: builtins.filter (x: !(builtins.elem x unwanted));
  intersectLists = wanted: builtins.filter (x: builtins.elem x wanted);
  mutuallyExclusive = a: b: !(builtins.any (x: builtins.elem x b) a);
  unique = builtins.foldl' (seen: x: if builtins.elem x seen then seen else seen ++ [ x ]) [ ];
  allUnique = list: builtins.length (lib.unique list) == builtins.length list;
  count = matches: list: builtins.length (builtins.filter matches list);

  findFirst =
    matches: default: list:
    let
      found = builtins.filter matches list;
    in
    if found == [ ] then default else builtins.head found;
  findSingle =
    matches: none: many: list:
    let
      found = builtins.filter matches list;
    in
    if found == [ ] then none else if builtins.length found > 1 then many else builtins.head found;

  reverseList =
    list:
    let
      length = builtins.length list;
    in
    builtins.genList (n: builtins.elemAt list (length - 1 - n)) length;
  sublist =
    start: count: list:
    let
      available = lib.max 0 (builtins.length list - start);
    in
    builtins.genList (n: builtins.elemAt list (start + n)) (lib.min count available);
  take = lib.sublist 0;
  drop = count: list: lib.sublist count (builtins.length list) list;
  last =
    list:
    lib.throwIf (list == [ ]) "lists.last: list must not be empty!" (builtins.elemAt list (builtins.length list - 1));
  init =
    list: lib.throwIf (list == [ ]) "lists.init: list must not be empty!" (lib.take (builtins.length list - 1) list);

  zipListsWith =
    f: a: b:
    builtins.genList (n: f (builtins.elemAt a n) (builtins.elemAt b n)) (
      lib.min (builtins.length a) (builtins.length b)
    );
  zipLists = lib.zipListsWith (fst: snd: { inherit fst snd; });
  cartesianProductOfSets = lib.cartesianProduct;
  cartesianProduct =
    attrs:
    builtins.foldl' (
      products: name: builtins.concatMap (product: map (value: product // { ${name} = value; }) attrs.${name}) products
    ) [ { } ] (builtins.attrNames attrs);
  sortOn = key: builtins.sort (a: b: key a < key b);
  naturalSort = builtins.sort (a: b: builtins.compareVersions a b < 0);
}
