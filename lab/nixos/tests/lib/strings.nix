with import ../toy.nix;
with lib;
{
  split = splitString "." "a.b..c";
  shell = escapeShellArgs [ "plain" "it's" "" "a b" 3 ];
  affixes = [ (hasPrefix "ab" "abc") (hasSuffix "bc" "abc") (hasInfix "b" "abc") (removePrefix "a" "abc") (removeSuffix "c" "abc") (hasSuffix "abcd" "bcd") ];
  trim = [ (trim "  a b \n") (trim "  ") ];
  case = [ (toUpper "aZ1") (toLower "aZ1") ];
  numbers = [ (toInt "042") (fixedWidthNumber 4 17) ];
  unit = [ (escapeSystemdPath "/srv/a-b") (escapeSystemdPath "/") ];
  store = [ (isStorePath "/nix/store/abc-x") (isStorePath "/nix/store/abc-x/y") ];
  regex = escapeRegex "a.b[c]";
  version = [ (versionAtLeast "25.05" "24.11") (versionOlder "25.05" "24.11") (majorMinor "1.2.3") ];
  indented = concatImapStringsSep "," (n: x: "${toString n}${x}") [ "a" "b" ];
}
