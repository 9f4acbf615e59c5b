# A small real program, built here.
{ lib, stdenv }:
stdenv.mkDerivation {
  pname = "hello";
  version = "2.12.2";
  src = ./hello;
  installPhase = ''
    install -D -m 0755 hello.sh $out/bin/hello
    sed -i "s/@version@/$version/" $out/bin/hello
  '';
  meta = {
    description = "Program that produces a familiar, friendly greeting";
    homepage = "https://www.gnu.org/software/hello/manual/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "hello";
  };
}
