(import <nixpkgs> { }).unrar.outPath
