# What NixOS modules name as their argument `utils`.
{ lib }:
{
  inherit (lib.strings) escapeSystemdPath;

  # A shell is a package that knows its path, or a path.
  toShellPath =
    shell: if builtins.isAttrs shell && shell ? shellPath then "/run/current-system/sw${shell.shellPath}" else shell;
}
