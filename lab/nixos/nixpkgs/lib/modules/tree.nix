# The tree of options: declarations and definitions, matched name by name.
{ lib }:
let
  # The attributes of several sets by name, each with the file that it comes from.
  byName = builtins.zipAttrsWith (_: entries: entries);
  spread = field: { file, ... }@entry: builtins.mapAttrs (_: value: { inherit file value; }) entry.${field};

  # The sets that one definition of a whole branch stands for.
  branches =
    loc: { file, value }:
    map (set: {
      inherit file;
      value = if builtins.isAttrs set then set else throw (lib.messages.notASet loc set);
    }) (lib.pushDownProperties value);

  mixed =
    loc: declarations:
    let
      isOption = declaration: lib.isOption declaration.value;
      option = builtins.head (builtins.filter isOption declarations);
      branch = builtins.head (builtins.filter (declaration: !isOption declaration) declarations);
    in
    throw (lib.messages.optionAndTree loc option.file branch.file);
in
{
  # Declarations and definitions are lists of { file; value; }. Gives { options; config; unmatched; }: the
  # options as they were evaluated, their values alone, and the definitions for which there is no option.
  mergeTree =
    prefix: declarations: definitions:
    let
      declared = byName (map (spread "value") declarations);
      defined = byName (map (spread "value") (builtins.concatMap (branches prefix) definitions));

      results = builtins.mapAttrs (
        name: decls:
        let
          loc = prefix ++ [ name ];
          defs = defined.${name} or [ ];
          asOption = { file, value }: { inherit file; option = value; };
          option = lib.evalOptionValue loc (lib.mergeDeclarations loc (map asOption decls)) defs;
        in
        if builtins.all (decl: lib.isOption decl.value) decls then
          {
            options = option;
            config = option.value;
            unmatched = [ ];
          }
        else if builtins.any (decl: lib.isOption decl.value) decls then
          mixed loc decls
        else
          lib.mergeTree loc decls defs
      ) declared;

      undeclared = builtins.removeAttrs defined (builtins.attrNames declared);
    in
    {
      options = builtins.mapAttrs (_: result: result.options) results;
      config = builtins.mapAttrs (_: result: result.config) results;
      unmatched =
        builtins.concatMap (result: result.unmatched) (builtins.attrValues results)
        ++ lib.mapAttrsToList (name: definitions: {
          loc = prefix ++ [ name ];
          inherit definitions;
        }) undeclared;
    };
}
