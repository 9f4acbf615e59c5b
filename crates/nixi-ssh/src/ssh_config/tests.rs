//! Our reading against that of ssh itself, and against hostile texts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use nixi_lab::Sshd;
use proptest::prelude::*;

use super::parse::parse;
use super::*;

fn read(text: &str) -> Result<SshConfig, Refusal> {
    parse(&Arc::from(Path::new("config")), text).map(|lines| SshConfig { files: vec![lines] })
}

fn query(original: &str) -> Query<'_> {
    Query { original, user: None, default_user: "nixi", local_user: Some("me"), way_given: false }
}

fn ask(text: &str, original: &str) -> Settings {
    settings(&read(text).unwrap(), &query(original))
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
    assert!(matches!(jump.proxy, Some(Proxy::Jump(_, ref hops)) if hops == "b"));
    assert_eq!(jump.refusals, []);
    let none = ask("ProxyCommand none\nProxyJump b\n", "a");
    assert_eq!((none.proxy, none.refusals), (Some(Proxy::None), vec![]));
    let command = ask("Host a\n  ProxyCommand nc %h %p\n", "a");
    assert!(command.refusals[0].why.starts_with("config:2: "), "{:?}", command.refusals);
    let given = Query { way_given: true, ..query("a") };
    assert_eq!(settings(&read("ProxyCommand nc %h %p\n").unwrap(), &given).refusals, []);
}

#[test]
fn what_cannot_be_decided_is_refused_where_it_matters() {
    let exec = "Match host web exec \"touch /tmp/ran\"\n  Compression yes\n";
    assert!(refused(exec, "web")[0].contains("config:1: whether `Match exec`"));
    assert!(refused(exec, "db").is_empty());
    assert!(refused("Match exec x\n", "db").len() == 1);
    let tagged = "Match tagged far\n  GSSAPIAuthentication yes\n";
    assert!(refused(tagged, "web").is_empty());
    let tagged = format!("Host db\nHostName d\n{tagged}  HostName elsewhere\n");
    assert!(
        refused(&tagged, "web")[0].contains("config:5: hostname stands under the `Match tagged` of config:3")
    );
    assert!(refused(&tagged, "db").is_empty(), "what holds already is not changed");
    for line in ["StrictHostKeyChecking yes", "AddressFamily inet6"] {
        let text = format!("Host db\n{line}\nMatch tagged far\n{line}\n");
        assert!(refused(&text, "web")[0].starts_with("config:4: "), "{line}");
        assert!(refused(&text, "db").is_empty(), "{line}");
    }
    let exec = "Match final exec \"touch /tmp/ran\"\n  Compression yes\n";
    assert!(refused(exec, "web")[0].contains("config:1: whether `Match exec`"));
    for line in
        ["CanonicalizeHostname always", "BindAddress 10.0.0.1", "RevokedHostKeys /etc/revoked", "Port 0"]
    {
        let text = format!("Host web\n{line}\n");
        assert_eq!(refused(&text, "web").len(), 1, "{line}");
        assert!(refused(&text, "db").is_empty(), "{line}");
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
        let doubt = format!("Host web\n  {off}\nMatch tagged far\n  {on}\n");
        assert!(refused(&doubt, "web").is_empty(), "{doubt}");
        assert_eq!(refused(&doubt, "db").len(), 1, "{doubt}");
    }
    let told = ask(
        "PubkeyAuthentication yes\nPubkeyAuthentication no\nUserKnownHostsFile /a\nUserKnownHostsFile /b\n",
        "web",
    );
    assert_eq!((told.remarks.len(), told.key_files.len()), (0, 1));
    assert_eq!(told.key_files[0].files, ["/a"]);
}

#[test]
fn a_line_that_ssh_would_not_take_is_told_with_its_place() {
    for text in ["\nPort\n", "# x\nIdentityFile \"a\n", "Host a\nMatch host\n"] {
        let refusal = read(text).unwrap_err();
        assert!(refusal.why.starts_with("config:2: "), "{refusal:?}");
    }
}

#[test]
fn files_are_included_where_they_stand() {
    let home = tempfile::tempdir().unwrap();
    let ssh = home.path().join(".ssh");
    fs::create_dir_all(ssh.join("d")).unwrap();
    let sources = [Source { file: ssh.join("config"), of_user: true }];
    let write = |name: &str, text: &str| {
        fs::write(ssh.join(name), text).unwrap();
        fs::set_permissions(ssh.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("config", "Host web\n  Include d/*.conf ~/.ssh/missing\n  Port 3\nHost *\n  Port 9\n");
    write("d/1.conf", "User one\nHost db\n  Port 1\n");
    write("d/2.conf", "User two\nHost *\n  HostKeyAlias of-two\n");
    write("d/.hidden.conf", "User hidden\n");
    let ask = |host| {
        let (config, stamps) = load(&sources, home.path());
        (settings(&config.unwrap(), &query(host)), stamps)
    };
    let (web, stamps) = ask("web");
    assert_eq!((web.user.unwrap().1.as_str(), web.port.unwrap().get()), ("one", 3));
    assert!(web.host_key_alias.is_some());
    // Around the `Include` is another host, so nothing in there is for this one.
    let (db, _) = ask("db");
    assert_eq!((db.user, db.port.unwrap().get()), (None, 9));
    assert!(stamps.hold());
    write("d/0.conf", "User zero\n");
    assert!(!stamps.hold());
    assert_eq!(ask("web").0.user.unwrap().1, "zero");
    // A circle ends, and what others may write is not trusted.
    write("d/0.conf", "Include config\n");
    assert!(load(&sources, home.path()).0.unwrap_err().why.contains("include each other"));
    fs::set_permissions(ssh.join("d/0.conf"), fs::Permissions::from_mode(0o666)).unwrap();
    let refusal = load(&sources, home.path()).0.unwrap_err();
    assert!(
        refusal.why.contains("d/0.conf:1: somebody else may write") && refusal.hint.contains("chmod go-w")
    );
}

/// `ssh -G` prints what ssh makes of a file.
#[test]
#[expect(clippy::disallowed_methods, reason = "asks ssh")]
fn files_are_read_as_ssh_reads_them() {
    if !Sshd::is_installed() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let texts = [
        "Host web !db\n HostName=10.0.0.1\nHost w?b\n User \"a\" # note\n Port 2222\nMatch host 10.0.0.1\n HostKeyAlias by-address\n",
        "Match originalhost web,db user nobody\n Port 7\nMatch !originalhost db\n User ops\nMatch user ops\n Port 8\nMatch all\n Port 9\n",
        "Host *\n ProxyJump none\n ProxyJump ops@b:22\nHost db\n HostName %h.lan%%\n",
        "ProxyJump ops@b:2222,c\nHost we* d*\nUser   x\nhost !*\nUser never\nUser y\n",
        "Host W*\n HostName %h.LAN\nHost *.lan\n Port 5\nMatch canonical\n User c\nMatch !final user x\n Port 9\nMatch final all\n HostName other\n HostKeyAlias k\n",
        "Host 10.0.0.*\n ProxyCommand nc x\nHost web\n HostName 10.0.0.5\nMatch final host nobody\n Port 7\n",
        "Host web\n HostName 10.0.0.5\nHost *\n IdentityFile /a\nHost 10.0.0.*\n ProxyJump b\nMatch final host nobody\n Port 7\n",
        "IdentityFile /a\nHost 10.0.0.*\n Port 4\nMatch canonical\n Port 7\nHost web\n HostName 10.0.0.5\n",
        "Host web\n HostName fe80:0::1\nHost db\n HostName FE80::1\nHost fe80::1\n Port 6\nHost FE80::1\n Port 7\nMatch final all\n IdentityFile /b\n",
        "Host web\n CanonicalizeHostname no\n Port 3\nHost *\n CanonicalizeHostname yes\n CanonicalizeHostname no\n",
        "Match final all\n CanonicalizeHostname yes\n ProxyJump late\nHost db\n ProxyJump b\nHost w?b\n IdentityFile /a\n",
        "Match host WEB,D?\n Port 5\nMatch originalhost wE*,!WXB\n User o\nHost WEB\n HostKeyAlias k\nMatch !host Db\n ProxyJump b\n",
        "HostKeyAlias  =  \"a b\"\nIdentityFile ~/.ssh/k\nIdentityFile '/k 2'\n identitiesonly YES\n",
    ];
    for text in texts {
        fs::write(&file, text).unwrap();
        for host in ["web", "db", "Web", "wxb"] {
            let out =
                std::process::Command::new("ssh").arg("-G").arg("-F").arg(&file).arg(host).output().unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            let out = String::from_utf8(out.stdout).unwrap();
            let all = |key: &str| {
                let lines =
                    out.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name == key);
                lines.map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
            };
            let theirs = |key: &str| all(key).pop();
            let us = ask_as(text, host, &theirs("user").unwrap());
            let context = format!("{host} in {text}");
            // The two things that are refused here, wherever ssh goes by them.
            let canonical = theirs("canonicalizehostname").is_some_and(|word| word != "false");
            let refused = all("proxycommand").len() + usize::from(canonical);
            assert_eq!(us.refusals.len(), refused, "{context}: {:?}", us.refusals);
            if !us.refusals.is_empty() {
                continue;
            }
            let host_name = us.host_name.as_deref().unwrap_or(host);
            assert!(host_name.eq_ignore_ascii_case(&theirs("hostname").unwrap()), "{context}");
            assert_eq!(
                us.port.map_or(22, nixi_core::Port::get).to_string(),
                theirs("port").unwrap(),
                "{context}"
            );
            assert_eq!(us.host_key_alias.map(|(_, alias)| alias), theirs("hostkeyalias"), "{context}");
            let jump = us.proxy.and_then(|proxy| match proxy {
                Proxy::Jump(_, hops) => Some(hops),
                Proxy::None => None,
            });
            assert_eq!(jump, theirs("proxyjump").filter(|hops| hops != "none"), "{context}");
            if let Some((_, user)) = us.user {
                assert_eq!(Some(user), theirs("user"), "{context}");
            }
            if !us.identities.is_empty() {
                assert_eq!(us.identities, all("identityfile"), "{context}");
            }
        }
    }
}

/// ssh takes the local user where nobody is named; so that both are asked the same, its answer is the default here.
fn ask_as(text: &str, host: &str, default_user: &str) -> Settings {
    settings(&read(text).unwrap(), &Query { default_user, ..query(host) })
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
