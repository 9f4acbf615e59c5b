# The options of services.openssh. The lists of algorithms are NixOS's, without what OpenSSH 9.2 does not know.
{ lib }:
let
  inherit (lib) mkOption types;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  optional = type: default: mkOption {
    inherit default;
    type = types.nullOr type;
  };
  optionalFlag = optional types.bool;
  names = optional (types.listOf types.str);
in
{
  services.openssh = {
    enable = flag false;
    startWhenNeeded = flag false;
    openFirewall = flag true;
    authorizedKeysInHomedir = flag true;
    allowSFTP = flag true;
    ports = mkOption {
      default = [ 22 ];
      type = types.listOf types.port;
    };
    listenAddresses = mkOption {
      default = [ ];
      type = types.listOf (
        types.submodule {
          options.addr = mkOption { type = types.str; };
          options.port = optional types.int null;
        }
      );
    };
    hostKeys = mkOption {
      default = [
        {
          type = "rsa";
          bits = 4096;
          path = "/etc/ssh/ssh_host_rsa_key";
        }
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
      type = types.listOf types.attrs;
    };
    authorizedKeysFiles = mkOption {
      default = [ ];
      type = types.listOf types.str;
    };
    extraConfig = mkOption {
      default = "";
      type = types.lines;
    };
    settings = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf (
          types.nullOr (types.oneOf [ types.bool types.int types.str (types.listOf types.str) ])
        );
        options = {
          PasswordAuthentication = optionalFlag true;
          KbdInteractiveAuthentication = optionalFlag true;
          PermitRootLogin = optional (types.enum [
            "yes"
            "without-password"
            "prohibit-password"
            "forced-commands-only"
            "no"
          ]) "prohibit-password";
          GatewayPorts = optional types.str "no";
          StrictModes = optionalFlag true;
          X11Forwarding = optionalFlag false;
          UseDns = optionalFlag false;
          PrintMotd = optionalFlag false;
          LogLevel = optional (types.enum [
            "QUIET"
            "FATAL"
            "ERROR"
            "INFO"
            "VERBOSE"
            "DEBUG"
            "DEBUG1"
            "DEBUG2"
            "DEBUG3"
          ]) "INFO";
          AllowUsers = names null;
          AllowGroups = names null;
          DenyUsers = names null;
          DenyGroups = names null;
          KexAlgorithms = names [
            "sntrup761x25519-sha512@openssh.com"
            "curve25519-sha256"
            "curve25519-sha256@libssh.org"
            "diffie-hellman-group-exchange-sha256"
          ];
          Ciphers = names [
            "chacha20-poly1305@openssh.com"
            "aes256-gcm@openssh.com"
            "aes128-gcm@openssh.com"
            "aes256-ctr"
            "aes192-ctr"
            "aes128-ctr"
          ];
          Macs = names [
            "hmac-sha2-512-etm@openssh.com"
            "hmac-sha2-256-etm@openssh.com"
            "umac-128-etm@openssh.com"
          ];
        };
      };
    };
  };
}
