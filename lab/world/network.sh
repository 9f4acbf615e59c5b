# A machine's place in the network: a namespace, and a cable to the bridge of its world.
#
# usage: network.sh plug NAME NUMBER ADDRESS/BITS GATEWAY       in place of any before
#        network.sh unplug NAME NUMBER
#        network.sh drop NAME       every packet from and to the machine vanishes, until:
#        network.sh pass NAME
set -eu
verb=$1 name=$2
at=/run/machines/$name

plug() {
    number=$1 address=$2 gateway=$3
    unplug "$number"
    if [ -e "/run/netns/$name" ]; then ip netns delete "$name"; fi
    ip netns add "$name"
    # The same card in every boot, or the others would look for the one before.
    ip link add "port$number" type veth peer name eth0 address "02:00:00:00:00:$(printf %02x "$number")" netns "$name"
    ip link set "port$number" master lan up
    ip -n "$name" address add "$address" dev eth0
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
    ip -n "$name" route add default via "$gateway"
    if [ -e "$at/dropping" ]; then rules --insert; fi
}

unplug() {
    if ip link show "port$1" >/dev/null 2>&1; then ip link delete "port$1"; fi
}

# In the machine's network, but not by the machine, which may hang. Below its firewall: `raw` comes before what tracks
# connections, so known ones vanish too. ARP is answered still, or the client would be told "No route to host".
rules() {
    iptables raw "$1" PREROUTING --in-interface eth0 --jump DROP
    iptables mangle "$1" POSTROUTING --out-interface eth0 --jump DROP
}

iptables() {
    table=$1
    shift
    nsenter --net="/run/netns/$name" chroot "$at/root" /usr/sbin/iptables --wait --table "$table" "$@"
}

case $verb in
plug) plug "$3" "$4" "$5" ;;
unplug) unplug "$3" ;;
drop)
    mkdir "$at/dropping"
    rules --insert
    ;;
pass)
    rmdir "$at/dropping"
    rules --delete
    ;;
esac
