# The channel as `nix-channel --update` would install it.
{ archive }:
derivation {
  name = "nixos-25.05";
  system = "builtin";
  builder = "builtin:unpack-channel";
  channelName = "nixos";
  src = builtins.path {
    path = archive;
    name = baseNameOf archive;
  };
}
