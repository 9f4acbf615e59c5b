# A machine's place in the network: a namespace, and a cable to the bridge of its world.
#
# usage: network.sh plug|unplug|drop|pass NAME NUMBER ADDRESS/BITS GATEWAY
#        plug      a new namespace and cable, in place of any before
#        unplug    no cable
#        drop      every packet from and to the machine vanishes, in later namespaces too, until:
#        pass
set -eu
verb=$1 name=$2 number=$3 address=$4 gateway=$5
namespace=/run/netns/$name dropping=/run/machines/$name.dropping

plug() {
    unplug
    if [ -e "$namespace" ]; then ip netns delete "$name"; fi
    ip netns add "$name"
    # The same card at every boot, or the others would look for the one before.
    ip link add "port$number" type veth peer name eth0 address "02:00:00:00:00:$(printf %02x "$number")" netns "$name"
    ip link set "port$number" master lan up
    ip -n "$name" address add "$address" dev eth0
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
    ip -n "$name" route add default via "$gateway"
    if [ -e "$dropping" ]; then rules --insert; fi
}

unplug() {
    if ip link show "port$number" >/dev/null 2>&1; then ip link delete "port$number"; fi
}

# Made in the machine's namespace but not by the machine, which may hang. The table `raw` comes before the tracking of
# connections, so that known ones vanish too. ARP is answered still: a client shall not be told "No route to host".
rules() {
    iptables raw "$1" PREROUTING --in-interface eth0 --jump DROP
    iptables mangle "$1" POSTROUTING --out-interface eth0 --jump DROP
}

iptables() {
    table=$1
    shift
    nsenter --net="$namespace" chroot "/run/machines/$name/root" /usr/sbin/iptables --wait --table "$table" "$@"
}

drop() {
    mkdir "$dropping"
    rules --insert
}

pass() {
    rmdir "$dropping"
    rules --delete
}

"$verb"
