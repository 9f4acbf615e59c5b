# A machine's place in the network: a namespace, and a cable to the bridge of its world.
#
# usage: network.sh plug|unplug|drop|pass NAME NUMBER ADDRESS/BITS GATEWAY
#        plug      a new namespace and cable, in place of any before
#        unplug    no cable
#        drop      one more reason for every packet from and to the machine to vanish
#        pass      one less
set -eu
verb=$1 name=$2 number=$3 address=$4 gateway=$5
namespace=/run/netns/$name port=port$number

plug() {
    unplug
    if [ -e "$namespace" ]; then ip netns delete "$name"; fi
    ip netns add "$name"
    # The same card at every boot, or the others would look for the one before.
    ip link add "$port" type veth peer name eth0 address "02:00:00:00:00:$(printf %02x "$number")" netns "$name"
    ip link set "$port" master lan up
    ip -n "$name" address add "$address" dev eth0
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
    ip -n "$name" route add default via "$gateway"
}

unplug() {
    if ip link show "$port" >/dev/null 2>&1; then ip link delete "$port"; fi
}

# On the bridge: the machine can neither see nor undo it, and need not even run. The name of a port lasts through boots.
# ARP still passes, or a client would be told "No route to host".
rules() {
    bridge_filter "$1" FORWARD --protocol ! ARP --in-interface "$port" --jump DROP
    bridge_filter "$1" FORWARD --protocol ! ARP --out-interface "$port" --jump DROP
}

bridge_filter() {
    chroot "/run/machines/$name/root" /usr/sbin/ebtables-nft "$@"
}

drop() {
    rules --append
}

pass() {
    rules --delete
}

"$verb"
