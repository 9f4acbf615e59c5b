//! A known_hosts file of any bytes: read for a host, judged, extended, and a host taken out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_core::{Given, Jump, SshTarget};
use nixi_ssh::fuzzing::{judge, recorded, take_out};

/// The first byte chooses the host; the rest is the file.
const HOSTS: [(&str, u16); 6] =
    [("web", 22), ("web", 2222), ("::1", 22), ("0:0::1", 2222), ("192.168.1.9", 22), ("a.lan", 22)];

/// The key of seeds/known_hosts, and one that no seed has.
const KEY: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];

fn blob(key: [u8; 32]) -> Vec<u8> {
    [b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &key].concat()
}

fn target((host, port): (&str, u16)) -> SshTarget {
    SshTarget {
        host: host.parse().expect("a host"),
        port: port.try_into().expect("a port"),
        user: "nixi".parse().expect("a user"),
        identity: None,
        given: Given::ALL,
        jump: Jump::Direct,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, text)) = input.split_first() else { return };
    let (host, port) = HOSTS[usize::from(choice) % HOSTS.len()];
    let verdicts = |text: &[u8], (host, port)| [KEY, OTHER].map(|key| judge(text, host, port, &blob(key)));
    let before = verdicts(text, (host, port));

    // What is written down for a new host is what the next connect finds.
    for (key, verdict) in [KEY, OTHER].into_iter().zip(&before) {
        if *verdict == Some("new") {
            let line = recorded(host, port, &blob(key)).expect("a key");
            let longer = [text, b"\n", line.as_bytes()].concat();
            assert_eq!(judge(&longer, host, port, &blob(key)), Some("known"));
        }
    }

    let (left, lines) = take_out(text, &target((host, port)), &[]);
    assert_eq!(left == text, lines == 0);
    assert!(left.len() <= text.len());
    assert_eq!(take_out(&left, &target((host, port)), &[]).1, 0, "once is enough");
    // A host of another name is as well known as before.
    for other in [("c", 22), ("c", 2222), ("fe80::1", 22)] {
        assert_eq!(verdicts(text, other), verdicts(&left, other));
    }
    // A host that is kept keeps what it has, and so does everybody else.
    let kept = [target((host, port))];
    assert_eq!(take_out(text, &target((host, port)), &kept).1, 0);
});
