# PAM: passwords, and the environment of each login.
{ ... }:
let
  service = start: ''
    account required pam_unix.so
    ${start}auth sufficient pam_unix.so likeauth try_first_pass
    auth required pam_deny.so
    password sufficient pam_unix.so nullok yescrypt
    session required pam_env.so conffile=/etc/pam/environment readenv=0
    session required pam_unix.so
  '';
  plain = service "";
  forRoot = service "auth sufficient pam_rootok.so\n";
in
{
  environment.etc = {
    "pam.d/login".text = plain;
    "pam.d/passwd".text = plain;
    "pam.d/sshd".text = plain;
    "pam.d/sudo".text = plain;
    "pam.d/sudo-i".text = plain;
    "pam.d/su".text = forRoot;
    "pam.d/su-l".text = forRoot;
    "pam.d/chpasswd".text = forRoot;
    "pam.d/chsh".text = forRoot;
    "pam.d/runuser".text = forRoot;
    "pam.d/runuser-l".text = forRoot;
    "pam.d/systemd-user".text = plain;
    "pam.d/other".text = ''
      auth required pam_deny.so
      account required pam_deny.so
      password required pam_deny.so
      session required pam_deny.so
    '';
  };
}
