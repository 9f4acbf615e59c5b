# What talks to other machines.
{ lib }:
let
  inherit (lib) licenses;
  words = text: builtins.filter (word: word != "") (lib.splitString " " (lib.replaceStrings [ "\n" ] [ " " ] text));
in
{
  openssh = {
    version = "9.2p1";
    description = "Implementation of the SSH protocol";
    license = licenses.bsd2;
    programs = words "ssh scp sftp ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan sshd";
  };
  curl = {
    version = "7.88.1";
    description = "Command line tool for transferring files with URL syntax";
    license = licenses.curl;
  };
  iproute2 = {
    version = "6.1.0";
    description = "Collection of utilities for controlling TCP/IP networking and traffic control in Linux";
    license = licenses.gpl2Only;
    programs = words "ip ss bridge tc nstat rtmon rtacct routel genl devlink rdma";
  };
  iputils = {
    version = "20221126";
    description = "Set of small useful utilities for Linux networking";
    programs = words "ping";
  };
  iptables = {
    version = "1.8.9";
    description = "Program to configure the Linux IP packet filtering ruleset";
    license = licenses.gpl2Only;
    programs = words ''
      iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save iptables-legacy
      ip6tables-legacy iptables-nft ip6tables-nft xtables-nft-multi
    '';
  };
  # Debian has the name; the rest is busybox.
  nettools = {
    version = "2.10";
    description = "Set of tools for controlling the network subsystem in Linux";
    license = licenses.gpl2Plus;
    programs = words "hostname dnsdomainname domainname nisdomainname ypdomainname";
    renamed = lib.genAttrs [ "arp" "ifconfig" "netstat" "route" ] (_: "busybox");
  };
  # busybox has one.
  netcat = {
    version = "1.35.0";
    description = "Utility which reads and writes data across network connections";
    programs = [ ];
    renamed.nc = "busybox";
  };
  nfs-utils = {
    version = "2.6.2";
    description = "Linux user-space NFS utilities";
    license = licenses.gpl2Plus;
    programs = words ''
      mount.nfs mount.nfs4 umount.nfs umount.nfs4 showmount rpc.statd rpc.idmapd nfsstat nfsiostat nfsconf
    '';
  };
  cifs-utils = {
    version = "7.0";
    description = "Tools for managing Linux CIFS client filesystems";
    license = licenses.gpl3Plus;
    programs = words "mount.cifs mount.smb3 cifs.upcall cifscreds getcifsacl setcifsacl smbinfo";
  };
  rpcbind = {
    version = "1.2.6";
    description = "ONC RPC portmapper";
    license = licenses.bsd3;
    programs = words "rpcbind rpcinfo";
  };
}
