# Writes an entry for each generation, as systemd-boot's installer does, and makes the given system the default.
# Nothing boots by these files: the lab starts /nix/var/nix/profiles/system/init itself.
#
# usage: install-lab-boot-loader SYSTEM
set -u
PATH=/usr/bin:/bin
entries=/boot/loader/entries
default=$(readlink -f "$1")
mkdir -p "$entries"

[ "${NIXOS_INSTALL_BOOTLOADER:-0}" != 1 ] || echo "the lab's boot loader" >/boot/loader/installed

entry() {
    local number=$1 system=$2
    printf 'title NixOS\nversion Generation %s %s\nlinux %s\ninitrd %s\noptions init=%s/init\n' \
        "$number" "$(cat "$system/nixos-version")" "$system/kernel" "$system/initrd" "$system"
}

rm -f "$entries"/nixos-generation-*.conf
for link in /nix/var/nix/profiles/system-*-link; do
    [ -e "$link" ] || continue
    number=${link#*/system-}
    number=${number%-link}
    system=$(readlink -f "$link")
    entry "$number" "$system" >"$entries/nixos-generation-$number.conf"
    [ "$system" != "$default" ] || chosen=$number
done
printf 'timeout 5\ndefault nixos-generation-%s.conf\n' "${chosen:-none}" >/boot/loader/loader.conf
