# A program that the lab put beside its modules in the tree.
{ lib, runCommand, program }:
runCommand program {
  meta = {
    description = "The lab's ${program}";
    mainProgram = program;
  };
} ''
  mkdir -p $out/bin
  ln -s /usr/lib/nixi-lab/bin/${program} $out/bin/${program}
''
