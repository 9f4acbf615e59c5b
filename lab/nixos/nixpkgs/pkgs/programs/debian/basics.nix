# What every shell script expects.
{ lib }:
let
  inherit (lib) licenses;
  words = text: builtins.filter (word: word != "") (lib.splitString " " (lib.replaceStrings [ "\n" ] [ " " ] text));
in
{
  bash = {
    version = "5.2.15";
    description = "GNU Bourne-Again Shell, the de facto standard shell on Linux";
    license = licenses.gpl3Plus;
    shellPath = "/bin/bash";
    renamed.sh = "bash";
  };
  dash = {
    version = "0.5.12";
    description = "POSIX-compliant implementation of /bin/sh that aims to be as small as possible";
    license = licenses.bsd3;
    shellPath = "/bin/dash";
  };
  coreutils = {
    version = "9.1";
    description = "GNU Core Utilities";
    license = licenses.gpl3Plus;
    mainProgram = "ls";
    programs = words ''
      [ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd
      df dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id install join
      link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr
      printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum sha512sum
      shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort
      tty uname unexpand uniq unlink users vdir wc who whoami yes
    '';
  };
  findutils = {
    version = "4.9.0";
    description = "GNU Find Utilities, the basic directory searching utilities of the GNU operating system";
    license = licenses.gpl3Plus;
    programs = [ "find" "xargs" ];
  };
  gnugrep = {
    version = "3.8";
    description = "GNU implementation of the Unix grep command";
    license = licenses.gpl3Plus;
    programs = [ "grep" "egrep" "fgrep" ];
  };
  gnused = {
    version = "4.9";
    description = "GNU sed, a batch stream editor";
    license = licenses.gpl3Plus;
    programs = [ "sed" ];
  };
  # The tree below has mawk.
  gawk = {
    version = "1.3.4";
    description = "GNU implementation of the Awk programming language";
    license = licenses.gpl3Plus;
    programs = [ ];
    renamed = {
      awk = "mawk";
      gawk = "mawk";
    };
  };
  gnutar = {
    version = "1.34";
    description = "GNU implementation of the `tar' archiver";
    license = licenses.gpl3Plus;
    programs = [ "tar" ];
  };
  gzip = {
    version = "1.12";
    description = "GNU zip compression program";
    license = licenses.gpl3Plus;
    programs = words "gzip gunzip zcat zcmp zdiff zgrep zless zmore";
  };
  xz = {
    version = "5.4.1";
    description = "General-purpose data compression software, successor of LZMA";
    programs = words "xz unxz xzcat xzdiff xzgrep xzless xzmore lzma unlzma lzcat";
  };
  bzip2 = {
    version = "1.0.8";
    description = "High-quality data compression program";
    programs = words "bzip2 bunzip2 bzcat bzdiff bzgrep";
  };
  diffutils = {
    version = "3.8";
    description = "Commands for showing the differences between files (diff, cmp, etc.)";
    license = licenses.gpl3Plus;
    programs = [ "diff" "cmp" "diff3" "sdiff" ];
  };
  getent = {
    version = "2.36";
    description = "Get entries from Name Service Switch libraries";
  };
  # busybox has one.
  less = {
    version = "1.35.0";
    description = "More advanced file pager than ‘more’";
    programs = [ ];
    renamed.less = "busybox";
  };
  ncurses = {
    version = "6.4";
    description = "Free software emulation of curses in SVR4 and more";
    programs = words "clear infocmp reset tabs tic toe tput tset";
  };
}
