# Builds a machine's first generation, as nixos-install does, while it is switched off.
#
# usage: generation.sh NAME
set -eu
root=/run/machines/$1/root

# In a namespace of its own, so that nothing stays mounted.
exec unshare --mount --propagation private -- bash -eu -c '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    mount -t tmpfs run "$0/run"
    exec chroot "$0" /bin/bash /usr/lib/nixi-lab/first-generation
' "$root"
