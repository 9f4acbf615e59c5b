# What an option is, which value it has, and who sets it.
system: path:
let
  isOption = tree: builtins.isAttrs tree && tree._type or "" == "option";
  # Along the names that are options; what is left of them leads into a value.
  step =
    found: name:
    if isOption found.tree || found.left != [ ] then
      found // { left = found.left ++ [ name ]; }
    else if builtins.hasAttr name found.tree then
      {
        tree = found.tree.${name};
        left = [ ];
      }
    else
      found // { left = [ name ]; };
  found = builtins.foldl' step {
    tree = system.options;
    left = [ ];
  } path;
  firstOf = list: builtins.genList (builtins.elemAt list) (if builtins.length list < 200 then builtins.length list else 200);
  inside =
    value: names:
    if names == [ ] then
      [ value ]
    else if builtins.isAttrs value && builtins.hasAttr (builtins.head names) value then
      inside value.${builtins.head names} (builtins.tail names)
    else
      [ ];
  # What a person would not hang on the wall, by its name.
  isSecret = name: builtins.match ".*([pP]assword|[pP]ass[pP]hrase|psk|PSK|[sS]ecret|[tT]oken|[pP]rivateKey|[aA]piKey).*" name != null;
  keep = name: value: if isSecret name && !(builtins.isBool value) && value != null then "«kept back»" else value;
  last = builtins.elemAt path (builtins.length path - 1);
  limit = builtins.foldl' (set: name: set // { ${name} = null; }) { };
  # A value as far as it can be told: neither what throws nor what has no end is followed.
  show =
    depth: value:
    let
      tried = builtins.tryEval value;
      told = tried.value;
      few = firstOf told;
      isPackage = (builtins.tryEval (told.type or "")).value == "derivation";
    in
    if !tried.success then
      "«cannot be evaluated»"
    else if builtins.isAttrs told then
      if isPackage then
        "«${builtins.unsafeDiscardStringContext (told.name or "package")}»"
      else if depth == 0 then
        "«set»"
      else
        builtins.mapAttrs (name: _: keep name (show (depth - 1) told.${name})) (limit (firstOf (builtins.attrNames told)))
    else if builtins.isList told then
      if depth == 0 then "«list»" else builtins.map (show (depth - 1)) few
    else if builtins.isFunction told then
      "«function»"
    else if builtins.isPath told then
      builtins.toString told
    else if builtins.isString told then
      builtins.unsafeDiscardStringContext (builtins.substring 0 4000 told)
    else
      told;
  text = value: if builtins.isString value then value else value.text or "";
  option = found.tree;
  names = builtins.filter (name: builtins.substring 0 1 name != "_") (builtins.attrNames found.tree);
in
if isOption option then
  {
    type = option.type.description or option.type.name or "";
    description = text (option.description or "");
    default = if option ? defaultText then text option.defaultText else keep last (show 2 (option.default or null));
    value = builtins.map (value: keep last (show 4 value)) (inside option.value found.left);
    definitions = builtins.concatMap (
      definition:
      builtins.map (value: {
        file = builtins.toString definition.file;
        value = keep last (show 3 value);
      }) (inside definition.value found.left)
    ) (option.definitionsWithLocations or [ ]);
  }
else
  {
    within = if found.left == [ ] then names else null;
    nearby = if found.left == [ ] then [ ] else names;
  }
