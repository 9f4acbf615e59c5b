{ names = [ "one" ]; }
