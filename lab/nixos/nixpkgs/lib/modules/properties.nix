# Marks on values: when they count, how much they weigh, where they stand in a list.
{ lib }:
let
  plainPriority = 100;
  plainOrder = 1000;

  withoutMark = definition: definition // { value = definition.value.content; };

  # Puts a mark that stands around a set onto each of its attributes.
  onEach = mark: builtins.map (builtins.mapAttrs (_: mark));
in
rec {
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkDefinition = definition: definition // { _type = "definition"; };

  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkForce = mkOverride 50;
  mkDefault = mkOverride 1000;
  mkOptionDefault = mkOverride 1500;
  mkImageMediaOverride = mkOverride 60;
  mkVMOverride = mkOverride 10;

  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;

  mkAssert = condition: message: content: lib.throwIfNot condition message content;

  defaultOverridePriority = plainPriority;
  defaultOrderPriority = plainOrder;

  # The sets that a marked set stands for, each with the marks moved to its attributes.
  pushDownProperties =
    value:
    let
      mark = value._type or null;
    in
    if mark == "merge" then
      builtins.concatMap pushDownProperties value.contents
    else if mark == "if" then
      onEach (mkIf value.condition) (pushDownProperties value.content)
    else if mark == "override" then
      onEach (mkOverride value.priority) (pushDownProperties value.content)
    else
      [ value ];

  # The definitions that count, without `mkIf` and `mkMerge`.
  dischargeProperties =
    definition:
    let
      inherit (definition) value;
      mark = value._type or null;
      inside = content: dischargeProperties (definition // { value = content; });
    in
    if mark == "merge" then
      builtins.concatMap inside value.contents
    else if mark == "if" then
      if !builtins.isBool value.condition then
        throw "`mkIf' called without a Boolean condition"
      else
        lib.optionals value.condition (inside value.content)
    else if mark == "definition" then
      dischargeProperties { inherit (value) file value; }
    else
      [ definition ];

  # The definitions of the highest priority, which is the smallest number, without their mark.
  filterOverrides =
    definitions:
    let
      isMarked = definition: definition.value._type or null == "override";
      priorityOf = definition: if isMarked definition then definition.value.priority else plainPriority;
      highest = builtins.foldl' lib.min 9999 (map priorityOf definitions);
      bare = definition: if isMarked definition then withoutMark definition else definition;
    in
    {
      highestPrio = highest;
      values = map bare (builtins.filter (definition: priorityOf definition == highest) definitions);
    };

  # In order; where nothing is marked, as they came.
  sortProperties =
    definitions:
    let
      isMarked = definition: definition.value._type or null == "order";
      orderOf = definition: if isMarked definition then definition.value.priority else plainOrder;
      bare = definition: if isMarked definition then withoutMark definition else definition;
    in
    if builtins.any isMarked definitions then
      map bare (builtins.sort (a: b: orderOf a < orderOf b) definitions)
    else
      definitions;
}
