//! What tells the two programs named nixos-rebuild apart, and what they share.

use crate::host::Host;

const HELLO: &str = "environment.systemPackages = [ pkgs.hello ];";
const PROGRAMS: [&str; 2] = ["bash", "ng"];

/// Makes nixos-rebuild the shell program or the Python one.
pub(crate) fn play(host: &Host, program: &str) {
    host.machine().write("/etc/nixi-lab/rebuild", program).unwrap();
}

#[test]
fn each_program_takes_its_own_flags_and_refuses_the_others() {
    let host = Host::up();
    let code = |flags: &str| host.rebuild(&format!("dry-build {flags}")).code;

    play(&host, "bash");
    assert_eq!(code("--fast --use-remote-sudo --option cores 1"), 0);
    for flag in ["--no-reexec", "--sudo", "--elevate=sudo", "--diff", "--store-path /nix/store"] {
        let said = host.rebuild(&format!("dry-build {flag}"));
        let name = flag.split(' ').next().unwrap();
        assert!(said.code == 1 && said.stderr.contains(&format!("unknown option `{name}'")), "{said}");
    }

    play(&host, "ng");
    assert_eq!(code("--no-reexec --sudo --fast"), 0);
    let said = host.rebuild("dry-build --use-remote-sudo");
    assert!(said.code == 0 && said.stderr.contains("deprecated, use --sudo instead"), "{said}");
    let said = host.rebuild("dry-build --diff");
    assert!(said.code == 2 && said.stderr.contains("unrecognized arguments: --diff"), "{said}");

    for program in PROGRAMS {
        play(&host, program);
        assert_ne!(code("switch"), 0, "{program}: two actions");
        let said = host.rebuild("boot --specialisation x");
        assert!(said.code == 1 && said.stderr.contains("can only be used with"), "{program}: {said}");
        let said = host.rebuild("build --flake . --attr x");
        assert!(said.code != 0 && said.stderr.contains("cannot be used with"), "{program}: {said}");
    }
}

#[test]
fn a_build_leaves_a_link_and_a_switch_does_not() {
    let host = Host::up();
    let link = "cd /root; readlink -f result; rm -f result";
    for program in PROGRAMS {
        play(&host, program);
        host.edit(&format!("environment.etc.program.text = \"{program}\";"));
        host.root("cd /root; nixos-rebuild build");
        let built = host.root(link);
        assert!(host.holds(&format!("grep -x {program} {built}/etc/program")));
        assert_eq!(built, host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link"));
        host.root("cd /root; nixos-rebuild switch; test ! -e result");
        assert_eq!(built, host.root("readlink -f /run/current-system"));
    }
}

#[test]
fn the_python_program_ends_with_the_path_on_standard_output() {
    let host = Host::up();
    play(&host, "bash");
    let said = host.switch(HELLO);
    assert_eq!(said.stdout, "");
    play(&host, "ng");
    let said = host.switch("");
    assert!(said.stderr.ends_with("Done. The new configuration is "), "{said}");
    assert_eq!(said.stdout.trim(), host.root("readlink -f /run/current-system"));
}

/// So 100 does not mean by itself that a reboot is needed.
#[test]
fn a_failed_build_is_100_for_nix_build_and_1_for_nix_and_changes_nothing() {
    let host = Host::up();
    let bad = "environment.etc.bad.source = pkgs.runCommand \"bad\" { } \"exit 7\";";
    for program in PROGRAMS {
        play(&host, program);
        host.refuses(bad, "-bad.drv' failed with exit code 7");
        assert_eq!(host.root("ls -d /nix/var/nix/profiles/system-*"), "/nix/var/nix/profiles/system-1-link");
    }
    assert_eq!(host.try_root("nix-build '<nixpkgs/nixos>' -A system --no-out-link").code, 100);
    let nix = "nix --extra-experimental-features nix-command build --no-link --file '<nixpkgs/nixos>' system";
    assert_eq!(host.try_root(nix).code, 1);
}

#[test]
fn a_second_rebuild_meets_the_unit_of_the_first_with_its_profile_set_already() {
    let host = Host::up();
    host.root("systemd-run --quiet --unit=nixos-rebuild-switch-to-configuration sleep infinity");
    let running = host.root("readlink -f /run/current-system");
    host.edit(HELLO);
    for program in PROGRAMS {
        play(&host, program);
        let said = host.rebuild("switch");
        let words = "nixos-rebuild-switch-to-configuration.service was already loaded";
        assert!(said.code != 0 && said.stderr.contains(words), "{program}: {said}");
        assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-2-link");
        assert_eq!(host.root("readlink -f /run/current-system"), running);
    }
}

#[test]
fn a_user_builds_himself_and_takes_sudo_for_the_rest() {
    let host = Host::up();
    for (number, program, flag) in [(2, "bash", "--use-remote-sudo"), (3, "ng", "--sudo")] {
        play(&host, program);
        host.edit(&format!("environment.etc.program.text = \"{program}\";"));
        let (code, _, said) = host.ssh("nixos-rebuild switch");
        assert!(code != Some(0) && said.contains("Permission denied"), "{program}: {said}");
        let (code, _, said) = host.ssh(&format!("nixos-rebuild switch {flag}"));
        assert_eq!(code, Some(0), "{program}: {said}");
        assert_eq!(host.root("cat /etc/program"), program);
        assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), format!("system-{number}-link"));
    }
}

#[test]
fn the_boot_loader_itself_is_installed_only_when_told_to() {
    let host = Host::up();
    host.root("rm /boot/loader/installed; cd /root; nixos-rebuild boot; test ! -e /boot/loader/installed");
    host.root("cd /root; nixos-rebuild boot --install-bootloader; test -e /boot/loader/installed");
}
