//! Files made from the grammar, mistakes included.

use proptest::prelude::*;

/// Words with values that ssh takes.
const GOOD: &[(&str, &[&str])] = &[
    ("HostName", &["10.0.0.1", "10.0.0.2", "%h.lan", "Web.LAN", "127.1", "FE80:0::1", "fe80::1%%lo", "%%h"]),
    ("Port", &["22", "2222", "ssh", "+7"]),
    ("User", &["ops", "me", "alice@corp.example.com", "CORP\\a", "\"a b\"", "svc$"]),
    ("HostKeyAlias", &["k", "K2"]),
    ("ProxyJump", &["none", "b", "ops@b:2222", "a,b", "ssh://x@b:3", "a@b@c", "b # note"]),
    ("ProxyCommand", &["none", "nc %h %p", "None"]),
    ("IdentityFile", &["/k1", "/k2", "none", "\"/k 3\"", "'/k 3'"]),
    ("IdentitiesOnly", &["yes", "no", "TRUE"]),
    ("IdentityAgent", &["/run/a", "none", "SSH_AUTH_SOCK", "\"${HOME}/a\"", "$HOME"]),
    ("AddressFamily", &["inet", "inet6", "any"]),
    ("CheckHostIP", &["yes", "no", "true"]),
    ("StrictHostKeyChecking", &["yes", "no", "ask", "accept-new", "off", "True"]),
    ("UserKnownHostsFile", &["/u1", "/u1 /u2", "none", "/dev/null", "# x"]),
    ("GlobalKnownHostsFile", &["/g", "none", "/g /h"]),
    ("RequiredRSASize", &["1024", "2048", "0"]),
    ("CanonicalizeHostname", &["no", "no", "yes"]),
    ("RevokedHostKeys", &["none", "/r"]),
    ("KnownHostsCommand", &["none", "/bin/false"]),
    ("BindAddress", &["10.9.9.9"]),
    ("Compression", &["yes", "no"]),
    ("SendEnv", &["LANG LC_*"]),
    ("SetEnv", &["A=b", "A=\"b c\""]),
    ("GSSAPIAuthentication", &["yes"]),
    ("CertificateFile", &["/c"]),
    ("Protocol", &["2", "1 2 3"]),
    ("IgnoreUnknown", &["Foo,Hot*", "UseKeychain", "*", "foo"]),
];

/// Lines that ssh refuses, for everybody or for those that they are for, or that it passes over where it was told to.
const BAD: &[&str] = &[
    "Hots web",
    "Proxy-Jump b",
    "Foo bar",
    "Foo",
    "UseKeychain yes",
    "Port 0",
    "Port 22 1",
    "Port",
    "HostName a b",
    "HostName %q",
    "StrictHostKeyChecking yess",
    "IdentitiesOnly maybe",
    "AddressFamily inet4",
    "User # x",
    "IdentityFile \"a",
    "Host \"\"",
    "Host !web \"\"",
    "Host # note",
    "\"Host web",
    "\u{feff}Host web",
    "Host\u{200b} web",
    "Match # all",
    "Match hots x",
    "Match host",
    "Match user a host b all",
    "Match exec \"x %z\"",
    "ProxyJump b:0",
    "ProxyJump a,,b",
    "Compression maybe",
    "IdentityAgent ${NOT_SET_AT_ALL}/x",
    "UserKnownHostsFile none /a",
    "GlobalKnownHostsFile \"\"",
    "RekeyLimit 1X",
    "Include \"\"",
    "= Port 5",
    "Port==5",
    "\"Port\" 6",
];

/// Stands for a byte that is not UTF-8 until the file is written.
pub(super) const FOREIGN: char = '\u{e000}';

/// ssh minds no byte; Nixi takes such a file only if they stand in comments.
const ODD_BYTES: &[&str] =
    &["# caf\u{e000}", "Port 22 # \u{e000}\u{e000}", "User caf\u{e000}", "Host web \u{e000}"];

const NAMES: &[&str] = &[
    "web",
    "db",
    "w?b",
    "*",
    "!web",
    "!db",
    "10.0.0.*",
    "*.lan",
    "Web",
    "127.0.0.1",
    "fe80::1",
    "w*b",
    "[w]eb",
];

const CONDITIONS: &[&str] = &[
    "all",
    "!all",
    "all # note",
    "host web",
    "host WEB,d?",
    "host=web",
    "!host db",
    "originalhost w*,!wxb",
    "originalhost web user ops",
    "user ops",
    "user alice@*,me",
    "localuser root",
    "!localuser r*",
    "final",
    "final all",
    "final host 10.0.0.1",
    "canonical",
    "!final user ops",
    "final host 'zzz'",
    "final host =zzz",
    "host 'web'",
    "user = ops",
    "!final host 'zzz'",
    "!canonical",
    "host web all",
    "exec true",
    "exec false",
    "!exec true",
    "host db exec \"test -e /\"",
];

pub(super) const HOSTS: &[&str] = &["web", "db", "Web", "wxb", "10.0.0.1", "127.1"];

/// A line of a file; `INC` stands for the folder of what it may include.
pub(super) fn line() -> impl Strategy<Value = String> {
    let indent = prop_oneof![Just(""), Just("  "), Just("\t")];
    let between = prop_oneof![6 => Just(" "), 1 => Just("="), 1 => Just(" = "), 1 => Just("\t ")];
    let letters = |keyword: &str, case: u8| match case {
        0 => keyword.to_lowercase(),
        1 => keyword.to_uppercase(),
        _ => keyword.to_owned(),
    };
    let setting = (indent, 0..8_u8, 0..GOOD.len(), between, any::<prop::sample::Index>(), 0..10_u8).prop_map(
        move |(indent, case, word, between, value, end)| {
            let (keyword, values) = GOOD[word];
            let end = match end {
                0 => "  ",
                1 if !keyword.contains("Command") => " # note",
                _ => "",
            };
            format!("{indent}{}{between}{}{end}", letters(keyword, case), values[value.index(values.len())])
        },
    );
    let host = proptest::collection::vec(prop::sample::select(NAMES), 1..4)
        .prop_map(|names| format!("Host {}", names.join(" ")));
    let condition = prop::sample::select(CONDITIONS).prop_map(|condition| format!("Match {condition}"));
    let include =
        prop_oneof![Just("INC/[ab]*"), Just("INC/a.conf INC/b.conf"), Just("INC/none*"), Just("INC/?.conf")];
    prop_oneof![
        40 => setting,
        12 => host,
        8 => condition,
        2 => prop::sample::select(BAD).prop_map(str::to_owned),
        2 => include.prop_map(|files| format!("Include {files}")),
        1 => prop::sample::select(ODD_BYTES).prop_map(str::to_owned),
        1 => Just("# a \"note".to_owned()),
        1 => Just(String::new()),
    ]
}
