# What runs and looks after the machine.
{ lib }:
let
  inherit (lib) licenses;
  words = text: builtins.filter (word: word != "") (lib.splitString " " (lib.replaceStrings [ "\n" ] [ " " ] text));
in
{
  systemd = {
    version = "252";
    description = "System and service manager for Linux";
    license = licenses.lgpl21Plus;
    mainProgram = "systemctl";
    programs = words ''
      busctl hostnamectl journalctl kernel-install localectl loginctl networkctl systemctl systemd-analyze
      systemd-ask-password systemd-cat systemd-cgls systemd-cgtop systemd-creds systemd-delta systemd-detect-virt
      systemd-escape systemd-id128 systemd-inhibit systemd-machine-id-setup systemd-mount systemd-notify systemd-path
      systemd-run systemd-socket-activate systemd-stdio-bridge systemd-sysusers systemd-tmpfiles
      systemd-tty-ask-password-agent systemd-umount timedatectl halt init poweroff reboot runlevel shutdown telinit
    '';
  };
  dbus = {
    version = "1.14.10";
    description = "Simple interprocess messaging system";
    programs = words "dbus-daemon dbus-monitor dbus-run-session dbus-send dbus-uuidgen";
  };
  util-linux = {
    version = "2.38.1";
    description = "Set of system utilities for Linux";
    license = licenses.gpl2Plus;
    mainProgram = "mount";
    copied = words "mount umount";
    programs = words ''
      blkdiscard blkid blockdev chcpu choom chrt dmesg fallocate fincore findfs findmnt flock fsck fsfreeze fstrim
      getopt hardlink hwclock ionice ipcmk ipcrm ipcs last ldattach logger losetup lsblk lscpu lsfd lsipc lsirq
      lslocks lslogins lsmem lsns mcookie mesg mkfs mkswap more mountpoint namei nsenter partx pivot_root prlimit
      rename.ul renice resizepart rev rtcwake runuser script scriptreplay setarch setpriv setsid sulogin swaplabel
      swapoff swapon switch_root taskset uclampset unshare utmpdump wall wdctl whereis wipefs zramctl
    '';
  };
  shadow = {
    version = "4.13";
    description = "Suite containing authentication-related tools such as passwd and su";
    license = licenses.bsd3;
    mainProgram = "useradd";
    copied = words "chsh newgrp passwd su";
    programs = words ''
      chpasswd faillog groupadd groupdel groupmems groupmod grpck lastlog login newusers nologin pwck
      useradd userdel usermod vigr vipw
    '';
  };
  sudo = {
    version = "1.9.13p3";
    description = "Command to run commands as root";
    license = licenses.sudo;
    copied = [ "sudo" ];
    programs = words "cvtsudoers sudoreplay visudo";
    renamed.sudoedit = "sudoedit";
  };
  procps = {
    version = "4.0.2";
    description = "Utilities that give information about processes using the /proc filesystem";
    license = licenses.gpl2Plus;
    mainProgram = "ps";
    programs = words ''
      free kill pgrep pidof pkill pmap ps pwdx skill slabtop snice sysctl tload top uptime vmstat w watch
    '';
  };
  e2fsprogs = {
    version = "1.47.0";
    description = "Tools for creating and checking ext2/ext3/ext4 filesystems";
    license = licenses.gpl2Plus;
    programs = words ''
      chattr debugfs dumpe2fs e2fsck e2image e2label filefrag lsattr mke2fs
      mkfs.ext2 mkfs.ext3 mkfs.ext4 resize2fs tune2fs
    '';
  };
  libcap = {
    version = "2.66";
    description = "Library for working with POSIX capabilities";
    programs = words "capsh getcap getpcaps setcap";
  };
  glibc = {
    version = "2.36";
    description = "GNU C Library";
    mainProgram = "ldd";
    programs = words "getconf getent iconv ldd locale localedef pldd tzselect zdump";
  };
  nix = {
    version = "2.8.0";
    description = "Powerful package manager that makes package management reliable and reproducible";
    license = licenses.lgpl21Plus;
    # The lab's adds a flag of newer versions.
    absolute = [ "/usr/lib/nixi-lab/bin/nix" ];
    mainProgram = "nix";
    programs = words ''
      nix-build nix-channel nix-collect-garbage nix-copy-closure nix-daemon nix-env nix-hash nix-instantiate
      nix-prefetch-url nix-shell nix-store
    '';
  };
}
