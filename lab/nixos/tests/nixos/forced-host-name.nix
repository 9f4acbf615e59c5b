with import ../machine.nix;
(config ({ lib, ... }: { networking.hostName = lib.mkForce "db"; })).networking.hostName
