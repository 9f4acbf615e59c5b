# A package whose programs are those of the Debian tree below: links to them, or copies of those that
# are setuid there, since nothing in the store is.
{ pkgs }:
pname:
{
  version,
  description,
  programs ? [ pname ],
  copied ? [ ],
  # Programs by their whole path, which need not exist when the package is built.
  absolute ? [ ],
  # Other names for programs: gawk = "mawk".
  renamed ? { },
  # What to do where a program is not there.
  hint ? "",
  license ? null,
  mainProgram ? null,
  shellPath ? null,
}:
let
  inherit (pkgs) lib;
in
pkgs.stdenv.mkDerivation {
  inherit pname version programs copied absolute hint;
  renamed = lib.mapAttrsToList (name: program: "${name}=${program}") renamed;
  buildCommandPath = ./from-debian.sh;
  passthru = lib.optionalAttrs (shellPath != null) { inherit shellPath; };
  meta = {
    inherit description;
    mainProgram =
      if mainProgram != null then
        mainProgram
      else
        builtins.head (programs ++ copied ++ builtins.attrNames renamed);
  }
  // lib.optionalAttrs (license != null) { inherit license; };
}
