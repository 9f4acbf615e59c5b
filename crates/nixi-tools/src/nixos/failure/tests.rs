//! Recorded: how versions of Nix from 2.3 to 2.34 say that nothing came of a build.

use super::*;

fn heard(said: &str) -> NixOutput {
    NixOutput::of(said.as_bytes())
}

fn node() -> NodeName {
    "web".parse().unwrap()
}

const DERIVATION: &str = "/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv";

/// Nix 2.3, which marks no line; 2.8; and 2.31, in which what depends on it may be told first.
const IN_WORDS: [&str; 3] = [
    "building '/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv'...
builder for '/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv' failed with exit code 3; last 3 log lines:
  one
  two
  the reason
cannot build derivation '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv': 1 dependencies couldn't be built
error: build of '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv' failed
",
    "error: builder for '/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv' failed with exit code 3;
       last 3 log lines:
       > one
       > two
       > the reason
       For full logs, run 'nix log /nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv'.
error: 1 dependencies of derivation '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv' failed to build
",
    "error: Cannot build '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv'.
       Reason: 1 dependency failed.
       Output paths:
         /nix/store/3q3hxld9r4i7x4xwp5m8hn7kbln76c2r-top-bad
error: Cannot build '/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv'.
       Reason: builder failed with exit code 3.
       Output paths:
         /nix/store/3q3hxld9r4i7x4xwp5m8hn7kbln76c2r-broken-1.0
       Last 3 log lines:
       > one
       > two
       > the reason
       For full logs, run:
         nix-store -l /nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv
",
];

#[test]
fn the_derivation_that_failed_is_named_with_its_last_lines() {
    for said in IN_WORDS {
        let broken = Broken::of(&heard(said)).unwrap();
        assert_eq!(broken.derivation, DERIVATION, "{said}");
        assert_eq!(broken.lines, ["one", "two", "the reason"], "{said}");
        let report = broken.error(&node()).report();
        let expected = "the new system cannot be built, and nothing was changed: broken-1.0 failed with exit code 3\n> one\n> two\n> the reason";
        assert_eq!(report.message, expected, "{said}");
        assert_eq!(
            report.hint.unwrap(),
            format!("all that it printed is on web: `nix-store --read-log {DERIVATION}`")
        );
    }
}

/// As Nix 2.8 tells it in JSON, where the error has no lines if others were told before (from 2.4 to 2.34).
#[test]
fn lines_that_came_as_such_are_those_of_the_builder() {
    let mut said = format!(
        r#"@nix {{"action":"start","fields":["{DERIVATION}","",1,1],"id":21,"level":3,"text":"building '{DERIVATION}'","type":105}}
"#
    );
    for n in 0..300 {
        said.push_str(&format!(
            "@nix {{\"action\":\"result\",\"fields\":[\"line {n}\"],\"id\":21,\"type\":101}}\n"
        ));
    }
    said.push_str(&format!(
        r#"@nix {{"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m builder for '\u001b[35;1m{DERIVATION}\u001b[0m' failed with exit code 3"}}
@nix {{"action":"stop","id":21}}
@nix {{"action":"msg","column":null,"level":0,"msg":"\u001b[31;1merror:\u001b[0m 1 dependencies of derivation '/nix/store/x.drv' failed to build","raw_msg":"x"}}
"#
    ));
    let broken = Broken::of(&heard(&said)).unwrap();
    let report = broken.error(&node()).report();
    let lines: Vec<&str> = report.message.lines().collect();
    assert_eq!((lines.len(), lines[1], lines[15]), (16, "> line 285", "> line 299"), "{report:?}");
}

#[test]
fn what_a_node_lacks_is_told_with_what_to_do() {
    for (said, what) in [
        (
            "builder for '/nix/store/x.drv' failed with exit code 1; last 1 log lines:\n  dd: write: No space left on device",
            "a disk of web is full: ",
        ),
        (
            "error: builder for '/nix/store/x.drv' failed due to signal 9 (Killed)",
            "a program was killed, most likely because web ran out of memory: ",
        ),
        ("error: builder for '/nix/store/x.drv' failed with exit code 137", "a program was killed, "),
        (
            "error: builder for '/nix/store/x.drv' failed with exit code 1;\n       last 1 log lines:\n       > cc1plus: out of memory allocating 65536 bytes",
            "web ran out of memory: ",
        ),
        (
            "error: builder for '/nix/store/x.drv' failed with exit code 1;\n       last 1 log lines:\n       > curl: (6) Could not resolve host: github.com",
            "web could not download ",
        ),
    ] {
        let report = Broken::of(&heard(said)).unwrap().error(&node()).report();
        assert!(report.message.starts_with(what), "{report:?}");
        assert!(report.message.contains("nothing was changed") && report.hint.is_some(), "{report:?}");
    }
    for (said, what) in [
        ("error: writing to file: No space left on device", "a disk of web is full: "),
        (
            "error: executing SQLite statement 'x': database or disk is full (in '/nix/var/nix/db/db.sqlite')",
            "a disk of web is full: ",
        ),
        (
            "error: unable to download 'https://cache.nixos.org/x.narinfo': Couldn't resolve host name (6)",
            "web could not download ",
        ),
        (
            "error: unable to download 'https://cache.nixos.org/x': Could not resolve hostname (6) Could not resolve host: cache.nixos.org",
            "web could not download ",
        ),
        (
            "error: some substitutes for the outputs of derivation '/nix/store/x.drv' failed (usually happens due to networking issues); try '--fallback' to build derivation from source ",
            "web could not download ",
        ),
        (
            "error: SQLite database '/nix/var/nix/db/db.sqlite' is locked: database is locked",
            "another build on web holds the Nix store: ",
        ),
    ] {
        let report = lacking(&node(), said).unwrap().report();
        assert!(report.message.starts_with(what) && report.message.ends_with(said.trim()), "{report:?}");
    }
    // A file that is not there is not the network's fault.
    for said in
        ["error: unable to download 'https://x.org/y': HTTP error 404", "error: undefined variable 'x'", ""]
    {
        assert_eq!(lacking(&node(), said).map(|error| error.report()), None, "{said}");
    }
}

#[test]
fn a_daemon_that_does_not_answer_may_have_no_room() {
    let said = "error: cannot open connection to remote store 'daemon': error: reading from file: Connection reset by peer";
    assert!(
        lost_its_daemon(said)
            && !lost_its_daemon("error: unexpected token")
            && !lost_its_daemon("unexpected EOF")
    );
    let df = |available: &str| {
        format!(
            "Filesystem 1-blocks Used Available Capacity Mounted on\n/dev/vda 9 9 90000000000 1% /tmp\n/dev/vdb 100 100 {available} 100% /nix\n"
        )
    };
    let told = |df: &str| without_daemon(&node(), said, df).report();
    let full = told(&df("4096"));
    assert!(
        full.message.starts_with("a disk of web is full: ")
            && full.message.ends_with("\nno space left on /nix"),
        "{full:?}"
    );
    for df in [df("90000000000"), df("?"), String::new()] {
        let report = told(&df);
        assert!(report.message.starts_with("the Nix daemon of web does not answer: "), "{report:?}");
        assert!(report.message.ends_with(said) && report.hint.is_some(), "{report:?}");
    }
}

#[test]
fn no_builder_is_blamed_for_what_another_error_says() {
    for said in [
        "",
        "error: undefined variable 'x'",
        "error: Cannot build '/nix/store/x.drv'.\n       Reason: 1 dependency failed.",
        "builder for '",
        "Cannot build '",
    ] {
        assert_eq!(Broken::of(&heard(said)), None, "{said}");
    }
}

#[test]
fn a_reason_begins_at_the_error() {
    let said = "looking at x\nerror: undefined variable 'x'\n\n       at /etc/nixos/configuration.nix:3:1:\n(use '--show-trace' to show detailed location information)\n";
    assert_eq!(
        reason(said),
        ["error: undefined variable 'x'", "       at /etc/nixos/configuration.nix:3:1:"]
    );
    let long: String = (0..100).map(|n| format!("error: {n}\n")).collect();
    assert_eq!(reason(&long), ["error: 99"]);
    assert_eq!(reason("no\nword of it"), ["no", "word of it"]);
}
