# A package whose programs are not in the Debian tree: each says what it is and does nothing else. Where
# somebody installed the real one into the tree, it runs that.
{ pkgs }:
pname:
{
  version,
  description,
  programs ? [ pname ],
  # What a program does instead of saying that it is a stand-in.
  script ? ''
    echo "''${0##*/} ${version} (a stand-in: the lab has no ${pname})"
  '',
  license ? null,
  shellPath ? null,
}:
let
  inherit (pkgs) lib;
in
pkgs.stdenv.mkDerivation {
  inherit pname version programs;
  text = ''
    #!/bin/sh
    real=/usr/bin/''${0##*/}
    if [ -x "$real" ]; then exec "$real" "$@"; fi
    ${script}'';
  buildCommand = ''
    mkdir -p $out/bin
    for program in $programs; do
        printf %s "$text" >$out/bin/$program
        chmod +x $out/bin/$program
    done
  '';
  passthru = lib.optionalAttrs (shellPath != null) { inherit shellPath; };
  meta = {
    inherit description;
    mainProgram = builtins.head programs;
  }
  // lib.optionalAttrs (license != null) { inherit license; };
}
