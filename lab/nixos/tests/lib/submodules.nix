# Declared in two places, defined in two places.
with import ../toy.nix;
(lib.evalModules {
  modules = [
    options
    {
      options.people = lib.mkOption {
        type = lib.types.attrsOf (lib.types.submodule ({ config, ... }: {
          options.keys = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
          options.adult = lib.mkOption { type = lib.types.bool; default = config.age >= 18; };
        }));
      };
    }
    { people.ada = { age = 36; keys = [ "k1" ]; }; }
    { people.ada.keys = [ "k2" ]; people.bob = { config, ... }: { age = 3; keys = [ config.name ]; }; }
  ];
}).config.people
