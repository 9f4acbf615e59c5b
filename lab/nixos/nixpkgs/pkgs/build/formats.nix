# Configuration files from Nix values: `type` for the option, `generate` for the file.
{ pkgs }:
let
  inherit (pkgs) lib;
  inherit (lib) types;

  scalar = [
    types.bool
    types.int
    types.float
    types.str
    types.path
  ];
  value =
    atoms:
    let
      any =
        types.nullOr (types.oneOf (atoms ++ [ (types.attrsOf any) (types.listOf any) ]))
        // {
          description = "configuration value";
          descriptionClass = "noun";
        };
    in
    any;
  atom = types.nullOr (types.oneOf scalar);
  entry = types.either atom (types.listOf atom);

  format = type: text: {
    inherit type;
    generate = name: content: pkgs.writeText name (text content);
  };
in
{
  json = _: format (value scalar) builtins.toJSON;
  yaml = _: format (value scalar) builtins.toJSON;
  toml = _: format (types.attrsOf (value scalar)) lib.generators.toTOML;
  ini = arguments: format (types.attrsOf (types.attrsOf entry)) (lib.generators.toINI arguments);
  keyValue = arguments: format (types.attrsOf entry) (lib.generators.toKeyValue arguments);
}
