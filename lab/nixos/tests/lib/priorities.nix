# Each line wins over those after it.
with import ../toy.nix;
{
  force = valueOf lib.types.str [ (lib.mkForce "force") "plain" (lib.mkDefault "default") ];
  plain = valueOf lib.types.str [ "plain" (lib.mkDefault "default") (lib.mkOptionDefault "option") ];
  default = valueOf lib.types.str [ (lib.mkDefault "default") (lib.mkOptionDefault "option") ];
  number = valueOf lib.types.str [ (lib.mkOverride 99 "99") "plain" ];
  optionsDefault = (config [ { services.web.port = lib.mkDefault 8080; } ]).services.web.port;
  sameNumberConflicts = builtins.tryEval (valueOf lib.types.str [ (lib.mkForce "a") (lib.mkForce "b") ]);
  setsToo = (config [ { services.web.port = 1; } { services = lib.mkForce { web.port = 2; }; } ]).services.web.port;
  listForced = valueOf (lib.types.listOf lib.types.int) [ [ 1 ] (lib.mkForce [ 2 ]) (lib.mkForce [ 3 ]) ];
}
