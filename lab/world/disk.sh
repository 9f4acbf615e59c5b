# A machine's disk: a layer of its own over the tree that all machines share.
#
# usage: disk.sh new NAME LOWER       a new one, in place of any before; LOWER as overlayfs takes it
#        disk.sh full NAME            no room for one byte more
#        disk.sh free NAME            as large as it was
set -eu
verb=$1 name=$2
at=/run/machines/$name
readonly size=2g

new() {
    if [ -d "$at" ]; then umount --recursive "$at"; fi
    mkdir -p "$at"
    mount -t tmpfs -o "mode=0755,size=$size" machine "$at"
    mkdir "$at"/upper "$at"/work "$at"/root "$at"/containers
    mount -t overlay -o "lowerdir=$1,upperdir=$at/upper,workdir=$at/work" machine "$at/root"
    if [ -x "$at/root/usr/sbin/dockerd" ]; then mkdir "$at/docker"; fi
    # systemd would take the host's for it: they share a kernel.
    tr -d - </proc/sys/kernel/random/uuid >"$at/root/etc/machine-id"
}

# Made as small as what it holds: filling it would cost as much memory as the disk is large.
full() {
    # What runs may write in between, and a disk below its content is refused.
    for _ in 1 2 3 4 5; do
        used=$(df --block-size=1 --output=used "$at" | tail -n 1)
        if mount -o "remount,size=$used" "$at"; then return; fi
    done
    return 1
}

case $verb in
new) new "$3" ;;
full) full ;;
free) mount -o "remount,size=$size" "$at" ;;
esac
