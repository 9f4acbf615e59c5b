with import ../toy.nix;
((evaluate [ { name = "a"; } ]).extendModules { modules = [ { name = lib.mkForce "b"; } ]; }).config.name
