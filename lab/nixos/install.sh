# Makes the look-alike of NixOS out of the Debian tree in which this runs, once per base tree.
#
# Debian's programs stay where they are, for they need each other; what is taken away is what would be seen of Debian from
# NixOS's side: its units, accounts, configuration files and setuid programs.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root USER=root

readonly files=/usr/lib/nixi-lab
readonly channels=/nix/var/nix/profiles/per-user/root/channels

# Units that do nothing for a machine of the lab, or that its own ones replace.
take_units_away() {
    cd /lib/systemd/system
    rm -rf apt-* dpkg-* e2scrub* fstrim* ssh.* rescue-ssh* nfs-common* podman* rpc-* rpcbind* nfs-* auth-rpcgss* var-lib-nfs* \
        proc-fs-nfsd* rc-local* getty* console-getty* container-getty* serial-getty* autovt@* sudo* portmap* \
        systemd-remount-fs* systemd-firstboot* systemd-machine-id-commit* systemd-update-utmp* systemd-networkd* \
        systemd-pcrphase* systemd-pstore* systemd-repart* systemd-random-seed* systemd-network-generator* systemd-hwdb* \
        systemd-ask-password* systemd-initctl* systemd-boot-check* x11-common* bluetooth* quotaon* systemd-quotacheck* \
        systemd-binfmt* proc-sys-fs-binfmt* dev-hugepages* sys-kernel-* systemd-sysext* systemd-sysusers* systemd-backlight* systemd-rfkill*
    find . -type l ! -exec test -e {} ';' -exec rm -f {} +
    rm -f multi-user.target.wants/systemd-logind.service
    rm -f /usr/lib/systemd/system-generators/{rpc-pipefs,systemd-cryptsetup,systemd-getty,systemd-gpt-auto,systemd-rc-local,systemd-sysv,systemd-veritysetup,systemd-integritysetup,systemd-hibernate-resume}*
    rm -rf /usr/lib/systemd/system-preset /etc/init.d /etc/rc?.d
}

take_configuration_away() {
    cd /etc
    rm -rf systemd/system systemd/system.conf systemd/journald.conf containers cni sudoers sudoers.d pam.d profile profile.d \
        bash.bashrc environment hosts hostname fstab motd update-motd.d nsswitch.conf shells os-release issue issue.net \
        ssh/sshd_config ssh/sshd_config.d debian_version default cron.d cron.daily ufw gshadow gshadow- sysctl.d resolv.conf \
        sysctl.conf modules-load.d localtime timezone apt dpkg adduser.conf deluser.conf debconf.conf kernel logcheck logrotate.d \
        insserv.conf.d runit sv skel hosts.allow hosts.deny ucf.conf opt X11
    rm -f /usr/lib/os-release /usr/lib/tmpfiles.d/{debian,legacy,podman,rpcbind,sudo,x11,passwd,provision,systemd-network}.conf
    rm -f ssh/ssh_host_*
    find /root /home -mindepth 1 -delete
    rm -f /var/lib/dbus/machine-id
    : >machine-id
}

# Those accounts that stay are what the first build needs; they are declared, like all others.
take_accounts_away() {
    printf '%s\n' root:x:0:0:System\ administrator:/root:/bin/bash sshd:x:101:65534::/run/sshd:/bin/false \
        nobody:x:65534:65534::/:/bin/false >/etc/passwd
    printf 'root:x:0:\nshadow:x:42:\nnogroup:x:65534:\n' >/etc/group
    printf 'root:!:1::::::\n' >/etc/shadow
    rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/subuid* /etc/subgid*
}

# Only the copies in /run/wrappers/bin are setuid.
take_privileges_away() {
    find /usr/bin /usr/sbin -perm /6000 -type f -exec chmod u-s,g-s {} +
}

prepare_nix() {
    mkdir -p /nix/store /nix/var/nix/{profiles/per-user/root,gcroots,daemon-socket} /etc/nix
    cat >/etc/nix/nix.conf <<'END'
sandbox = false
build-users-group =
substituters =
END
    "$files/bin/install-channel"
}

# Built once, so that a machine's own system shares nearly all of it.
build_a_system() {
    mkdir -p /etc/nixos
    sed -e 's/@hostName@/nixos/; s/@user@/nixi/; s/@key@//' "$files/configuration.nix" >/etc/nixos/configuration.nix
    cp "$files/hardware-configuration.nix" /etc/nixos/
    nix-build --quiet -I "nixpkgs=$channels/nixos" -I nixos-config=/etc/nixos/configuration.nix '<nixpkgs/nixos>' \
        --attr system --no-out-link
    rm -rf /etc/nixos
}

take_units_away
take_configuration_away
take_accounts_away
take_privileges_away
prepare_nix
build_a_system
touch /etc/NIXOS
