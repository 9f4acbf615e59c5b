//! The user's SSH configuration, of any bytes: read, and asked about hosts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_ssh::fuzzing::ssh_config;

fuzz_target!(|bytes: &[u8]| {
    let hosts = ["web", "db", "10.0.0.1", "fe80::1%eth0"];
    let told = hosts.map(|host| ssh_config(bytes, host));
    // Who asks, and how often, changes nothing.
    assert_eq!(told, hosts.map(|host| ssh_config(bytes, host)));
    for answer in told.iter().flatten() {
        // A host is refused with a place, and never reached as something that cannot be shown.
        assert!(!answer.chars().any(char::is_control), "{answer:?}");
    }
    // What says nothing, before and behind, makes no difference.
    let padded = [b"# a \"note\n\n".as_slice(), bytes, b"\n   # \n"].concat();
    assert_eq!(told.map(|answer| answer.is_ok()), hosts.map(|host| ssh_config(&padded, host).is_ok()));
});
