# D-Bus is the tree's own.
{ lib, ... }:
{
  options.services.dbus.enable = lib.mkOption {
    default = true;
    type = lib.types.bool;
  };
}
