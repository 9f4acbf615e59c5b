# Parts of version numbers, and their order.
{ lib }:
let
  part = n: version: builtins.elemAt (builtins.splitVersion version) n;
in
{
  major = part 0;
  minor = part 1;
  patch = part 2;
  majorMinor = version: "${part 0 version}.${part 1 version}";

  versionOlder = a: b: builtins.compareVersions b a > 0;
  versionAtLeast = a: b: !lib.versionOlder a b;
  getVersion = x: if builtins.isString x then (builtins.parseDrvName x).version else x.version or (builtins.parseDrvName x.name).version;
  getName = x: if builtins.isString x then (builtins.parseDrvName x).name else x.pname or (builtins.parseDrvName x.name).name;
}
