# Packages that are one text.
{ pkgs }:
let
  inherit (pkgs) lib;

  # The text reaches the builder in its environment, so no shell reads it.
  write = ''
    target=$out$destination
    mkdir -p "$(dirname "$target")"
    printf %s "$text" >"$target"
    if [ -n "$executable" ]; then chmod +x "$target"; fi
    eval "$checkPhase"
  '';
in
rec {
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
    }:
    pkgs.stdenv.mkDerivation {
      inherit name text executable destination checkPhase passthru;
      buildCommand = write;
      meta = lib.optionalAttrs (executable && lib.hasPrefix "/bin/" destination) {
        mainProgram = lib.removePrefix "/bin/" destination;
      }
      // meta;
    };

  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir = path: text: writeTextFile {
    inherit text;
    name = baseNameOf path;
    destination = "/${path}";
  };
  writeScript = name: text: writeTextFile {
    inherit name text;
    executable = true;
  };
  writeScriptBin = name: text: writeTextFile {
    inherit name text;
    executable = true;
    destination = "/bin/${name}";
  };
  writeShellScript = name: text: writeScript name "#!${pkgs.runtimeShell}\n${text}\n";
  writeShellScriptBin = name: text: writeScriptBin name "#!${pkgs.runtimeShell}\n${text}\n";
  concatText = name: files: writeText name (lib.concatMapStrings builtins.readFile files);

  # A script that stops at the first failure and finds the programs of `runtimeInputs`.
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? { },
      bashOptions ? [ "errexit" "nounset" "pipefail" ],
      meta ? { },
      checkPhase ? "",
      excludeShellChecks ? [ ],
    }:
    writeTextFile {
      inherit name meta checkPhase;
      executable = true;
      destination = "/bin/${name}";
      text =
        lib.concatLines (
          [ "#!${pkgs.runtimeShell}" ]
          ++ map (option: "set -o ${option}") bashOptions
          ++ lib.mapAttrsToList (key: value: "export ${lib.toShellVar key value}") runtimeEnv
          ++ lib.optional (runtimeInputs != [ ]) "export PATH=\"${lib.makeBinPath runtimeInputs}:$PATH\""
        )
        + text
        + "\n";
    };

  runCommand =
    name: environment: buildCommand:
    pkgs.stdenv.mkDerivation (
      {
        inherit name buildCommand;
      }
      // environment
    );
  runCommandLocal = runCommand;
  runCommandCC = runCommand;
}
