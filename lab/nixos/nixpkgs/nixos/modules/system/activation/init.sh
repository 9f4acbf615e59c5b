#!@shell@
# Stage 2: makes this generation the running system, then becomes systemd.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
systemConfig=@out@

# Only Nix writes to the store, in a mount namespace of its own.
mount --bind /nix/store /nix/store
mount -o remount,bind,ro /nix/store

# The /run of a container is nosuid, and the wrappers are not.
mkdir -p -m 0755 /run/wrappers
mount -t tmpfs -o nodev,mode=0755,size=32m wrappers /run/wrappers

# A container's network outlives its reboot; a kernel's firewall does not.
for restore in iptables-restore ip6tables-restore; do
    printf '*%s\nCOMMIT\n' filter nat mangle raw | "$restore"
done

"$systemConfig/activate" || echo "the activation failed; booting on" >&2
ln -sfn "$systemConfig" /run/booted-system
ln -sfn /run/booted-system /nix/var/nix/gcroots/booted-system

# What units are started with when they name no path of their own.
exec env -i PATH=/run/current-system/sw/bin LANG=C.UTF-8 container="${container:-}" /lib/systemd/systemd "$@"
