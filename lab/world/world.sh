# The first process of a world: mounts, network and processes of its own, in which the machines of one lab live.
# When this process ends, the kernel kills whatever runs in the world, and its mounts and links go with it.
#
# It ends with its input, which the process that made it holds, unless it was told to stay.
set -eu
umask 022

# The old /proc still knows this process by its id outside.
read -r outside _ </proc/self/stat
mount -t proc proc /proc

# A /run of its own keeps everything that the machines need out of the host's.
mount -t tmpfs -o mode=0755 nixi-lab /run
mkdir -p /run/netns /run/machines /run/lock
ip link set lo up
ip link add lan type bridge
ip link set lan up
echo "$outside"

if read -r word && [ "$word" = stay ]; then
    sleep infinity
fi
