with import ../machine.nix;
system { assertions = [ { assertion = false; message = "nothing goes"; } ]; }
