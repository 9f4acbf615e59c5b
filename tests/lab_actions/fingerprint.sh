# Tells all that a change of the machine could show in, a line each: what it is about, a tab, and how that is now.
set -eu

tell() {
    while IFS= read -r line; do printf '%s\t%s\n' "$1" "$line"; done
}

one_line_each() {
    awk -v RS= -v FS='\n' -v OFS=' ' '{ $1 = $1; print }'
}

# Containers that run, as their runtime knows them, and networks. Podman is not asked: it may write to the disk at every
# call. All else that it keeps is files, which come last.
containers() {
    for status in /run/crun/*/status; do
        [ ! -e "$status" ] || echo "$status $(tr -d '\n' <"$status")"
    done
}

networks() {
    for network in /etc/containers/networks/*.json; do
        echo "$network $(sha256sum <"$network")"
    done
}

systemctl show --property=Id,LoadState,ActiveState,SubState,InvocationID,MainPID,NRestarts,UnitFileState '*' |
    # systemd hears of mounts seconds later; findmnt tells them below.
    one_line_each | grep -v '^Id=[^ ]*[.]mount ' | tell unit
systemctl list-unit-files --no-legend --no-pager | tell unit-file
containers | tell container
networks | tell network
getent passwd | tell user
getent group | tell group
# The numbers in brackets count packets.
iptables-save | sed -e 's/\[[0-9:]*\]//' -e '/^#/d' | tell firewall
ip -brief address show | tell address
ip route show | tell route
findmnt --list --noheadings --output TARGET,SOURCE,FSTYPE,OPTIONS | tell mount
readlink /run/current-system /nix/var/nix/profiles/system | tell system

find / /run /tmp /var/lib/containers -xdev -printf '%p\t%y %m %U:%G %s %T@ %l\n'
find /etc /srv /var/lib -type f -exec sha256sum {} + | awk '{ sum = $1; $1 = ""; print "content of" $0 "\t" sum }'
