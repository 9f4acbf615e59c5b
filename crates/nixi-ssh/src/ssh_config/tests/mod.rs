//! Our reading against that of ssh itself, and against hostile texts.

mod files;

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::parse::{Text, parse};
use super::*;

pub(super) fn system(home: &Path) -> System<'_> {
    let variable = |name: &str| match name {
        "RUN" => Some("/run/me".to_owned()),
        "HOME" => std::env::var("HOME").ok(),
        _ => None,
    };
    System { home, local_user: Some("me"), variable }
}

pub(super) fn read(text: impl AsRef<[u8]>) -> Result<SshConfig, Refusal> {
    let text = Text { file: &Arc::from(Path::new("config")), bytes: text.as_ref() };
    parse(text, &system(Path::new("/home/me"))).map(|lines| SshConfig { files: vec![lines] })
}

pub(super) fn query(original: &str) -> Query<'_> {
    Query {
        original,
        user: None,
        default_user: "nixi",
        port_given: false,
        local_user: Some("me"),
        way_given: false,
    }
}

fn ask(text: &str, original: &str) -> Settings {
    settings(&read(text).unwrap(), &query(original)).unwrap()
}

/// Why ssh would not take the text when it is asked for a host.
fn broken(text: impl AsRef<[u8]>, host: &str) -> String {
    read(text).and_then(|config| settings(&config, &query(host))).unwrap_err().why
}

fn refused(text: &str, host: &str) -> Vec<String> {
    ask(text, host).refusals.into_iter().map(|refusal| refusal.why).collect()
}

#[test]
fn the_first_value_wins_and_keys_add_up() {
    let text = "User early\nHost web* !web-2\n  HostName %h.lan\n  Port 2222\n  User late\n  IdentityFile ~/a\n\
                Host *\n  Port 1\n  IdentityFile ~/b\n  IdentitiesOnly yes\n";
    let web = ask(text, "web-1");
    assert_eq!(web.host_name.unwrap(), "web-1.lan");
    assert_eq!((web.port.unwrap().get(), web.user.unwrap().1.as_str()), (2222, "early"));
    assert_eq!((web.identities, web.identities_only), (vec!["~/a".to_owned(), "~/b".to_owned()], Some(true)));
    assert_eq!(ask(text, "web-2").port.unwrap().get(), 1);
}

#[test]
fn the_first_of_jump_and_command_counts() {
    let jump = ask("Host a\nProxyJump b\nHost *\nProxyCommand nc %h %p\n", "a");
    assert!(matches!(jump.proxy, Some(Proxy::Jump(_, ref hops)) if hops[0].host == "b"));
    assert_eq!(jump.refusals, []);
    let none = ask("ProxyCommand none\nProxyJump b\n", "a");
    assert_eq!((none.proxy, none.refusals), (None, vec![]));
    // `ProxyJump none` keeps out other jump hosts, and nothing else.
    for (text, refused) in [
        ("ProxyJump none\nProxyJump b\n", 0),
        ("ProxyJump none\nProxyCommand nc %h %p\n", 1),
        ("ProxyJump none\nProxyCommand none\nProxyCommand nc %h %p\n", 0),
        ("ProxyCommand none\nProxyCommand nc %h %p\n", 0),
        ("ProxyCommand nc %h %p\nProxyJump b\n", 1),
        ("Host x\nProxyJump none\nHost *\nProxyJump none\nMatch host a\nProxyCommand nc\n", 1),
    ] {
        let found = ask(text, "a");
        assert_eq!(found.refusals.len(), refused, "{text}");
        assert!(!matches!(found.proxy, Some(Proxy::Jump(..))), "{text}");
    }
    let command = ask("Host a\n  ProxyCommand nc %h %p\n", "a");
    assert!(command.refusals[0].why.starts_with("config:2: "), "{:?}", command.refusals);
    let given = Query { way_given: true, ..query("a") };
    assert_eq!(settings(&read("ProxyCommand nc %h %p\n").unwrap(), &given).unwrap().refusals, []);
}

#[test]
fn what_cannot_be_decided_is_refused_where_it_matters() {
    for block in [
        "Match host * exec \"gpg-connect-agent /bye\"",
        "Match exec x",
        "Match !exec x",
        "Match final exec x",
    ] {
        for idle in [
            "",
            "Compression yes",
            "SetEnv A=b",
            "AddKeysToAgent yes",
            "RemoteCommand tmux",
            "ForwardAgent yes",
        ] {
            for before in ["", "Host web\nPort 22\n"] {
                let text = format!("{before}{block}\n  {idle}\nHost web\n  HostName d\n");
                assert!(refused(&text, "web").is_empty() && refused(&text, "db").is_empty(), "{text}");
            }
        }
    }
    for block in ["tagged", "exec", "sessiontype", "localnetwork", "version", "command"] {
        let value = match block {
            "localnetwork" => "10.0.0.0/8",
            _ => "far",
        };
        let open = if block == "tagged" { "Match exec x\nTag far\n" } else { "Port 22\nPort 22\n" };
        let text = format!("{open}Host db\nHostName d\nMatch {block} {value}\n  HostName elsewhere\n");
        let why = format!(
            "config:6: Nixi cannot tell whether the `Match {block}` block at config:5 applies to this host; its HostName \
             would change where it is reached"
        );
        assert!(refused(&text, "web")[0].contains(&why), "{:?}", refused(&text, "web"));
        assert!(refused(&text, "db").is_empty(), "what holds already is not changed");
    }
    for line in [
        "StrictHostKeyChecking yes",
        "CheckHostIP yes",
        "AddressFamily inet6",
        "UserKnownHostsFile /a",
        "GlobalKnownHostsFile /a",
        "RequiredRSASize 2048",
        "IdentityFile /a",
        "IdentitiesOnly yes",
        "IdentityAgent /a",
        "HostKeyAlias a",
        "ProxyJump a",
        "User a",
        "Port 7",
    ] {
        let text = format!("Host db\n{line}\nMatch !originalhost db exec far\n{line}\n");
        assert!(refused(&text, "web")[0].starts_with("config:4: "), "{line}");
        assert!(refused(&text, "db").is_empty(), "{line}");
    }
    let other = "Match originalhost other exec \"touch /tmp/ran\"\n  HostName x\n";
    assert!(refused(other, "web").is_empty() && refused(other, "other").len() == 1);
    for line in [
        "CanonicalizeHostname always",
        "BindAddress 10.0.0.1",
        "BindInterface none",
        "RevokedHostKeys /etc/revoked",
        "RefuseConnection \"not today\"",
    ] {
        let text = format!("Host web\n{line}\n");
        assert_eq!(refused(&text, "web").len(), 1, "{line}");
        assert!(refused(&text, "db").is_empty(), "{line}");
    }
}

/// A value that may hold already is not forgotten for one that is certain.
#[test]
fn a_tag_that_may_hold_stays_in_doubt() {
    for certain in
        ["Host web\n  Tag lab\n", "Match all\n  Tag lab\n", "Match host web\n  Tag lab\n  Tag prod\n"]
    {
        for matches in ["tagged prod", "tagged lab", "!tagged lab", "tagged \"\""] {
            let text = format!("Match exec x\n  Tag prod\n{certain}Match {matches}\n  ProxyJump gate\n");
            assert_eq!(refused(&text, "web").len(), 1, "{text}");
        }
    }
    let before = "Tag lab\nMatch exec x\n  Tag prod\nMatch tagged prod\n  ProxyJump gate\n";
    assert!(refused(before, "web").is_empty());
}

#[test]
fn what_nixi_itself_says_of_a_node_is_in_no_doubt() {
    for (line, given) in [
        ("Port 22", Query { port_given: true, ..query("web") }),
        ("User ops", Query { user: Some("nixi"), ..query("web") }),
        ("ProxyJump gate", Query { way_given: true, ..query("web") }),
        ("ProxyCommand nc %h %p", Query { way_given: true, ..query("web") }),
    ] {
        let text = format!("Match exec far\n  {line}\n");
        assert_eq!(refused(&text, "web").len(), 1, "{line}");
        assert_eq!(settings(&read(&text).unwrap(), &given).unwrap().refusals, [], "{line}");
    }
}

#[test]
fn files_are_counted_as_ssh_counts_them() {
    let files = |keyword: &str, count: usize| -> String {
        (0..count).map(|at| format!("{keyword} /k{at}\n")).collect()
    };
    for keyword in ["CertificateFile", "IdentityFile"] {
        for taken in [
            files(keyword, 100),
            files(keyword, 99) + "Match final all\n",
            format!("{}{keyword} /k0\n", files(keyword, 99)),
            format!("{keyword} /k\n").repeat(150),
        ] {
            let found = settings(&read(&taken).unwrap(), &query("web"));
            assert!(found.is_ok(), "{keyword}: {found:?}");
        }
        for too_many in [
            files(keyword, 101),
            files(keyword, 100) + &format!("{keyword} /k0\n"),
            files(keyword, 100) + "Match final all\n",
        ] {
            let told = broken(too_many, "web");
            assert!(told.contains(&format!("ssh accepts no further {keyword} after 100")), "{told}");
        }
    }
    for keyword in ["UserKnownHostsFile", "GlobalKnownHostsFile"] {
        let told = broken(format!("{keyword} {}\n", "/k ".repeat(33)), "web");
        assert!(
            told.contains(&format!("{keyword} names 33: ssh accepts at most 32 known_hosts files here")),
            "{told}"
        );
    }
}

#[test]
fn tags_are_matched() {
    let text = "Host web\n  Tag far\n  Tag near\nMatch tagged near\n  Port 1\nMatch tagged \"f*,!fax\"\n  Port 2\nMatch tagged \"\"\n  Port 3\n";
    assert_eq!((ask(text, "web").port.unwrap().get(), ask(text, "db").port.unwrap().get()), (2, 3));
}

#[test]
fn what_ssh_refuses_is_refused_with_file_line_and_word() {
    for (text, why) in [
        ("\u{feff}Host web\n", "config:1: the file begins with a byte-order mark"),
        ("Host\u{200b} web\n", "config:1: ssh does not know the word"),
        ("Hots db\n  Port 2\n", "config:1: ssh does not know the word \"hots\""),
        ("Host db\n  Proxy-Jump b\n", "config:2: ssh does not know the word \"proxy-jump\""),
        ("Host web\n  ProxyComand none\n", "config:2: ssh does not know the word \"proxycomand\""),
        ("Host other\n  KnownHostComand x\n", "config:2: ssh does not know"),
        ("UseKeychain yes\nIgnoreUnknown UseKeychain\n", "config:1: ssh does not know"),
        ("Host db\n  IgnoreUnknown UseKeychain\nHost *\n  UseKeychain yes\n", "config:4: ssh does not know"),
        ("# Notes\n\nThese files are for ssh.\n", "config:3: ssh does not know the word \"these\""),
        ("Host \"\"\n", "config:1: host is given an empty name"),
        (
            "Host *\n  StrictHostKeyChecking yess\n",
            "config:2: stricthostkeychecking does not take \"yess\"; use yes, no, ask, off or accept-new",
        ),
        (
            "Host x\n  IdentitiesOnly maybe\n",
            "config:2: identitiesonly does not take \"maybe\"; use yes or no",
        ),
        (
            "Host x\n  AddressFamily inet4\n",
            "config:2: addressfamily does not take \"inet4\"; use inet, inet6 or any",
        ),
        ("Host x\n  HostName a b\n", "config:2: hostname takes one value, and \"b\" stands behind it"),
        ("Host x\n  Port 22 1\n", "config:2: port takes one value"),
        ("Host x\n  User a b\n", "config:2: user takes one value"),
        ("Host x\n  Port 0\n", "config:2: port \"0\" is no port"),
        ("Host x\n  User\n", "config:2: \"user\" is given no value"),
        ("Host x\n  User # me\n", "config:2: user is given no value"),
        ("Host x\n  ProxyJump b:0\n", "config:2: proxyjump \"b:0\""),
        ("Host x\n  IdentityAgent ${NOT_SET}/s\n", "config:2: identityagent \"${NOT_SET}\""),
        ("Host x\n  IdentityAgent $RUN/s\n", "config:2: identityagent \"$RUN/s\""),
        ("Match host\n", "config:1: match \"host\" is given no value"),
        ("Match hots web\n", "config:1: match \"hots\" is no criterion"),
        ("Match # all\n", "config:1: match is given no criterion"),
        ("Host a\0b\n", "config:1: the line has a NUL byte in it"),
    ] {
        let told = broken(text, "web");
        assert!(told.starts_with(why), "{text:?}: {told}");
    }
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    for text in ["Host web\n  Port 3\n", "Host db\n ProxyJump b\nHost x\n User y"] {
        assert!(broken(utf16(text), "web").starts_with("config:1: the file is in UTF-16"));
    }
}

/// They would name another file, host or user.
#[test]
fn bytes_that_are_no_text_are_refused_outside_a_comment() {
    for line in [
        &b"Include d/caf\xe9.conf"[..],
        b"UserKnownHostsFile caf\xe9",
        b"Host caf\xe9",
        b"User \xff",
        b"Host a # b\nPort 1 \x80",
        b"ProxyCommand x # \xe9",
        b"ProxyJump gate # \xe9",
        b"User \"a # \xe9\"",
    ] {
        let text = [b"Host db\n", line].concat();
        assert!(broken(&text, "web").contains("the line is not UTF-8"), "{line:?}");
    }
    for line in [
        &b"# caf\xe9"[..],
        b"Port 22 # caf\xe9",
        b"Host web\t# \xff",
        b" \t#\xff",
        "Host caf\u{e9}".as_bytes(),
    ] {
        assert!(read(line).is_ok(), "{line:?}");
    }
    // What stands before a comment counts, whatever the comment is in.
    let text = b"Host web # caf\xe9\n  HostName far.lan # b\xfcro # \xff\n\tPort\t2222\t#\xff\nPort 1\n";
    let web = settings(&read(text).unwrap(), &query("web")).unwrap();
    assert_eq!((web.host_name.as_deref(), web.port.map(|port| port.get())), (Some("far.lan"), Some(2222)));
    let other = settings(&read(text).unwrap(), &query("db")).unwrap();
    assert_eq!((other.host_name, other.port), (None, None));
}

#[test]
fn words_are_ignored_only_after_the_line_that_says_so() {
    for text in [
        "IgnoreUnknown UseKeychain,AddKeys*\nHost *\n  UseKeychain yes\n  AddKeysQuickly\tnow\nHost web\n  Port 2222\n",
        "Host web\n  IgnoreUnknown usekeychain\nHost *\n  UseKeychain yes\nHost web\n  Port 2222\n",
        "IgnoreUnknown *,!Hots\nIgnoreUnknown Hots\nBlah \"a b\" c\nHost web\n  Port 2222\n",
    ] {
        assert_eq!(ask(text, "web").port.unwrap().get(), 2222, "{text}");
    }
    assert!(broken("IgnoreUnknown *,!Hots\nHots web\n", "web").contains("hots"));
    assert!(broken("IgnoreUnknown Foo\nFoo \"a\n", "web").contains("quote"));
    assert!(broken("IgnoreUnknown Foo\nFoo\n", "web").contains("no value"));
}

#[test]
fn a_comment_is_no_value() {
    let text = "Host # note\n  Port 1\nHost web # note\n  Port 2 # note\n  User a#b\nMatch all # note\n  HostKeyAlias k\n";
    let web = ask(text, "web");
    assert_eq!((web.port.unwrap().get(), web.user.unwrap().1.as_str()), (2, "a#b"));
    assert_eq!(ask(text, "db").port, None);
}

#[test]
fn an_address_is_looked_up_in_its_usual_form() {
    for (text, host, name) in [
        ("HostName 127.1\n", "web", Some("127.0.0.1")),
        ("HostName FE80:0::1\n", "web", Some("fe80::1")),
        ("HostName fe80::1%%eth0\n", "web", Some("fe80::1%%eth0")),
        ("HostName Web.LAN\n", "web", Some("Web.LAN")),
        ("Port 1\n", "127.1", Some("127.0.0.1")),
        ("Port 1\n", "Web", None),
    ] {
        let name = name.map(|name| name.replace("%%", "%"));
        assert_eq!(ask(text, host).host_name, name, "{text}");
    }
}

#[test]
fn what_versions_of_ssh_read_in_different_ways_is_refused_where_it_differs() {
    let twice = "Match !final all\n  User x\nHost 10.0.0.1\n  Port 7\nHost web\n  HostName 10.0.0.1\n";
    assert!(refused(twice, "web")[0].contains("versions of ssh differ in whether they read the files twice"));
    assert!(refused(twice, "db").is_empty());
    let quoted = "Match host 'web'\n  Port 7\n";
    assert!(refused(quoted, "web")[0].contains("older and newer ssh read in different ways"));
    let quoted = "Match host = web\n  Compression yes\n";
    assert!(refused(quoted, "web").is_empty());
    // What no ssh takes for this host is not in its way.
    let neither = "Match host 'db'\n  Port 7\n";
    assert!(refused(neither, "web").is_empty() && refused(neither, "db").len() == 1);
}

/// The second reading finds what is for the `HostName` that holds.
#[test]
fn a_doubtful_match_has_the_files_read_twice_where_all_ssh_do_so() {
    let rest = "Compression yes\nHost web\n  HostName web.lan\nHost web.lan\n  ProxyJump gate\n";
    for block in [
        "Match final host 'zzz'",
        "Match final host =zzz",
        "Match host 'zzz' final",
        "Match final user = zzz",
        "Match !final final originalhost 'zzz'",
    ] {
        let found = ask(&format!("{block}\n  {rest}"), "web");
        assert!(matches!(found.proxy, Some(Proxy::Jump(..))), "{block}");
        assert_eq!(found.refusals, [], "{block}");
    }
    for block in ["Match !final host 'zzz'", "Match user 'a final host b'"] {
        let found = refused(&format!("{block}\n  {rest}"), "web");
        assert!(found.len() == 1 && found[0].contains("read the files twice"), "{block}: {found:?}");
        assert!(refused(&format!("{block}\n  {rest}"), "db").is_empty(), "{block}");
    }
}

#[test]
fn of_what_is_refused_the_first_value_counts_too() {
    for (off, on) in [
        ("CanonicalizeHostname no", "CanonicalizeHostname yes"),
        ("RevokedHostKeys none", "RevokedHostKeys /etc/revoked"),
        ("KnownHostsCommand none", "KnownHostsCommand /bin/keys %H"),
    ] {
        let text = format!("Host web\n  {off}\nHost *\n  {on}\n");
        assert!(refused(&text, "web").is_empty(), "{text}");
        assert_eq!(refused(&text, "db").len(), 1, "{text}");
        assert_eq!(refused(&format!("Host *\n  {on}\nHost web\n  {off}\n"), "web").len(), 1, "{on}");
        let doubt = format!("Host web\n  {off}\nMatch exec far\n  {on}\n");
        assert!(refused(&doubt, "web").is_empty(), "{doubt}");
        assert_eq!(refused(&doubt, "db").len(), 1, "{doubt}");
    }
    let told = ask(
        "PubkeyAuthentication yes\nPubkeyAuthentication no\nUserKnownHostsFile /a\nUserKnownHostsFile /b\n",
        "web",
    );
    assert_eq!(told.remarks.len(), 0);
    assert_eq!(told.user_key_files.unwrap().files, ["/a"]);
}

#[test]
fn a_line_that_ssh_would_not_take_is_told_with_its_place() {
    for text in ["\nPort\n", "# x\nIdentityFile \"a\n", "Host a\nMatch host\n"] {
        let refusal = read(text).unwrap_err();
        assert!(refusal.why.starts_with("config:2: "), "{refusal:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_fall(
        words in proptest::collection::vec(
            "(host|match|include|hostname|port|proxyjump|identityfile|user|all|exec|final|\\*|!|\"|%h|=|#|\n){1}[ a-z*!\"%=,]{0,6}\n?",
            0..40,
        ),
        noise in "\\PC{0,40}",
    ) {
        for text in [words.concat(), words.join(" ") + &noise, noise.clone()] {
            if let Ok(config) = read(&text) {
                let _ = settings(&config, &query("web"));
            }
        }
    }
}
