//! The blob that a host shows as its key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_ssh::fuzzing::{judge, recorded};

fuzz_target!(|blob: &[u8]| {
    let Some(line) = recorded("web", 22, blob) else {
        assert_eq!(judge(b"", "web", 22, blob), None);
        return;
    };
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(line.split_whitespace().count(), 3, "{line:?}");
    assert_eq!(judge(b"", "web", 22, blob), Some("new"));
    // Written down, it is known; or it is not whole, and then nothing is taken any more.
    let again = judge(line.as_bytes(), "web", 22, blob);
    assert!(matches!(again, Some("known" | "undecided")), "{again:?}");
    let revoked = format!("@revoked * {line}").replacen("* web", "*", 1);
    let again = judge(revoked.as_bytes(), "web", 22, blob);
    assert!(matches!(again, Some("revoked" | "undecided")), "{again:?}");
});
