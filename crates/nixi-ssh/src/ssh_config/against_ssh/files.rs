//! Whole files, for one host each.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::grammar::{FOREIGN, HOSTS, line};
use super::{ask, version};
use crate::ssh_config::tests::{query, system};
use crate::ssh_config::{
    Family, Owner, Proxy, Query, RawHop, Refusal, Settings, Source, System, load, settings,
};

/// What ssh prints.
struct Told(String);

impl Told {
    fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.0.lines().filter_map(|line| line.split_once(' '));
        lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
    }

    fn last(&self, key: &str) -> Option<&str> {
        self.all(key).pop()
    }

    /// Whether ssh goes by what is refused here, or cannot be asked about it.
    fn justifies(&self, refusal: &str, text: &str) -> bool {
        let is_set = |key: &str| self.last(key).is_some_and(|value| value != "none");
        [
            ("ProxyCommand", is_set("proxycommand")),
            ("CanonicalizeHostname is", self.last("canonicalizehostname") != Some("false")),
            ("BindAddress", is_set("bindaddress")),
            ("RevokedHostKeys", is_set("revokedhostkeys")),
            ("KnownHostsCommand", is_set("knownhostscommand")),
            ("cannot tell", text.lines().any(|line| line.starts_with("Match") && line.contains("exec"))),
            ("versions of ssh differ", text.contains("!final")),
            ("older and newer ssh", has_quoted_match(text)),
        ]
        .into_iter()
        .any(|(what, is_so)| refusal.contains(what) && is_so)
    }
}

/// Whether a `Match` has what older and newer ssh cut into different words.
fn has_quoted_match(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("Match") && (line.contains('\'') || line.contains(" =")))
}

/// A jump host as ssh prints it.
fn shown(hops: &[RawHop]) -> String {
    let hop = |RawHop { user, host, port }: &RawHop| {
        let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        format!("{user}{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default())
    };
    hops.iter().map(hop).collect::<Vec<_>>().join(",")
}

/// Ours against theirs, for what is honoured.
fn compare(us: &Settings, told: &Told, host: &str) -> Result<(), TestCaseError> {
    let name = us.host_name.as_deref().unwrap_or(host);
    prop_assert_eq!(name.to_ascii_lowercase(), told.last("hostname").unwrap().to_ascii_lowercase());
    prop_assert_eq!(us.port.map_or(22, nixi_core::Port::get).to_string(), told.last("port").unwrap());
    if let Some((_, user)) = &us.user {
        prop_assert_eq!(Some(user.as_str()), told.last("user"));
    }
    let alias = us.host_key_alias.as_ref().map(|(_, alias)| alias.to_ascii_lowercase());
    prop_assert_eq!(alias.as_deref(), told.last("hostkeyalias"));
    let jump = us.proxy.as_ref().and_then(|proxy| match proxy {
        Proxy::Jump(_, hops) => Some(shown(hops)),
        Proxy::None => None,
    });
    prop_assert_eq!(jump.as_deref(), told.last("proxyjump"));
    let family = match us.family {
        Some(Family::V4) => "inet",
        Some(Family::V6) => "inet6",
        None => "any",
    };
    prop_assert_eq!(Some(family), told.last("addressfamily"));
    let strict = matches!(told.last("stricthostkeychecking"), Some("true" | "yes"));
    prop_assert_eq!(us.strict == Some(true), strict);
    prop_assert_eq!(us.check_ip == Some(true), matches!(told.last("checkhostip"), Some("true" | "yes")));
    prop_assert_eq!(us.identities_only == Some(true), told.last("identitiesonly") == Some("yes"));
    let files: Vec<&str> = told.all("identityfile").into_iter().filter(|file| *file != "none").collect();
    if us.identities.is_empty() && !us.no_identities {
        prop_assert!(files.iter().all(|file| file.starts_with("~/.ssh/id_")));
    } else {
        prop_assert_eq!(&us.identities, &files);
    }
    if let Some((_, agent)) = &us.identity_agent {
        let home = std::env::var("HOME").unwrap_or_default();
        let agent = agent.replace("${HOME}", &home);
        prop_assert_eq!(Some(agent.as_str()), told.last("identityagent"));
    }
    for (ours, key, usual) in [
        (&us.user_key_files, "userknownhostsfile", "/known_hosts"),
        (&us.system_key_files, "globalknownhostsfile", "/etc/ssh/ssh_known_hosts"),
    ] {
        let theirs = told.last(key).unwrap_or_default();
        match ours {
            Some(ours) if ours.files.is_empty() => prop_assert!(matches!(theirs, "" | "none"), "{}", theirs),
            Some(ours) => prop_assert_eq!(ours.files.join(" "), theirs),
            None => prop_assert!(theirs.contains(usual), "{}", theirs),
        }
    }
    prop_assert_eq!(us.rsa_bits.unwrap_or(1024).to_string(), told.last("requiredrsasize").unwrap());
    prop_assert!(told.last("proxycommand").is_none_or(|command| command == "none"));
    Ok(())
}

/// Who logs in where nothing is said.
fn whoever_asks() -> &'static str {
    static WHO: OnceLock<String> = OnceLock::new();
    WHO.get_or_init(|| {
        let out = ask(Path::new("none"), "x").unwrap();
        Told(String::from_utf8(out.stdout).unwrap()).last("user").unwrap().to_owned()
    })
}

/// The lines of an included file; each `Include` in it is this line.
fn inner(lines: &[String], include: &str) -> String {
    let inner = |line: &String| if line.starts_with("Include") { include.to_owned() } else { line.clone() };
    lines.iter().map(inner).collect::<Vec<_>>().join("\n")
}

/// With what no string holds in its place.
fn bytes(text: &str) -> Vec<u8> {
    text.split(FOREIGN).map(str::as_bytes).collect::<Vec<_>>().join(&0xff)
}

proptest! {
    /// Values as ssh has them, or a refusal: where ssh refuses the file, or where docs/ssh.md says so.
    #[test]
    fn any_file_is_read_as_ssh_reads_it(
        lines in proptest::collection::vec(line(), 1..14),
        below in proptest::collection::vec(line(), 0..5),
        deep in proptest::collection::vec(line(), 0..4),
        host in prop::sample::select(HOSTS),
    ) {
        let Some(_) = version() else { return Ok(()) };
        let dir = tempfile::tempdir().unwrap();
        let inc = dir.path().to_str().unwrap();
        let (file, text) = (dir.path().join("c"), lines.join("\n").replace("INC", inc));
        let below = inner(&below, &format!("Include {inc}/b.conf"));
        let deep = inner(&deep, "#");
        fs::write(&file, bytes(&text)).unwrap();
        fs::write(dir.path().join("a.conf"), bytes(&below)).unwrap();
        fs::write(dir.path().join("b.conf"), bytes(&deep)).unwrap();
        let all = format!("{text}\n{below}\n{deep}");
        let is_foreign = all.lines().any(|line| line.split('#').next().unwrap_or_default().contains(FOREIGN));
        let who = whoever_asks();
        let out = ask(&file, host).unwrap();
        let told = Told(String::from_utf8_lossy(&out.stdout).into_owned());
        let whole = format!("{text}\n--- a.conf\n{below}\n--- b.conf\n{deep}\n--- {host}: {}", String::from_utf8_lossy(&out.stderr));

        let home = dir.path().join("home");
        let asked = System { local_user: Some(who), ..system(&home) };
        let sources = [Source { file: file.clone(), of: Owner::User }];
        let (config, _) = load(&sources, asked);
        let query = Query { default_user: who, local_user: Some(who), ..query(host) };
        let us = config.and_then(|config| settings(&config, &query));
        match us {
            Err(refusal) if refusal.why.contains("not UTF-8") => prop_assert!(is_foreign, "{} in\n{}", refusal.why, whole),
            Err(refusal) => prop_assert!(!out.status.success(), "{} in\n{}", refusal.why, whole),
            Ok(us) if !out.status.success() => {
                prop_assert!(!us.refusals.is_empty(), "ssh refuses and we do not\n{}", whole)
            }
            Ok(us) if us.refusals.is_empty() => {
                compare(&us, &told, host).map_err(|error| TestCaseError::fail(format!("{error}\n{whole}")))?;
            }
            Ok(us) => {
                let open = |refusal: &Refusal| ["cannot tell", "versions of ssh differ"].iter().any(|why| refusal.why.contains(why));
                let reason = us.refusals.iter().find(|refusal| open(refusal)).unwrap_or(&us.refusals[0]);
                prop_assert!(told.justifies(&reason.why, &all), "{} in\n{}", reason.why, whole);
            }
        }
    }
}
