{ pkgs, ... }:
{
  name = "a";;
}
