# Holds a world, and clears up after it: when the world ends, for whatever reason, nothing of it stays.
#
# usage: keeper.sh WORLD FOLDER SLOT       WORLD is the text of world.sh, which gets input and output
set -u

unshare --mount --propagation private --net --pid --fork --kill-child -- bash -c "$1" world.sh

# Interfaces go with their namespace, but only some time later; this one is gone when the command ends.
ip link delete "nixi-lab$3" 2>/dev/null
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -d "$hierarchy/nixi-lab$3" ] || break
        find "$hierarchy/nixi-lab$3" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
done
rm -rf -- "$2"
