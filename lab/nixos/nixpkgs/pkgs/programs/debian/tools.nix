# Other programs of the tree.
{ lib }:
let
  inherit (lib) licenses;
  words = text: builtins.filter (word: word != "") (lib.splitString " " (lib.replaceStrings [ "\n" ] [ " " ] text));
in
{
  podman = {
    version = "4.3.1";
    description = "Program for managing pods, containers and container images";
    license = licenses.asl20;
  };
  busybox = {
    version = "1.35.0";
    description = "Tiny versions of common UNIX utilities in a single small executable";
    license = licenses.gpl2Only;
  };
  perl = {
    version = "5.36.0";
    description = "Standard implementation of the Perl 5 programming language";
  };
  python3 = {
    version = "3.11.2";
    description = "High-level dynamically-typed programming language";
  };
  gnupg = {
    version = "2.2.40";
    description = "Modern release of the GNU Privacy Guard";
    license = licenses.gpl3Plus;
    programs = words "gpg gpg-agent gpg-connect-agent gpgconf";
  };
}
