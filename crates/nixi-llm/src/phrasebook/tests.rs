use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(request: &str) -> Option<Vec<CallRequest>> {
    match Phrasebook::new().read(request) {
        Reading::Calls(calls) => Some(calls),
        Reading::Unknown { nearest } => {
            assert!(nearest.len() <= 3);
            None
        }
    }
}

/// The one call, as `action nodes args`.
fn one(request: &str) -> String {
    let calls = read(request).unwrap_or_else(|| panic!("not understood: {request}"));
    calls
        .iter()
        .map(|call| {
            let args: std::collections::BTreeMap<_, _> = call.args.iter().collect();
            format!("{} {:?} {}", call.action, call.nodes, json!(args))
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn the_page_is_understood() {
    for (request, meaning) in [
        ("show me system info for web-server", r#"system.info ["web-server"] {}"#),
        ("show me system info", r#"system.info [] {}"#),
        ("list containers on db-server", r#"container.list ["db-server"] {}"#),
        ("check the logs for nginx on web-server", r#"service.logs ["web-server"] {"name":"nginx"}"#),
        ("remove all containers on db-server", r#"container.remove ["db-server"] {"all":true}"#),
        (
            "stop redis and cache on web-server",
            r#"container.stop ["web-server"] {"names":["redis","cache"]}"#,
        ),
        (
            "deploy postgres on db-server with password secret:4f1d2a9c0b1e, then deploy my-app on web-server with \
             DB_HOST=192.168.1.20 and DB_PASSWORD=secret:4f1d2a9c0b1e",
            r#"container.deploy ["db-server"] {"env":{"password":"secret:4f1d2a9c0b1e"},"name":"postgres"}; container.deploy ["web-server"] {"env":{"DB_HOST":"192.168.1.20","DB_PASSWORD":"secret:4f1d2a9c0b1e"},"name":"my-app"}"#,
        ),
        (
            "install nginx, certbot, and fail2ban on web-server",
            r#"package.install ["web-server"] {"names":["nginx","certbot","fail2ban"]}"#,
        ),
        ("open port 8080 on web-server", r#"firewall.open ["web-server"] {"ports":["8080"]}"#),
        ("enable nginx on web-server", r#"service.enable ["web-server"] {"names":["nginx"]}"#),
        (
            "disable nginx and redis on web-server",
            r#"service.disable ["web-server"] {"names":["nginx","redis"]}"#,
        ),
        (
            "reload nginx.service on web-server",
            r#"service.reload ["web-server"] {"names":["nginx.service"]}"#,
        ),
        ("which ports are open in the firewall of web-server", r#"firewall.list ["web-server"] {}"#),
        ("list firewall ports on web-server", r#"firewall.list ["web-server"] {}"#),
        ("rebuild web-server", r#"nixos.rebuild ["web-server"] {}"#),
        ("reboot web-server", r#"system.reboot ["web-server"] {}"#),
        ("roll back web-server", r#"nixos.rollback ["web-server"] {}"#),
        ("upgrade web-server", r#"nixos.upgrade ["web-server"] {}"#),
        ("list channels on web-server", r#"nixos.channels ["web-server"] {}"#),
        ("collect garbage on web-server", r#"nixos.collect_garbage ["web-server"] {}"#),
        ("list nodes", r#"node.list [] {}"#),
        ("remove the monitoring node", r#"node.remove [] {"name":"monitoring"}"#),
    ] {
        assert_eq!(one(request), meaning, "{request}");
    }
}

#[test]
fn what_this_version_cannot_do_is_not_understood() {
    for request in ["set up nixi-2", "clean up web-server", "remove redis", "remove everything"] {
        match Phrasebook::new().read(request) {
            Reading::Calls(calls) => panic!("{request}: {calls:?}"),
            Reading::Unknown { nearest } => assert!(nearest.len() <= 3, "{request}"),
        }
    }
}

#[test]
fn variants_mean_the_same() {
    for (request, meaning) in [
        ("Please list the containers on db-server.", r#"container.list ["db-server"] {}"#),
        ("can you show me all containers for db-server?", r#"container.list ["db-server"] {}"#),
        ("Could you please stop redis?", r#"container.stop [] {"names":["redis"]}"#),
        ("stop nginx, redis and cache", r#"container.stop [] {"names":["nginx","redis","cache"]}"#),
        ("stop nginx, redis, and cache", r#"container.stop [] {"names":["nginx","redis","cache"]}"#),
        ("stop containers Redis and b on X", r#"container.stop ["X"] {"names":["Redis","b"]}"#),
        ("stop service nginx", r#"service.stop [] {"names":["nginx"]}"#),
        ("stop the nginx service", r#"service.stop [] {"names":["nginx"]}"#),
        ("restart nginx and redis services on n1", r#"service.restart ["n1"] {"names":["nginx","redis"]}"#),
        ("what time is it?", r#"clock.now [] {}"#),
        ("what’s the time on nixi-2", r#"clock.now ["nixi-2"] {}"#),
        ("what timezone is nixi-2 in?", r#"clock.now ["nixi-2"] {}"#),
        ("how long has db-server been up?", r#"system.info ["db-server"] {}"#),
        ("list containers on web-server and db-server", r#"container.list ["web-server", "db-server"] {}"#),
        ("list containers on n1, b, and the c node", r#"container.list ["n1", "b", "c"] {}"#),
        ("list failed services on all nodes", r#"service.failed ["all"] {}"#),
        ("list containers on all", r#"container.list ["all"] {}"#),
        ("list containers on @web", r#"container.list ["@web"] {}"#),
        ("list containers on web-*", r#"container.list ["web-*"] {}"#),
        ("list services on this machine", r#"service.list ["local"] {}"#),
        ("is nginx running on web-server?", r#"service.status ["web-server"] {"names":["nginx"]}"#),
        (
            "show status of the nginx service on web-server",
            r#"service.status ["web-server"] {"names":["nginx"]}"#,
        ),
        (
            "ping 10.0.0.7 5 times from db-server",
            r#"network.ping ["db-server"] {"count":5,"target":"10.0.0.7"}"#,
        ),
        ("ping ::1", r#"network.ping [] {"target":"::1"}"#),
        (
            "show the last 50 lines of container redis on n1",
            r#"container.logs ["n1"] {"lines":50,"name":"redis"}"#,
        ),
        (
            "show the logs for nginx since 2 hours ago on n1",
            r#"service.logs ["n1"] {"name":"nginx","since":"2 hours ago"}"#,
        ),
        ("show errors in the journal on n1", r#"log.query ["n1"] {"priority":"err"}"#),
        ("show the journal since yesterday", r#"log.query [] {"since":"yesterday"}"#),
        ("inspect container redis on n1", r#"container.inspect ["n1"] {"names":["redis"]}"#),
        ("what containers are running on web-server?", r#"container.list ["web-server"] {}"#),
        ("status of the nginx service on n1", r#"service.status ["n1"] {"names":["nginx"]}"#),
        ("enable the nginx service at boot on n1", r#"service.enable ["n1"] {"names":["nginx"]}"#),
        ("disable services nginx and redis on n1", r#"service.disable ["n1"] {"names":["nginx","redis"]}"#),
        ("reload the nginx service on n1", r#"service.reload ["n1"] {"names":["nginx"]}"#),
        ("firewall rules of n1", r#"firewall.list ["n1"] {}"#),
        ("what ports are open in the firewall on n1?", r#"firewall.list ["n1"] {}"#),
        ("which ports does the firewall of n1 let in?", r#"firewall.list ["n1"] {}"#),
        ("open ports on n1", r#"network.ports ["n1"] {}"#),
        ("which ports are open on n1?", r#"network.ports ["n1"] {}"#),
        ("which channels does n1 use?", r#"nixos.channels ["n1"] {}"#),
        ("channels of n1", r#"nixos.channels ["n1"] {}"#),
        (
            "add the channel https://e.org/x-25.05 as x on n1",
            r#"nixos.channel_add ["n1"] {"name":"x","url":"https://e.org/x-25.05"}"#,
        ),
        (
            "add channel nixos from https://e.org/a/b from n1",
            r#"nixos.channel_add ["n1"] {"name":"nixos","url":"https://e.org/a/b"}"#,
        ),
        ("remove the nixos channel on n1", r#"nixos.channel_remove ["n1"] {"name":"nixos"}"#),
        ("update all channels on n1 and b", r#"nixos.channel_update ["n1", "b"] {}"#),
        (
            "update channel nixos and home-manager on n1",
            r#"nixos.channel_update ["n1"] {"names":["nixos","home-manager"]}"#,
        ),
        ("upgrade the system on n1", r#"nixos.upgrade ["n1"] {}"#),
        ("upgrade all nodes", r#"nixos.upgrade ["all"] {}"#),
        ("clean up old generations on n1", r#"nixos.collect_garbage ["n1"] {}"#),
        ("update the nixos channel", r#"nixos.channel_update [] {"names":["nixos"]}"#),
        ("is web-server online?", r#"node.status [] {"names":["web-server"]}"#),
    ] {
        assert_eq!(one(request), meaning, "{request}");
    }
}

#[test]
fn sentences_become_calls_in_order() {
    assert_eq!(
        one(
            "stop redis on n1, then start cache on b; list containers on n1 and then restart the x service on n1"
        ),
        r#"container.stop ["n1"] {"names":["redis"]}; container.start ["b"] {"names":["cache"]}; container.list ["n1"] {}; service.restart ["n1"] {"names":["x"]}"#
    );
    assert_eq!(one("list nodes then list containers on n1"), r#"node.list [] {}; container.list ["n1"] {}"#);
    // Where the first one is meant is anyone's guess.
    assert_eq!(read("stop redis, then start cache on web-server"), None);
    for broken in
        ["list nodes then", "then list nodes", "list nodes;; list nodes", ";", "and then", "list nodes and"]
    {
        assert_eq!(read(broken), None, "{broken}");
    }
}

#[test]
fn doubt_is_not_understood() {
    for request in [
        "",
        "   ",
        "?",
        "stop",
        "stop all",
        "stop it",
        "stop everything on web-server",
        "stop redis quickly",
        "stop nginx?",
        "remove all containers?",
        "should i stop nginx?",
        "don't stop nginx",
        "do not stop nginx",
        "never stop nginx",
        "please don't stop nginx",
        "stop not nginx",
        "stop redis but not cache",
        "remove all containers except redis on db-server",
        "remove all stopped containers on db-server",
        "remove all containers on db-server tomorrow",
        "stop redis on web-server and cache on db-server",
        "stop redis and start cache on web-server",
        "stop redis on",
        "stop redis on web-server db-server",
        "stop redis or cache",
        "list containers on web-server?foo",
        "if nginx is down restart nginx",
        "restart nginx service on web-server if it is down",
        "stop 'redis'",
        "stop $(reboot)",
        "stop redis; rm -rf /",
        "stop --all",
        "list containers\nremove all containers",
    ] {
        assert_eq!(read(request), None, "{request}");
    }
}

#[test]
fn every_pattern_is_well_formed_and_every_example_is_read_by_its_row() {
    let book = Phrasebook::new();
    for (row, patterns) in &book.rows {
        assert_eq!(row.patterns.len(), patterns.len(), "{}: a bracket is missing", row.call);
        assert!(!row.examples.is_empty(), "{}", row.call);
        for example in row.examples {
            let (found, _) = book.meaning(&words::split(example)).unwrap_or_else(|| panic!("{example}"));
            assert_eq!(found.call, row.call, "{example}");
        }
        let verb = row.call.split(['.', ' ', '|']).nth(1).unwrap();
        let said = |pattern: &str| verbs(verb).iter().any(|verb| pattern.starts_with(verb));
        let begin = |pattern: &&str| said(&pattern.replace(' ', ""));
        assert!(
            row.kind == Kind::Looks || row.patterns.iter().all(begin),
            "{}: a change begins with its verb",
            row.call
        );
    }
}

/// The words for what an action does, without blanks: `channel_add` is to add.
fn verbs(action: &str) -> Vec<&str> {
    match action {
        "collect_garbage" => vec!["collect", "cleanup"],
        channel if channel.starts_with("channel_") => vec![&channel["channel_".len()..]],
        verb => vec![verb],
    }
}

#[test]
fn a_long_request_is_for_a_model() {
    let stop = |count: usize| read(&format!("stop {}", vec!["x"; count].join(",")));
    assert_eq!(stop(100).unwrap().len(), 1);
    assert_eq!(stop(101), None);
    assert_eq!(stop(100_000), None);
}

const DENIALS: [&str; 12] =
    ["not", "never", "don't", "dont", "no", "without", "except", "but", "unless", "if", "cannot", "neither"];

fn with_word_at(phrase: &str, at: usize, word: &str) -> String {
    let mut words: Vec<&str> = phrase.split(' ').collect();
    words.insert(at % (words.len() + 1), word);
    words.join(" ")
}

fn example() -> impl Strategy<Value = &'static str> {
    prop::sample::select(Phrasebook::phrases().collect::<Vec<_>>())
}

fn vocabulary() -> Vec<String> {
    let mut words = Phrasebook::new().vocabulary.words();
    words.extend(
        ["redis", "web-server", ",", ";", "then", "?", "nixi", "please", "can", "you", "5"].map(String::from),
    );
    words
}

proptest! {
    #[test]
    fn a_word_more_is_not_understood(phrase in example(), at in 0_usize..30, word in "[a-z]{4,12}") {
        prop_assume!(!vocabulary().contains(&word));
        let longer = with_word_at(phrase, at, &word);
        prop_assert_eq!(read(&longer), None, "{}", longer);
    }

    #[test]
    fn a_known_word_more_never_turns_a_look_into_a_change(
        phrase in example(), at in 1_usize..30, word in prop::sample::select(vocabulary()),
    ) {
        let longer = with_word_at(phrase, at, &word);
        if longer.starts_with(&word) {
            return Ok(());
        }
        for call in read(&longer).unwrap_or_default() {
            let first = phrase.split(' ').next().unwrap_or_default();
            let changes = is_change(&call);
            let verb = call.action.split('.').nth(1).unwrap_or_default();
            let is_same = verbs(verb).iter().any(|verb| verb.starts_with(first));
            prop_assert!(!changes || is_same, "{} -> {:?}", longer, call);
        }
    }

    #[test]
    fn a_denial_anywhere_is_not_understood(
        phrase in example(), at in 0_usize..30, word in prop::sample::select(&DENIALS[..]),
    ) {
        let denied = with_word_at(phrase, at, word);
        prop_assert_eq!(read(&denied), None, "{}", denied);
    }

    #[test]
    fn any_text_is_survived(text in ".{0,200}") {
        read(&text);
    }

    #[test]
    fn a_change_begins_with_its_verb(words in prop::collection::vec(prop::sample::select(vocabulary()), 1..9)) {
        let text = words.join(" ");
        for call in read(&text).unwrap_or_default().iter().filter(|call| is_change(call)) {
            let verb = call.action.split('.').nth(1).unwrap();
            let is_said = verbs(verb).iter().any(|verb| words.concat().contains(verb));
            prop_assert!(is_said, "{} -> {:?}", text, call);
        }
    }

    #[test]
    fn a_name_is_taken_to_the_letter(name in "[A-Za-z0-9][A-Za-z0-9_-]{0,30}[A-Za-z0-9]") {
        prop_assume!(!vocabulary().contains(&name.to_lowercase()));
        let calls = read(&format!("STOP The {name} Container on {name}")).unwrap();
        prop_assert_eq!(&calls[0].args["names"], &json!([name]));
        prop_assert_eq!(&calls[0].nodes, &vec![name]);
    }
}

fn is_change(call: &CallRequest) -> bool {
    rows().any(|row| row.kind == Kind::Changes && row.call.split(' ').next() == Some(call.action.as_str()))
}

/// A bare name may be a container or a unit; a word for either says which.
#[test]
fn a_path_is_taken_to_the_letter() {
    assert_eq!(
        one("Read the file /srv/Web/a_b-c.txt on web-server."),
        r#"file.read ["web-server"] {"path":"/srv/Web/a_b-c.txt"}"#
    );
    assert_eq!(one("list files in /srv"), r#"file.list [] {"path":"/srv"}"#);
    for other in [
        "read srv/web",
        "read the logs",
        "read /srv/a /srv/b",
        "read /srv/a b",
        "read the file on web-server",
    ] {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn a_bare_name_is_left_open_for_reads_too() {
    for request in [
        "is redis running on n1?",
        "status of redis on n1",
        "show me the status of redis on n1",
        "logs of redis on n1",
        "check the logs for redis on n1",
        "show the redis logs on n1",
        "show the last 20 lines of redis on n1",
    ] {
        let calls = read(request).unwrap_or_else(|| panic!("not understood: {request}"));
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((call.or.len(), &call.nodes[..]), (1, &["n1".to_owned()][..]), "{request}");
        assert!(call.action.starts_with("service.") && call.or[0].starts_with("container."), "{call:?}");
    }
    for (request, action) in [
        ("is the redis service running", "service.status"),
        ("is the service redis active", "service.status"),
        ("is the redis container running", "container.inspect"),
        ("status of container redis", "container.inspect"),
        ("logs of the redis service", "service.logs"),
        ("logs of container redis", "container.logs"),
    ] {
        let calls = read(request).unwrap_or_else(|| panic!("not understood: {request}"));
        assert_eq!((calls[0].action.as_str(), calls[0].or.len()), (action, 0), "{request}");
    }
}
