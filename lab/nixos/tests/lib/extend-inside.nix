# A module can evaluate the whole configuration again, with a change.
with import ../toy.nix;
(config [
  ({ extendModules, ... }: {
    text = (extendModules { modules = [ { names = [ "changed" ]; text = lib.mkForce ""; } ]; }).config.name;
  })
  ({ config, ... }: { name = "${toString config.names}!"; })
]).text
