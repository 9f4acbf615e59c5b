# The systems that a package may name in its meta.
{ lib }:
rec {
  linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];
  unix = linux;
  all = linux;
}
