# The few derivations of which the modules build a system.
pkgs:
let
  build = import ./build.nix;
in
rec {
  inherit build;

  # A tree of links to `folders` of all packages in `paths`, but for the files of `without`.
  joined =
    name: paths: without:
    build {
      inherit name;
      script = ./path.pl;
      attrs = {
        inherit paths without;
        folders = [ "/bin" "/share" ];
      };
    };

  # The path of a bash script that stops at the first failure.
  script =
    name: text:
    let
      built = build {
        name = "unit-script-${name}";
        script = ./program.pl;
        attrs = {
          path = "/bin/${name}";
          text = "#!${pkgs.runtimeShell}\nset -e\n${text}\n";
        };
      };
    in
    "${built}/bin/${name}";

  # A file whose text may name store paths, accepted by `check`, a line of sh that finds it at "$1".
  checked =
    name: text: check:
    build {
      inherit name;
      script = ./checked.pl;
      attrs = { inherit text check; };
    };
}
