# Makes the Debian tree that all machines share, without anything of NixOS.
#
# usage: debian.sh TREE MIRROR
set -eu
tree=$1 mirror=$2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

echo "step debootstrap"
debootstrap --variant=minbase \
    --include=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,iputils-ping,procps bookworm "$tree" "$mirror"

# Nothing may start while packages are configured.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 0755 "$tree/usr/sbin/policy-rc.d"
if [ -e /etc/resolv.conf ]; then cp --dereference /etc/resolv.conf "$tree/etc/resolv.conf"; fi

# debootstrap itself cannot configure nix-bin.
echo "step packages"
chroot "$tree" apt-get --quiet update
chroot "$tree" apt-get --quiet --yes install --no-install-recommends \
    nix-bin libdbi-perl podman crun netavark aardvark-dns iptables nfs-common cifs-utils busybox-static

rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree/usr/sbin/policy-rc.d" "$tree/etc/resolv.conf"
rm -f "$tree"/etc/ssh/ssh_host_*
: >"$tree/etc/machine-id"
