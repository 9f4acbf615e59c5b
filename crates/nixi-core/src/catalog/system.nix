# The system of a node, evaluated where it is and without writing anything: of a flake, with what of its inputs the store has.
{ flake, host }:
let
  lock = builtins.fromJSON (builtins.readFile (flake + "/flake.lock"));
  # Where the store has a source of this hash: what fetched it named it so.
  stored =
    hash:
    builtins.unsafeDiscardStringContext
      (derivation {
        name = "source";
        system = "none";
        builder = "none";
        outputHashMode = "recursive";
        outputHashAlgo = "sha256";
        outputHash = hash;
      }).outPath;
  # An input is a node of the lock by its name, or what somebody else's input is, by the path to it.
  find =
    input:
    if builtins.isList input then builtins.foldl' (node: name: find lock.nodes.${node}.inputs.${name}) lock.root input else input;
  inputsOf = node: builtins.mapAttrs (_: input: sources.${find input}) (node.inputs or { });
  called =
    node: source:
    let
      description = import (source + "/flake.nix");
      inputs = inputsOf node;
      outputs = description.outputs (inputs // { inherit self; });
      self = outputs // {
        inherit inputs outputs;
        lastModified = node.locked.lastModified or 0;
        lastModifiedDate = "19700101000000";
        outPath = source;
        sourceInfo.outPath = source;
        _type = "flake";
      }
      // (
        if node ? locked.rev then
          {
            inherit (node.locked) rev;
            shortRev = builtins.substring 0 7 node.locked.rev;
          }
        else
          { }
      )
      // (if node ? locked.narHash then { inherit (node.locked) narHash; } else { });
    in
    self;
  sources = builtins.mapAttrs (
    name: node:
    let
      locked = node.locked or { };
      isBelow = locked.type or "" == "path" && !(locked ? narHash);
      root = if name == lock.root then flake else if isBelow then flake + "/" + locked.path else stored locked.narHash;
      source = root + (if locked ? dir then "/" + locked.dir else "");
    in
    if node.flake or true then called node source else { outPath = source; }
  ) lock.nodes;
in
if flake == "" then import <nixpkgs/nixos> { } else sources.${lock.root}.nixosConfigurations.${host}
