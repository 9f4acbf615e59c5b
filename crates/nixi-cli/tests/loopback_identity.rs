//! One machine under two names: what is monitored under one of them is changed under none.
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
use nixi_lab::Sshd;
use serde_json::json;

fn node(name: &str, host: &str, mode: &str, more: &str) -> String {
    format!("[[nodes]]\nname = \"{name}\"\nhost = \"{host}\"\nuser = \"nixi\"\nmode = \"{mode}\"\n{more}")
}

/// Of each pair, the first is declared read-only.
const SPELLINGS: [(&str, &str); 16] = [
    ("::1", "0:0:0:0:0:0:0:1"),
    ("::1", "::0001"),
    ("2001:db8::1", "2001:db8:0:0:0:0:0:1"),
    ("2001:db8::a", "2001:DB8::A"),
    ("web.lan", "web.lan."),
    ("web.lan", "WEB.LAN"),
    ("127.0.0.1", "::ffff:127.0.0.1"),
    ("127.0.0.1", "::ffff:7f00:1"),
    ("127.0.0.1", "127.1"),
    ("127.0.0.1", "2130706433"),
    ("127.0.0.1", "127.0.0.01"),
    ("127.0.0.1", "0x7f.0.0.1"),
    ("127.0.0.1", "0177.1"),
    ("127.0.0.1", "127.0.0.1."),
    ("127.0.0.1", "0.0.0.0"),
    ("192.0.2.1", "64:ff9b::192.0.2.1"),
];

#[test]
fn two_spellings_of_one_machine_in_two_modes_are_refused_as_one() {
    for (one, other) in SPELLINGS {
        let home = Home::with_config(&(node("a", one, "monitored", "") + &node("b", other, "managed", "")));
        let ran = home.nixi(&["config", "check"]);
        assert_eq!(ran.code, 2, "{one} {other}: {ran:?}");
        assert!(
            ran.err.contains("one machine cannot be both managed and monitored"),
            "{one} {other}: {ran:?}"
        );
        assert!(ran.err.contains(&format!("monitored as a (written {one})")), "{one} {other}: {ran:?}");
        // The same by way of the SSH configuration, and by one name there.
        let home =
            Home::with_config(&(node("a", "left", "monitored", "") + &node("b", "right", "managed", "")));
        let ssh = home.path().join(".ssh");
        std::fs::create_dir(&ssh).unwrap();
        for text in [
            format!("Host left\nHostName {one}\nHost right\nHostName {other}\n"),
            "Host left right\nHostKeyAlias box\n".to_owned(),
        ] {
            std::fs::write(ssh.join("config"), text).unwrap();
            let ran = home.nixi(&["config", "check"]);
            assert_eq!(ran.code, 2, "{one} {other}: {ran:?}");
            assert!(
                ran.err.contains("a (monitored) and b (managed) are one machine"),
                "{one} {other}: {ran:?}"
            );
        }
        // In one mode they may stand side by side.
        let home = Home::with_config(&(node("a", one, "managed", "") + &node("b", other, "managed", "")));
        assert_eq!(home.nixi(&["config", "check"]).code, 0, "{one} {other}");
    }
}

fn machine() -> Sshd {
    let sshd = Sshd::builder().record_commands().start().unwrap();
    sshd.stub_programs().unwrap();
    sshd.container("a", "docker.io/library/nginx:1", true).unwrap();
    sshd
}

fn home(sshd: &Sshd, monitored: &str, managed: &str) -> Home {
    let more = format!("port = {}\nidentity = {:?}\n", sshd.port(), sshd.identity());
    let text = node("mon", monitored, "monitored", &more) + &node("web", managed, "managed", &more);
    Home::with_config(&text.replace("\"nixi\"", &format!("{:?}", sshd.user())))
}

const REMOVE: [&str; 5] = ["call", "container.remove", "names=a", "--node", "web"];

fn remove(home: &Home) -> Ran {
    home.nixi(&[&REMOVE[..], &["--yes=destructive", "--json"]].concat())
}

fn is_refused(home: &Home, sshd: &Sshd, how: &str) {
    let ran = remove(home);
    let document = ran.document();
    let result = &document["results"][0];
    assert_eq!((ran.code, &result["status"]), (3, &json!("refused")), "{document}");
    assert_eq!(result["error"]["kind"], "read_only", "{document}");
    let message = result["error"]["message"].as_str().unwrap();
    for told in ["web", "mon", "monitored", how] {
        assert!(message.contains(told), "{told}: {document}");
    }
    assert_eq!(sshd.container_state("a").as_deref(), Some("running"));
    let sent = sshd.commands();
    assert!(!sent.iter().any(|line| line.contains(" rm ")), "{sent:?}");
    // Reads go on.
    let ran = home.nixi(&["call", "container.list", "--node", "web"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Nobody has ever connected to either, so there is no host key to go by.
#[test]
fn a_name_that_resolves_to_a_monitored_machine_is_not_changed() {
    for (monitored, managed) in
        [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.1")]
    {
        let sshd = machine();
        let home = home(&sshd, monitored, managed);
        // At another address of its own it is told by the key that it shows.
        let how =
            if monitored == "127.0.0.2" { sshd.fingerprint().unwrap() } else { "at one address".to_owned() };
        is_refused(&home, &sshd, &how);
    }
}

/// The key is on record, or was shown before, whatever the address.
#[test]
fn a_machine_with_the_key_of_a_monitored_one_is_not_changed() {
    let sshd = machine();
    let key = sshd.fingerprint().unwrap();
    let known = home(&sshd, "192.0.2.7", "127.0.0.1");
    let ssh = known.path().join(".ssh");
    std::fs::create_dir(&ssh).unwrap();
    std::fs::write(ssh.join("known_hosts"), sshd.known_hosts_line("192.0.2.7").unwrap() + "\n").unwrap();
    is_refused(&known, &sshd, &key);

    let seen = home(&sshd, "127.0.0.3", "127.0.0.1");
    assert_eq!(seen.nixi(&["call", "clock.now", "--node", "mon"]).code, 0);
    is_refused(&seen, &sshd, &key);

    // By the SSH configuration, and by way of a jump host, which looks the name up itself.
    let led = home(&sshd, "127.0.0.3", "box");
    std::fs::create_dir(led.path().join(".ssh")).unwrap();
    std::fs::write(led.path().join(".ssh/config"), "Host box\nHostName 127.0.0.4\n").unwrap();
    is_refused(&led, &sshd, &key);
    let jump = machine();
    let text = led.config_text()
        + &format!(
            "proxy_jump = \"gate\"\n[[nodes]]\nname = \"gate\"\nhost = \"127.0.0.1\"\nport = {}\nuser = {:?}\nidentity = {:?}\n",
            jump.port(),
            jump.user(),
            jump.identity()
        );
    std::fs::write(led.config(), text).unwrap();
    is_refused(&led, &sshd, &key);
}

#[test]
fn a_monitored_machine_is_not_adopted_under_another_name() {
    let sshd = machine();
    let home = home(&sshd, "127.0.0.1", "192.0.2.1");
    let before = home.config_text();
    let (port, identity) = (sshd.port().to_string(), sshd.identity().to_str().unwrap().to_owned());
    for (host, mode) in [("localhost", "managed"), ("127.0.0.3", "managed"), ("127.0.0.1.", "managed")] {
        let ran =
            home.nixi(&["adopt", "new", host, sshd.user(), mode, "--port", &port, "--identity", &identity]);
        assert_eq!(ran.code, 2, "{host}: {ran:?}");
        assert!(ran.err.contains("that machine is there already, as mon (monitored)"), "{host}: {ran:?}");
        assert_eq!(home.config_text(), before, "{host}");
        let known = std::fs::read_to_string(home.path().join(".ssh/known_hosts")).unwrap_or_default();
        assert!(!known.contains(&format!("[{host}]")), "{host}: {known}");
    }
    // The same mode is nobody's harm, and is told.
    let ran = home.nixi(&[
        "adopt",
        "new",
        "127.0.0.3",
        sshd.user(),
        "monitored",
        "--port",
        &port,
        "--identity",
        &identity,
    ]);
    assert!(ran.code == 0 && ran.out.contains("mon is the same machine"), "{ran:?}");
}

/// Plans of many nodes are made side by side, and each of them waits until the key is seen.
#[test]
fn no_plan_of_many_is_made_before_a_stranger_has_shown_its_key() {
    let (web, mon) = (machine(), machine());
    let at = |sshd: &Sshd, mode: &str, names: &[(&str, &str)]| -> String {
        let more = format!("port = {}\nidentity = {:?}\n", sshd.port(), sshd.identity());
        names.iter().map(|(name, host)| node(name, host, mode, &more)).collect()
    };
    let managed = at(&web, "managed", &[("a", "127.0.0.1"), ("b", "127.0.0.2"), ("c", "127.0.0.3")]);
    let text = managed + &at(&mon, "monitored", &[("mon", "127.0.0.1")]);
    let home = Home::with_config(&text.replace("\"nixi\"", &format!("{:?}", web.user())));
    let call = ["call", "service.restart", "names=nginx", "--node", "a,b,c", "--dry-run"];
    web.unit("nginx.service", "active").unwrap();
    let (code, document) = home.json(&call);
    assert_eq!(code, 0, "{document}");
    assert!(!document.to_string().contains("monitored as"), "{document}");
    assert_eq!(mon.logins(), 1, "it is asked once");
}

#[test]
fn a_plan_shows_by_which_way_it_goes_to_which_address() {
    let (sshd, jump) = (machine(), machine());
    let more = format!(
        "port = {}\nidentity = {:?}\nproxy_jump = \"{}@localhost:{}\"\n[ssh]\nidentity = [{:?}]\n",
        sshd.port(),
        sshd.identity(),
        jump.user(),
        jump.port(),
        jump.identity()
    );
    let home = Home::with_config(
        &node("web", "127.0.0.1", "managed", &more).replace("\"nixi\"", &format!("{:?}", sshd.user())),
    );
    let ran = home.nixi(&REMOVE);
    let user = sshd.user();
    let route = format!(
        "route     {user}@127.0.0.1:{}, by way of {}@127.0.0.1:{} (localhost)",
        sshd.port(),
        jump.user(),
        jump.port()
    );
    assert!(ran.err.contains(&route), "{route}: {ran:?}");
    let (_, document) = home.json(&REMOVE);
    let way = &document["results"][0]["plan"]["route"];
    assert_eq!(way[0]["address"], "127.0.0.1", "{way}");
    assert_eq!((&way[0]["host"], &way[1]["port"]), (&json!("localhost"), &json!(sshd.port())), "{way}");
    assert_eq!(way[1]["address"], json!(null), "{way}");
}
