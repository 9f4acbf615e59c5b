# Licences by the names that packages give in their meta.
{ lib }:
builtins.mapAttrs (shortName: fullName: { inherit shortName fullName; free = shortName != "unfree"; }) {
  asl20 = "Apache License 2.0";
  bsd2 = "BSD 2-clause \"Simplified\" License";
  bsd3 = "BSD 3-clause \"New\" or \"Revised\" License";
  curl = "curl License";
  gpl2Only = "GNU General Public License v2.0 only";
  gpl2Plus = "GNU General Public License v2.0 or later";
  gpl3Plus = "GNU General Public License v3.0 or later";
  isc = "ISC License";
  lgpl21Plus = "GNU Lesser General Public License v2.1 or later";
  mit = "MIT License";
  sudo = "Sudo License (ISC-style)";
  unfree = "Unfree";
  unlicense = "The Unlicense";
  vim = "Vim License";
}
