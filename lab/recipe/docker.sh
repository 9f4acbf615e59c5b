# Puts Debian's Docker Engine over the Debian tree: the programs that it adds are the layer.
#
# usage: docker.sh LAYER DEBIAN MIRROR
set -eu
layer=$1 debian=$2 mirror=$3
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
umask 022

echo "step Docker Engine"
work=$layer.work root=$layer.root
mkdir "$work" "$root"
mount -t overlay -o "lowerdir=$debian,upperdir=$layer,workdir=$work" layer "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"

# Nothing may start while packages are configured.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
if [ -e /etc/resolv.conf ]; then cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"; fi
echo "deb $mirror bookworm main" >"$root/etc/apt/sources.list"
chroot "$root" apt-get --quiet update
chroot "$root" apt-get --quiet --yes install --no-install-recommends docker.io

umount --recursive "$root"
rm -rf "$work" "$root"
# No more than programs and their libraries: not Debian's units, nor its group, nor what apt keeps.
rm -rf "$layer"/etc "$layer"/var "$layer"/usr/share "$layer"/usr/lib/systemd "$layer"/usr/lib/udev "$layer/usr/sbin/policy-rc.d"
