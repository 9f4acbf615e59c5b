//! Whatever a name server says: a machine that is monitored is changed under no name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use common::{Home, Ran};
use nixi_lab::{Image, KeyKind, Lab, Machine, NameServer};
use serde_json::json;

const WEB: &str = "web";
const MON: &str = "mon";
const REMOVE: [&str; 7] =
    ["call", "container.remove", "names=sleeper", "--node", WEB, "--yes=destructive", "--json"];

struct House {
    lab: Lab,
    dns: NameServer,
}

impl House {
    fn new() -> Self {
        let lab = Lab::up(&[WEB, MON]).unwrap();
        for machine in lab.machines() {
            machine.wait_until_booted().unwrap();
            machine.import(Image::Sleeper).unwrap();
            run_sleeper(machine);
        }
        Self { lab, dns: NameServer::start().unwrap() }
    }

    fn web(&self) -> &Machine {
        self.lab.machine(WEB)
    }

    fn mon(&self) -> &Machine {
        self.lab.machine(MON)
    }

    /// A home in which the two nodes are at these hosts, and these keys are known.
    fn home(&self, web: &str, mon: &str, known: &str) -> Home {
        let node = |machine: &Machine, host: &str, mode: &str| {
            machine.node(mode).replace(&machine.address().to_string(), host)
        };
        let text = node(self.web(), web, "managed") + &node(self.mon(), mon, "monitored");
        let home = Home::with_config(&text);
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        std::fs::write(home.path().join(".ssh/known_hosts"), known).unwrap();
        home
    }

    fn nixi(&self, home: &Home, args: &[&str]) -> Ran {
        let mut command = self.dns.asked_by(&home.command(args), home.path()).unwrap();
        Ran::from(command.output().unwrap())
    }

    /// Nothing of what was asked for happened on the monitored machine.
    fn is_untouched(&self, told: &Ran) {
        assert!(is_there(self.mon()), "{told:?}");
    }
}

fn run_sleeper(machine: &Machine) {
    machine.run(Image::Sleeper, "sleeper").unwrap();
}

fn is_there(machine: &Machine) -> bool {
    machine.root("podman container exists sleeper").is_ok()
}

fn is_refused(house: &House, home: &Home, what: &str) {
    let ran = house.nixi(home, &REMOVE);
    let document = ran.document();
    let result = &document["results"][0];
    assert_eq!((ran.code, &result["status"]), (3, &json!("refused")), "{what}: {document}");
    assert_eq!(result["error"]["kind"], "read_only", "{what}: {document}");
    house.is_untouched(&ran);
    let ran = house.nixi(home, &["call", "container.list", "--node", WEB]);
    assert_eq!(ran.code, 0, "reads go on: {ran:?}");
}

#[test]
fn a_name_that_leads_to_a_monitored_machine_changes_nothing_there() {
    let house = House::new();
    let (web, mon) = (house.web().address(), house.mon().address());
    let (at_web, at_mon) = (web.to_string(), mon.to_string());
    let known = house.lab.known_hosts().unwrap();
    house.dns.set("box.test", &[mon]);
    house.dns.set("other.box.test", &[mon]);

    // The monitored one is known by its address, with and without its key on record; by name; and both by names.
    for (host, monitored, keys) in [
        ("box.test", at_mon.as_str(), known.as_str()),
        ("box.test", &at_mon, ""),
        ("BOX.Test", &at_mon, ""),
        ("box.test.", &at_mon, &known),
        (&at_mon, "box.test", ""),
        ("other.box.test", "box.test", ""),
        ("other.box.test", "box.test", &known),
    ] {
        is_refused(&house, &house.home(host, monitored, keys), &format!("{host} and {monitored}"));
    }

    // By the SSH configuration.
    let home = house.home("box", &at_mon, "");
    std::fs::write(home.path().join(".ssh/config"), "Host box\nHostName %h.test\n").unwrap();
    is_refused(&house, &home, "HostName");

    // It is not adopted by another name either.
    let home = house.home(&at_web, &at_mon, "");
    let identity = house.mon().identity().to_str().unwrap();
    let ran = house.nixi(&home, &["adopt", "new", "box.test", "nixi", "managed", "--identity", identity]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("that machine is there already, as mon (monitored)"), "{ran:?}");

    // A name that moves: the key of the machine it led to is on record.
    house.dns.set("moving.test", &[web]);
    let home = house.home("moving.test", &at_mon, "");
    assert_eq!(house.nixi(&home, &["call", "container.list", "--node", WEB]).code, 0);
    house.dns.set("moving.test", &[mon]);
    let ran = house.nixi(&home, &REMOVE);
    let document = ran.document();
    assert_eq!(
        (ran.code, &document["results"][0]["error"]["kind"]),
        (4, &json!("host_key_changed")),
        "{document}"
    );
    house.is_untouched(&ran);

    // `CheckHostIP yes`: the key of the name is right, and another one is on record for the address.
    let key = |machine: &Machine| machine.public_host_key(KeyKind::Ed25519).unwrap();
    house.dns.set("checked.test", &[web]);
    for (option, at_address, code) in
        [("yes", house.mon(), 4), ("yes", house.web(), 0), ("no", house.mon(), 0)]
    {
        let known = format!("checked.test {}\n{at_web} {}\n", key(house.web()), key(at_address));
        let home = house.home("checked.test", "192.0.2.1", &known);
        std::fs::write(home.path().join(".ssh/config"), format!("CheckHostIP {option}\n")).unwrap();
        let (ran, words) = (
            house.nixi(&home, &["call", "container.list", "--node", WEB]),
            format!("for {at_web} (CheckHostIP)"),
        );
        assert_eq!((ran.code, ran.err.contains(&words)), (code, code == 4), "{option}: {ran:?}");
    }

    // A name of two machines, in both orders: whichever answers, the monitored one is left alone.
    for both in [[web, mon], [mon, web]] {
        house.dns.set("both.test", &both);
        let ran = house.nixi(&house.home("both.test", &at_mon, ""), &REMOVE);
        assert!(ran.code == 0 || ran.code == 3, "{ran:?}");
        house.is_untouched(&ran);
        if !is_there(house.web()) {
            run_sleeper(house.web());
        }
    }

    // A name server that is silent: what a key on record tells is told, and what cannot be told is left to a person.
    house.dns.fall_silent();
    let home = house.home(&at_web, "far.test", "");
    let ran = house.nixi(&home, &REMOVE);
    let document = ran.document();
    assert_eq!(
        (ran.code, &document["results"][0]["error"]["kind"]),
        (3, &json!("approval_required")),
        "{document}"
    );
    assert_eq!(document["results"][0]["plan"]["untold"], json!([MON]), "{document}");
    assert!(is_there(house.web()));
    let known = known.replace(&at_mon, "far.test");
    let ran = house.nixi(&house.home(&at_web, "far.test", &known), &REMOVE);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!is_there(house.web()));
    house.is_untouched(&ran);
}
