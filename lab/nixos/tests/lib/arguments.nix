with import ../toy.nix;
(lib.evalModules {
  specialArgs.special = "special";
  modules = [
    options
    ({ special, ... }: { imports = lib.optional (special == "special") { names = [ "imported by ${special}" ]; }; })
    ({ own, ... }: { names = [ own ]; })
    ({ config, ... }: { _module.args.own = "own of ${config.name}"; name = "x"; })
    ({ options, ... }: { text = "${toString options.name.isDefined} ${toString options.name.files}"; })
  ];
}).config
