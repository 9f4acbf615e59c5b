# Puts a machine into the world, switched off: its disk, and its place in the network.
#
# usage: machine.sh NAME NUMBER ADDRESS/BITS GATEWAY LOWER       LOWER as overlayfs takes it
set -eu
name=$1 number=$2 address=$3 gateway=$4 lower=$5

at=/run/machines/$name
mkdir "$at"
mount -t tmpfs -o mode=0755,size=2g machine "$at"
mkdir "$at"/upper "$at"/work "$at"/root "$at"/containers
mount -t overlay -o "lowerdir=$lower,upperdir=$at/upper,workdir=$at/work" machine "$at/root"
# systemd would take the host's for it: they share a kernel.
tr -d - </proc/sys/kernel/random/uuid >"$at/root/etc/machine-id"

ip netns add "$name"
ip link add "port$number" type veth peer name eth0 netns "$name"
ip link set "port$number" master lan up
ip -n "$name" address add "$address" dev eth0
ip -n "$name" link set lo up
ip -n "$name" link set eth0 up
ip -n "$name" route add default via "$gateway"
