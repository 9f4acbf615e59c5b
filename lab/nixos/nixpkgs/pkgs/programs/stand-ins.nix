# Packages that people name in configurations and that the Debian tree does not have.
{ lib }:
let
  inherit (lib) licenses;
  asShell = ''exec /bin/bash "$@"'';
in
{
  git = {
    version = "2.51.2";
    description = "Distributed version control system";
    license = licenses.gpl2Only;
  };
  htop = {
    version = "3.4.1";
    description = "Interactive process viewer";
    license = licenses.gpl2Only;
  };
  btop = {
    version = "1.4.5";
    description = "Monitor of resources";
    license = licenses.asl20;
  };
  jq = {
    version = "1.8.1";
    description = "Lightweight and flexible command-line JSON processor";
    license = licenses.mit;
  };
  ripgrep = {
    version = "14.1.1";
    description = "Utility that combines the usability of The Silver Searcher with the raw speed of grep";
    license = licenses.unlicense;
    programs = [ "rg" ];
  };
  fd = {
    version = "10.3.0";
    description = "Simple, fast and user-friendly alternative to find";
    license = licenses.mit;
  };
  vim = {
    version = "9.1.1869";
    description = "Most popular clone of the VI editor";
    license = licenses.vim;
    programs = [ "vim" "vi" "view" "vimdiff" ];
  };
  neovim = {
    version = "0.11.5";
    description = "Vim text editor fork focused on extensibility and agility";
    license = licenses.asl20;
    programs = [ "nvim" ];
  };
  nano = {
    version = "8.7";
    description = "Small, user-friendly console text editor";
    license = licenses.gpl3Plus;
  };
  tmux = {
    version = "3.6";
    description = "Terminal multiplexer";
    license = licenses.bsd3;
  };
  tree = {
    version = "2.2.1";
    description = "Command to produce a depth indented directory listing";
    license = licenses.gpl2Plus;
  };
  wget = {
    version = "1.25.0";
    description = "Tool for retrieving files using HTTP, HTTPS, and FTP";
    license = licenses.gpl3Plus;
  };
  rsync = {
    version = "3.4.1";
    description = "Fast incremental file transfer utility";
    license = licenses.gpl3Plus;
  };
  lsof = {
    version = "4.99.5";
    description = "Tool to list open files";
  };
  strace = {
    version = "6.17";
    description = "System call tracer for Linux";
    license = licenses.lgpl21Plus;
  };
  dnsutils = {
    version = "9.20.15";
    description = "Domain name server";
    programs = [ "dig" "host" "nslookup" ];
  };
  traceroute = {
    version = "2.1.6";
    description = "Tracks the route taken by packets over an IP network";
    license = licenses.gpl2Plus;
  };
  pciutils = {
    version = "3.14.0";
    description = "Collection of programs for inspecting and manipulating configuration of PCI devices";
    license = licenses.gpl2Plus;
    programs = [ "lspci" "setpci" ];
  };
  zstd = {
    version = "1.5.7";
    description = "Zstandard real-time compression algorithm";
    license = licenses.bsd3;
    programs = [ "zstd" "unzstd" "zstdcat" ];
  };
  mkpasswd = {
    version = "5.6.5";
    description = "Overfeatured front-end to crypt, from the Debian whois package";
    license = licenses.gpl2Plus;
  };
  nginx = {
    version = "1.28.0";
    description = "Reverse proxy and lightweight webserver";
    license = licenses.bsd2;
  };
  certbot = {
    version = "5.1.0";
    description = "ACME client that can obtain certs and extensibly update server configurations";
    license = licenses.asl20;
  };
  fail2ban = {
    version = "1.1.0";
    description = "Program that scans log files for repeated failing login attempts and bans IP addresses";
    license = licenses.gpl2Plus;
    programs = [ "fail2ban-client" "fail2ban-server" "fail2ban-regex" ];
  };
  restic = {
    version = "0.18.1";
    description = "Backup program that is fast, efficient and secure";
    license = licenses.bsd2;
  };
  wireguard-tools = {
    version = "1.0.20250521";
    description = "Tools for the WireGuard secure network tunnel";
    license = licenses.gpl2Only;
    programs = [ "wg" "wg-quick" ];
  };
  docker-client = {
    version = "28.5.2";
    description = "Open source project to pack, ship and run any application as a lightweight container";
    license = licenses.asl20;
    programs = [ "docker" ];
  };
  docker-compose = {
    version = "2.40.3";
    description = "Docker CLI plugin to define and run multi-container applications with Docker";
    license = licenses.asl20;
  };
  zsh = {
    version = "5.9";
    description = "Z shell";
    license = licenses.mit;
    shellPath = "/bin/zsh";
    script = asShell;
  };
  fish = {
    version = "4.1.2";
    description = "Smart and user-friendly command line shell";
    license = licenses.gpl2Only;
    shellPath = "/bin/fish";
    script = asShell;
  };
  unrar = {
    version = "7.1.10";
    description = "Utility for RAR archives";
    license = licenses.unfree;
  };
}
