with import ../toy.nix;
with lib;
{
  path = [ (attrByPath [ "a" "b" ] 0 { a.b = 1; }) (attrByPath [ "a" "c" ] 0 { a.b = 1; }) (hasAttrByPath [ "a" ] { }) (setAttrByPath [ "a" "b" ] 1) ];
  filter = filterAttrs (_: x: x > 1) { a = 1; b = 2; };
  map = mapAttrs' (name: value: nameValuePair "x${name}" (value + 1)) { a = 1; };
  list = mapAttrsToList (name: value: "${name}${toString value}") { a = 1; b = 2; };
  gen = genAttrs [ "a" "b" ] (name: name + name);
  update = recursiveUpdate { a.b = 1; a.c = 2; } { a.c = 3; d = 4; };
  recursive = mapAttrsRecursive (path: value: concatStringsSep "." path + toString value) { a.b = 1; };
  collect = collect isInt { a = 1; b.c = 2; d = "x"; };
  merged = mergeAttrsList [ { a = 1; } { b = 2; } ];
  folded = foldlAttrs (sum: _: value: sum + value) 0 { a = 1; b = 2; };
  optional = optionalAttrs false { a = 1; };
}
