{ imports = [ ./one.nix ]; names = [ "two" ]; }
