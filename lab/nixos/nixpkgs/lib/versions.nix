# Parts of version numbers, and their order.
{ lib }:
let
  parsed = x: builtins.parseDrvName (if builtins.isString x then x else x.name);
  part = n: version: builtins.elemAt (builtins.splitVersion version) n;
in
{
  major = part 0;
  minor = part 1;
  patch = part 2;
  majorMinor = version: "${part 0 version}.${part 1 version}";

  versionOlder = a: b: builtins.compareVersions b a > 0;
  versionAtLeast = a: b: !lib.versionOlder a b;
  # Both take a package or its name.
  getVersion = x: x.version or (parsed x).version;
  getName = x: x.pname or (parsed x).name;
}
