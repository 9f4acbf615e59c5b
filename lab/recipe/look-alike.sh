# Puts the look-alike of NixOS over the Debian tree: what it changes is the layer.
#
# usage: look-alike.sh LAYER DEBIAN FILES       FILES is the checkout's lab/nixos
set -eu
layer=$1 debian=$2 files=$3
export LC_ALL=C

echo "step look-alike of NixOS"
work=$layer.work root=$layer.root
mkdir "$work" "$root"
mount -t overlay -o "lowerdir=$debian,upperdir=$layer,workdir=$work" layer "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"

mkdir -p "$root/usr/lib/nixi-lab"
cp -R "$files"/. "$root/usr/lib/nixi-lab/"
# As git knows them, whatever the umask of the checkout was.
chmod -R u=rwX,go=rX,a-s "$root/usr/lib/nixi-lab"
chroot "$root" /bin/bash /usr/lib/nixi-lab/install.sh

umount --recursive "$root"
rm -rf "$work" "$root"
