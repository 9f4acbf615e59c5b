# Runs a machine until it is switched off, its console on standard output; a reboot is a new boot.
#
# usage: power.sh NAME PORT CGROUP
set -u
name=$1 port=$2 cgroup=$3
at=/run/machines/$name

# The machine counts as on until this ends, that is, until the cable is out.
mkdir -p "$cgroup/power"
echo $$ >"$cgroup/power/cgroup.procs"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network

# What containers are stored in cannot lie on an overlay.
stores=(--bind="$at/containers:/var/lib/containers")
if [ -d "$at/docker" ]; then stores+=(--bind="$at/docker:/var/lib/docker"); fi

# What systemd-nspawn ends with when the machine asks for a reboot; with --keep-unit it leaves that to its caller.
readonly reboot=133
while
    (
        echo "$BASHPID" >"$cgroup/cgroup.procs"
        exec systemd-nspawn --quiet --machine="$name" --directory="$at/root" --network-namespace-path="/run/netns/$name" \
            "${stores[@]}" --register=no --keep-unit --private-users=no --capability=all \
            --system-call-filter="@keyring bpf" --kill-signal=SIGRTMIN+3 --link-journal=no --resolv-conf=off \
            --timezone=off --console=read-only /nix/var/nix/profiles/system/init
    )
    [ $? = $reboot ]
do :; done

# Whoever is off does not even refuse.
ip link delete "$port"
