with import ../toy.nix;
let
  t = lib.types;
  ok = type: definitions: let value = builtins.tryEval (builtins.deepSeq (valueOf type definitions) (valueOf type definitions)); in if value.success then value.value else "refused";
in
{
  str = [ (ok t.str [ "a" ]) (ok t.str [ 1 ]) (ok t.nonEmptyStr [ " " ]) (ok t.singleLineStr [ "a\n" ]) (ok t.singleLineStr [ "a\nb" ]) ];
  strMatching = [ (ok (t.strMatching "[a-z]+") [ "abc" ]) (ok (t.strMatching "[a-z]+") [ "a1" ]) ];
  int = [ (ok t.int [ (-3) ]) (ok t.ints.unsigned [ (-3) ]) (ok t.ints.positive [ 0 ]) (ok (t.ints.between 1 3) [ 3 ]) (ok (t.ints.between 1 3) [ 4 ]) (ok t.ints.u8 [ 256 ]) ];
  bool = [ (ok t.bool [ true true ]) (ok t.bool [ true false ]) (ok t.boolByOr [ true false ]) ];
  path = [ (ok t.path [ "/a" ]) (ok t.path [ "a" ]) ];
  lines = ok t.lines [ "a" "b" ];
  commas = ok t.commas [ "a" "b" ];
  enum = [ (ok (t.enum [ 1 "b" ]) [ 1 ]) (ok (t.enum [ 1 "b" ]) [ 2 ]) ];
  nullOr = [ (ok (t.nullOr t.int) [ null ]) (ok (t.nullOr t.int) [ 1 ]) (ok (t.nullOr t.int) [ null 1 ]) (ok (t.nullOr t.int) [ "a" ]) ];
  listOf = [ (ok (t.listOf t.int) [ [ 1 ] [ 2 ] ]) (ok (t.listOf t.int) [ [ (lib.mkIf false 1) 2 ] ]) (ok (t.nonEmptyListOf t.int) [ [ ] ]) ];
  attrsOf = [ (ok (t.attrsOf t.int) [ { a = 1; } { b = 2; } ]) (ok (t.attrsOf t.int) [ { a = 1; b = lib.mkIf false 1; } ]) (ok (t.attrsOf t.int) [ { a = lib.mkForce 1; } { a = 2; } ]) ];
  lazyAttrsOf = ok (t.lazyAttrsOf (t.nullOr t.int)) [ { a = 1; b = lib.mkIf false 1; } ];
  either = [ (ok (t.either t.int t.str) [ 1 ]) (ok (t.either t.int t.str) [ "a" ]) (ok (t.either t.int t.str) [ true ]) (ok (t.oneOf [ t.int t.str t.bool ]) [ true ]) ];
  coercedTo = [ (ok (t.coercedTo t.int toString t.str) [ 1 ]) (ok (t.coercedTo (t.listOf t.str) (names: lib.genAttrs names (_: true)) (t.attrsOf t.bool)) [ [ "nfs" ] { cifs = false; } ]) ];
  addCheck = [ (ok (t.addCheck t.int (x: x > 1)) [ 2 ]) (ok (t.addCheck t.int (x: x > 1)) [ 1 ]) ];
  attrs = ok t.attrs [ { a = 1; } { b.c = 2; } ];
  anything = [ (ok t.anything [ { a.b = 1; } { a.c = [ 2 ]; } ]) (ok t.anything [ 1 2 ]) ];
  raw = [ (ok t.raw [ 1 ]) (ok t.raw [ 1 1 ]) ];
  unspecified = ok t.unspecified [ [ 1 ] [ 2 ] ];
  uniq = [ (ok (t.uniq t.str) [ "a" ]) (ok (t.uniq t.str) [ "a" "a" ]) ];
  separated = ok (t.separatedString ":") [ "a" "b" ];
  functionTo = (valueOf (t.functionTo (t.listOf t.int)) [ (x: [ x ]) (x: [ (x + 1) ]) ]) 1;
  package = [ (ok t.package [ 1 ]) (valueOf t.package [ (derivation { name = "a"; system = "x"; builder = "y"; }) ]).name ];
  descriptions = map (type: type.description) [ t.bool t.int t.port t.str t.lines t.commas t.path t.package (t.listOf t.str) (t.attrsOf (t.listOf t.int)) (t.nullOr t.str) (t.listOf (t.nullOr t.str)) (t.enum [ "a" "b" ]) (t.either t.int t.str) (t.oneOf [ t.int t.str t.bool ]) (t.submodule { }) t.anything (t.ints.between 1 2) t.ints.positive t.ints.unsigned (t.coercedTo t.int toString t.str) (t.strMatching "a.*") ];
}
