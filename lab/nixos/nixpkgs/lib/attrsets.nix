# Functions on attribute sets.
{ lib }:
{
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;

  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = condition: attrs: if condition then attrs else { };

  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      lib.attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  hasAttrByPath =
    path: set:
    path == [ ] || (set ? ${builtins.head path} && lib.hasAttrByPath (builtins.tail path) set.${builtins.head path});
  getAttrFromPath =
    path: lib.attrByPath path (throw "cannot find attribute `${lib.concatStringsSep "." path}'");
  setAttrByPath = path: value: lib.foldr (name: inner: { ${name} = inner; }) value path;
  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: lib.genAttrs names (name: set.${name});

  mapAttrs' = f: set: builtins.listToAttrs (map (name: f name set.${name}) (builtins.attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  attrsToList = lib.mapAttrsToList lib.nameValuePair;
  concatMapAttrs = f: set: lib.mergeAttrsList (lib.mapAttrsToList f set);
  mergeAttrsList = builtins.foldl' (all: set: all // set) { };
  filterAttrs =
    keep: set: builtins.removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));
  foldlAttrs =
    f: initial: set:
    builtins.foldl' (result: name: f result name set.${name}) initial (builtins.attrNames set);
  genAttrs = names: f: lib.genAttrs' names (name: lib.nameValuePair name (f name));
  genAttrs' = list: f: builtins.listToAttrs (map f list);
  filterAttrsRecursive =
    keep: set:
    builtins.mapAttrs (_: value: if builtins.isAttrs value then lib.filterAttrsRecursive keep value else value) (
      lib.filterAttrs keep set
    );

  mapAttrsRecursiveCond =
    descend: f:
    let
      at =
        path:
        builtins.mapAttrs (
          name: value:
          if builtins.isAttrs value && descend value then at (path ++ [ name ]) value else f (path ++ [ name ]) value
        );
    in
    at [ ];
  mapAttrsRecursive = lib.mapAttrsRecursiveCond (_: true);
  collect =
    matches: set:
    if matches set then
      [ set ]
    else if builtins.isAttrs set then
      builtins.concatMap (lib.collect matches) (builtins.attrValues set)
    else
      [ ];

  zipAttrs = builtins.zipAttrsWith (_: values: values);
  foldAttrs = f: initial: sets: builtins.zipAttrsWith (_: lib.foldr f initial) sets;
  matchAttrs =
    pattern: set:
    builtins.isAttrs set
    && builtins.all (
      name:
      set ? ${name}
      && (
        if builtins.isAttrs pattern.${name} then
          lib.matchAttrs pattern.${name} set.${name}
        else
          pattern.${name} == set.${name}
      )
    ) (builtins.attrNames pattern);

  # The right side wins, set by set; `stop` tells where a whole value replaces the other.
  recursiveUpdateUntil =
    stop: left: right:
    let
      at =
        path:
        builtins.zipAttrsWith (
          name: values:
          let
            here = path ++ [ name ];
          in
          if builtins.length values == 1 || stop here (builtins.elemAt values 1) (builtins.head values) then
            builtins.head values
          else
            at here values
        );
    in
    at [ ] [
      right
      left
    ];
  recursiveUpdate = lib.recursiveUpdateUntil (_: left: right: !(builtins.isAttrs left && builtins.isAttrs right));

  isDerivation = value: value.type or null == "derivation";
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };

  getOutput = output: package: package.${output} or package.out or package;
  getBin = lib.getOutput "bin";
  getLib = lib.getOutput "lib";
  getDev = lib.getOutput "dev";
  getMan = lib.getOutput "man";
}
