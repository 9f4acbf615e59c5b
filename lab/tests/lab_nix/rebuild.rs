//! nixos-rebuild, in both of its programs.

use nixi_lab::{Lab, MachineSpec};

const FAILING: &str = r#"systemd.services.broken = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.Type = "oneshot";
    script = "exit 3";
};"#;

/// The program that was a shell script says 1 to everything; the one in Python passes on what it was told.
#[test]
fn a_failed_switch_ends_with_1_in_one_program_and_4_in_the_other() {
    let lab = Lab::builder().machine(MachineSpec::new("web")).up().unwrap();
    let web = lab.machine("web");
    let configuration = web.read("/etc/nixos/configuration.nix").unwrap();
    let (before, _) = configuration.rsplit_once('}').unwrap();
    web.write("/etc/nixos/configuration.nix", &format!("{before}{FAILING}\n}}\n")).unwrap();
    for (program, code, warns) in [("bash", 1, true), ("ng", 4, false)] {
        web.write("/etc/nixi-lab/rebuild", program).unwrap();
        let said = web.try_root("nixos-rebuild switch").unwrap();
        assert_eq!(said.code, code, "{program}: {said}");
        assert!(
            said.stderr.contains("warning: the following units failed: broken.service"),
            "{program}: {said}"
        );
        let warning = "warning: error(s) occurred while switching to the new configuration";
        assert_eq!(said.stderr.contains(warning), warns, "{program}: {said}");
        assert_eq!(
            web.try_root("nixos-rebuild switch --no-such-flag").unwrap().code,
            if warns { 1 } else { 2 }
        );
    }
}

#[test]
fn generations_are_listed_newest_first_for_anybody() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.root("sed -i 's/hostName = \"web\"/hostName = \"other\"/' /etc/nixos/configuration.nix").unwrap();
    web.root("nixos-rebuild switch").unwrap();
    let as_user = "sudo -u nixi -- env PATH=$PATH nixos-rebuild list-generations --json";
    let listed = web.root(as_user).unwrap();
    let fields =
        ["generation", "date", "nixosVersion", "kernelVersion", "configurationRevision", "specialisations"];
    assert!(fields.iter().all(|field| listed.contains(&format!("\"{field}\""))), "{listed}");
    let (newest, oldest) = (listed.find("\"generation\": 2"), listed.find("\"generation\": 1"));
    assert!(newest.is_some() && newest < oldest, "{listed}");
    let list = "nix-env -p /nix/var/nix/profiles/system --list-generations";
    assert!(web.root(list).unwrap().contains("(current)"));
    let said = web.try_root(&format!("sudo -u nixi -- env PATH=$PATH {list}")).unwrap();
    let lock = "opening lock file '/nix/var/nix/profiles/system.lock': Permission denied";
    assert!(said.code == 1 && said.stderr.contains(lock), "{said}");
    let version = web.root("nixos-version --json").unwrap();
    assert!(version.contains("\"nixosVersion\""), "{version}");
}
