//! Generations: how they are listed, where a rollback leads, and what garbage collection leaves of them.

use crate::host::Host;
use crate::programs::play;

const SYSTEM: &str = "/nix/var/nix/profiles/system";

fn marked(number: u8) -> String {
    format!("environment.etc.mark.text = \"{number}\";")
}

/// Generation 1 as the lab made it, and two more, of which each knows its number.
fn three() -> Host {
    let host = Host::with(&marked(2));
    host.switch(&marked(3));
    host
}

fn profile(host: &Host) -> String {
    host.root(&format!("readlink {SYSTEM}"))
}

#[test]
fn a_rollback_means_the_one_before_now_and_moves() {
    let host = three();
    for program in ["bash", "ng"] {
        play(&host, program);
        host.root(&format!("nix-env -p {SYSTEM} --switch-generation 3"));
        assert_eq!(host.rebuild("switch --rollback").code, 0);
        assert_eq!(
            (profile(&host), host.root("cat /etc/mark")),
            ("system-2-link".to_owned(), "2".to_owned())
        );
        assert_eq!(host.rebuild("switch --rollback").code, 0);
        assert_eq!(profile(&host), "system-1-link");
        let said = host.rebuild("switch --rollback");
        assert!(
            said.code != 0 && said.stderr.contains("no profile version older than the current"),
            "{said}"
        );
    }
}

#[test]
fn a_rollback_for_a_test_may_lead_to_a_newer_generation() {
    let host = three();
    host.root(&format!("nix-env -p {SYSTEM} --switch-generation 2"));
    play(&host, "bash");
    assert_eq!(host.rebuild("test --rollback").code, 0);
    assert!(!host.holds("test -e /etc/mark"));
    play(&host, "ng");
    assert_eq!(host.rebuild("test --rollback").code, 0);
    assert_eq!(host.root("cat /etc/mark"), "3");
    assert_eq!(profile(&host), "system-2-link");
}

#[test]
fn the_way_back_is_exact_by_number_and_by_path() {
    let host = three();
    let noted = host.root("readlink -f /run/current-system");
    host.edit(&marked(4));
    assert_eq!(host.rebuild("switch").code, 0);

    host.root(&format!("nix-env -p {SYSTEM} --switch-generation 3"));
    host.root(&format!("{SYSTEM}/bin/switch-to-configuration switch"));
    assert_eq!((profile(&host), host.root("cat /etc/mark")), ("system-3-link".to_owned(), "3".to_owned()));
    assert_eq!(host.root("cat /boot/loader/loader.conf | tail -n 1"), "default nixos-generation-3.conf");

    // What was only tried out has no number.
    host.edit(&marked(5));
    assert_eq!(host.rebuild("test").code, 0);
    assert_eq!(host.root("cat /etc/mark"), "5");
    host.root(&format!("{noted}/bin/switch-to-configuration test"));
    assert_eq!(host.root("cat /etc/mark"), "3");
    assert_eq!(host.root("readlink -f /run/current-system"), noted);
}

#[test]
fn collecting_garbage_deletes_what_one_could_go_back_to_but_not_what_a_root_holds() {
    let host = three();
    let second = host.root(&format!("readlink -f {SYSTEM}-2-link"));
    host.root(&format!("ln -s {second} /nix/var/nix/gcroots/held"));
    host.root("nix-collect-garbage -d");
    assert_eq!(host.root(&format!("ls -d {SYSTEM}-*")), format!("{SYSTEM}-3-link"));
    assert_ne!(host.rebuild("switch --rollback").code, 0);
    assert_ne!(host.rebuild("test --rollback").code, 0);

    let menu = "ls /boot/loader/entries | tr -cd '0-9\n'";
    assert_eq!(host.root(menu), "1\n2\n3");
    host.root(&format!("{SYSTEM}/bin/switch-to-configuration boot"));
    assert_eq!(host.root(menu), "3");

    host.root(&format!("{second}/bin/switch-to-configuration test"));
    assert_eq!(host.root("cat /etc/mark"), "2");
    // The switch to it made it what runs, which holds it too.
    host.root(&format!("{SYSTEM}/bin/switch-to-configuration test; rm /nix/var/nix/gcroots/held"));
    host.root("nix-collect-garbage");
    assert!(!host.holds(&format!("test -e {second}")));
}

/// The fields of the newest generation in the list.
fn newest(host: &Host, environment: &str) -> Vec<String> {
    let listed = host.root(&format!("{environment} nixos-rebuild list-generations --json"));
    let first = listed.split('}').next().unwrap().replace(['\n', ' '], "");
    first.trim_start_matches("[{").split(",\"").map(ToOwned::to_owned).collect()
}

#[test]
fn the_list_tells_version_revision_and_specialisations() {
    let host = Host::with(
        "system.configurationRevision = \"abc123\"; system.nixos.label = \"mine\";
         specialisation = { big.configuration = { }; small.configuration = { }; };",
    );
    for program in ["bash", "ng"] {
        play(&host, program);
        let fields = newest(&host, "");
        let expected = [
            (0, "\"generation\":2"),
            (2, "nixosVersion\":\"mine\""),
            (3, "kernelVersion\":\"6.6.66\""),
            (4, "configurationRevision\":\"abc123\""),
            (5, "specialisations\":[\"big\""),
            (6, "small\"]"),
            (7, "current\":true"),
        ];
        for (at, field) in expected {
            assert_eq!(fields[at], field, "{program}: {fields:?}");
        }
    }
    assert_eq!(
        host.root("nixos-version --json; nixos-version --configuration-revision"),
        "{\"configurationRevision\":\"abc123\",\"nixosVersion\":\"mine\"}\nabc123"
    );
    // What is current is what boots, not what runs.
    host.root(&format!("nix-env -p {SYSTEM} --switch-generation 1"));
    assert!(newest(&host, "").contains(&"current\":false".to_owned()));
}

#[test]
fn dates_are_universal_in_one_program_and_local_in_the_other() {
    let host = Host::up();
    let dates = |program| {
        play(&host, program);
        ["TZ=UTC", "TZ=JST-9"].map(|zone| newest(&host, zone)[1].replace("date\":", "").replace('"', ""))
    };
    let shape =
        |date: &str| -> String { date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() };
    let [here, there] = dates("bash");
    assert_eq!((shape(&here).as_str(), &here), ("0000-00-00T00:00:00Z", &there));
    let [here, there] = dates("ng");
    // The space between day and time is lost in `newest`.
    assert_eq!((shape(&here).as_str(), shape(&there).as_str()), ("0000-00-0000:00:00", "0000-00-0000:00:00"));
    assert_ne!(here, there);
}

#[test]
fn two_systems_can_be_compared() {
    let host = Host::with("environment.systemPackages = [ pkgs.hello ];");
    let compare = format!("store diff-closures {SYSTEM}-1-link {SYSTEM}-2-link");
    let said = host.try_root(&format!("nix {compare}"));
    assert!(
        said.code == 1 && said.stderr.contains("experimental Nix feature 'nix-command' is disabled"),
        "{said}"
    );
    let said = host.root(&format!("nix --extra-experimental-features nix-command {compare}"));
    assert!(said.lines().any(|line| line.starts_with("hello: ∅ → 2.12.2")), "{said}");
}
