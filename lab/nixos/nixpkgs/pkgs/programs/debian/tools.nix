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
  docker = {
    version = "20.10.24";
    description = "Open source project to pack, ship and run any application as a lightweight container";
    license = licenses.asl20;
    programs = words "docker docker-init docker-proxy dockerd";
    hint = "docker is only on machines that were made with it: MachineSpec::with_docker, or `cargo xtask lab up --docker`";
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
