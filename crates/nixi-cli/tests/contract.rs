//! The contract that scripts rely on: exit codes, the one JSON document, and errors that point at what is wrong.
//! Nothing here reaches a network.
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

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use common::{Home, Ran};
use serde_json::{Value, json};

/// What is wrong with a command line, in text and in JSON alike.
fn wrong(args: &[&str], kind: &str, code: i32, message: &str, hint: &str) {
    let home = Home::new();
    let ran = home.nixi(args);
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    assert_eq!(ran.out, "", "{args:?}: an error is no result");
    assert!(ran.err.starts_with("error: "), "{args:?}: {ran:?}");
    assert!(ran.err.contains(message), "{args:?}: {ran:?}");
    assert!(ran.err.contains(hint), "{args:?}: {ran:?}");
    let ran = home.nixi(&[&["--json"], args].concat());
    let document = ran.document();
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    assert_eq!(ran.err, "", "{args:?}: told twice");
    assert_eq!(document["results"], json!([]), "{args:?}");
    assert_eq!(document["answer"], json!(null), "{args:?}");
    assert_eq!(document["error"]["kind"], kind, "{args:?}: {document}");
    assert!(document["error"]["message"].as_str().unwrap().contains(message), "{args:?}: {document}");
    assert!(document["error"]["hint"].as_str().unwrap_or_default().contains(hint), "{args:?}: {document}");
}

/// The names in an object; their order says nothing.
fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn bad_usage_is_exit_2_with_the_nearest() {
    let usage = |args: &[&str], message, hint| wrong(args, "usage", 2, message, hint);
    usage(&["node"], "there is no command \"node\"", "`nixi nodes`");
    usage(&["list", "containers"], "there is no command \"list\"", "nixi \"list containers\"");
    usage(&["container.list"], "there is no command", "`nixi call container.list`");
    usage(&["frobnicate"], "there is no command", "the commands are ask, nodes");
    usage(&["nodes", "--no-prob"], "unexpected argument '--no-prob'", "'--no-probe'");
    usage(&["--nodes", "web", "nodes"], "unexpected argument '--nodes'", "'--node'");
    usage(&["nodes", "web"], "unexpected argument 'web'", "usage: nixi nodes");
    usage(&["adopt"], "<NAME> <HOST>", "usage: nixi adopt");
    usage(&["ask"], "<REQUEST>", "usage: nixi ask");
    usage(&["ask", " "], "the request is empty", "nixi \"");
    usage(&["config", "chek"], "invalid value 'chek'", "check");
    usage(&["completions", "basch"], "invalid value 'basch'", "bash");
    usage(&["nodes", "-q", "-v"], "cannot be used with", "usage: nixi nodes");
    usage(&["nodes", "--yes=all"], "invalid value 'all'", "");
    usage(&["adopt", "mon", "10.0.0.3", "monitored"], "is a mode", "nixi adopt mon 10.0.0.3 nixi monitored");
    usage(&["adopt", "w", "h", "--password-stdin"], "not built yet", "ssh-copy-id");
    usage(&["call", "clock.now", "--args", "[]"], "--args takes a JSON object", "--args '{");
    usage(&["call", "clock.now", "--args", "{"], "--args is not JSON", "--args '{");
    usage(&["call", "clock.now", "node=web"], "takes its node by --node", "nixi call clock.now --node web");
    usage(&["call", "clock.now", "--node", "a", "--args", r#"{"node":"b"}"#], "named twice", "");
    usage(&["call", "service.logs", "name=a", "--args", r#"{"name":"b"}"#], "name is given twice", "");
}

#[test]
fn bad_words_of_adopt_are_exit_2() {
    let bad = |args: &[&str], message, hint| wrong(args, "bad_argument", 2, message, hint);
    bad(&["adopt", "a b", "h"], "\"a b\" is not a node name", "");
    bad(&["adopt", "local", "h"], "is not a node name", "");
    bad(&["adopt", "web", "ann@h"], "is not a host", "nixi adopt web h ann");
    bad(&["adopt", "web", "h:22"], "is not a host", "nixi adopt web h --port 22");
    bad(&["adopt", "web", "h", "nixi", "monitred"], "is not a mode", "\"monitored\"");
    bad(&["adopt", "web", "h", "--port", "0"], "is not a port", "");
    bad(&["adopt", "web", "h", "--host-key", "MD5:x"], "is not a host key fingerprint", "");
}

#[test]
fn what_is_named_and_is_not_there_is_exit_2_with_the_nearest() {
    wrong(&["call", "container.lst"], "unknown_action", 2, "there is no action", "container.list");
    wrong(&["call", "container"], "unknown_action", 2, "there is no action", "container.list");
    wrong(&["tools", "containr"], "unknown_action", 2, "there is no action", "container");
    wrong(&["call", "clock.now", "--node", "loca"], "unknown_node", 2, "there is no node", "\"local\"");
    wrong(&["call", "service.logs", "nam=x"], "bad_argument", 2, "has no parameter", "\"name\"");
    wrong(&["call", "service.logs"], "bad_argument", 2, "service.logs needs", "service.logs takes");
}

#[test]
fn a_command_that_asks_no_node_takes_none() {
    for args in [
        &["nodes"][..],
        &["adopt", "w", "h"],
        &["remove", "w"],
        &["tools"],
        &["config", "path"],
        &["completions", "bash"],
        &["undo"],
        &["approve", "1"],
        &["deny", "1"],
    ] {
        let args = [args, &["--node", "web"]].concat();
        wrong(&args, "usage", 2, &format!("`nixi {}` takes no --node", args[0]), "");
    }
}

#[test]
fn requests_go_by_the_numbers_of_the_journal() {
    for word in ["undo", "approve", "deny"] {
        for odd in ["web-server", "0", "-1", "18446744073709551616"] {
            wrong(&[word, "--", odd], "usage", 2, "is not the number of a request", "");
        }
        wrong(&[word, "7"], "not_found", 1, "there is no request 7 in the journal", "");
    }
    wrong(&["undo"], "not_found", 1, "there is nothing to undo", "");
}

#[test]
fn what_chooses_nothing_of_the_log_is_told() {
    wrong(&["log", "--node", "nosuch"], "unknown_node", 2, "no node \"nosuch\"", "");
    for odd in ["0", "x", "-1"] {
        wrong(&["log", &format!("--last={odd}")], "usage", 2, "it is not a number from 1 on", "");
    }
}

/// A journal that does not tell all says so wherever it is read.
#[test]
fn a_journal_that_is_not_as_it_was_written_is_told_as_that() {
    let home = Home::new();
    let folder = home.path().join(".local/state/nixi");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("journal.jsonl"), "\u{1b}[2Jno line of ours\n").unwrap();
    for (words, code) in [(&["log"][..], 0), (&["undo"], 1)] {
        let ran = home.nixi(words);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.err.contains("may not tell all: line 1 cannot be read"), "{ran:?}");
        assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
    }
}

#[test]
fn what_is_not_built_says_so_and_is_no_request() {
    for word in ["setup", "doctor", "serve", "mcp", "man", "web", "audit"] {
        wrong(&[word, "web-server"], "usage", 2, &format!("`nixi {word}` is not built yet"), "");
    }
}

#[test]
fn what_nobody_understands_is_exit_5() {
    wrong(&["make me a sandwich"], "not_understood", 5, "did not understand", "");
    wrong(
        &["--offline", "make me a sandwich", "--node", "all"],
        "not_understood",
        5,
        "--offline keeps it from asking a model",
        "",
    );
}

#[test]
fn alone_without_a_terminal_it_helps_on_standard_error() {
    let ran = Home::new().nixi(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("Usage: nixi") && ran.err.contains("Exit codes:"), "{ran:?}");
    for option in ["--dry-run", "--yes", "--offline", "--node=web"] {
        let ran = Home::new().nixi(&[option]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("needs a request or a command"), "{option}: {ran:?}");
    }
    let (code, document) = Home::new().json(&[]);
    assert_eq!((code, &document["error"]["kind"]), (2, &json!("usage")));
}

#[test]
fn help_is_a_result() {
    let home = Home::new();
    let ran = home.nixi(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for word in
        ["ask", "nodes", "adopt", "remove", "tools", "call", "config", "completions", "  130 ", "--dry-run"]
    {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert_eq!(home.nixi(&["--version"]).out, format!("nixi {}\n", env!("CARGO_PKG_VERSION")));
    let ran = home.nixi(&["--json", "adopt", "--help"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("nixi adopt web-server 192.168.1.10"), "{}", ran.out);
}

#[test]
fn the_controller_answers_for_itself() {
    let home = Home::new();
    let ran = home.nixi(&["show me system info"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(!ran.out.trim().is_empty());
    for args in [
        &["show me system info"][..],
        &["ask", "show", "me", "system", "info"],
        &["--node", "local", "show me system info"],
        &["show me system info for local"],
        &["call", "system.info"],
        &["--node=local", "call", "system.info"],
        &["call", "system.info", "--node", "local"],
    ] {
        let (code, document) = home.json(args);
        assert_eq!(code, 0, "{document}");
        let result = &document["results"][0];
        assert_eq!(result["tool"], "system.info", "{args:?}: {document}");
        assert_eq!((&result["node"], &result["status"]), (&json!("local"), &json!("done")));
        assert_eq!((&document["answer"], &document["error"]), (&json!(null), &json!(null)));
        assert!(result["data"].is_object(), "{document}");
        assert_eq!(
            keys(result),
            [
                "args", "call", "data", "error", "ms", "node", "plan", "request", "review", "status",
                "steps", "text", "tool"
            ]
        );
    }
    assert!(!home.config().exists(), "asking writes nothing");
}

#[test]
fn a_request_comes_from_standard_input() {
    let home = Home::new();
    let read = |args: &[&str], input: &[u8]| {
        let mut child = home
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have refused the input before all of it was written.
        let _ = child.stdin.take().unwrap().write_all(input);
        Ran::from(child.wait_with_output().unwrap())
    };
    for args in [&["-", "--json"][..], &["--json", "-"], &["ask", "-", "--json"]] {
        let ran = read(args, b"show me system info\n");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.document()["results"][0]["tool"], "system.info");
    }
    assert_eq!(read(&["-", "--json"], b"\xff\xfe").document()["error"]["kind"], "usage");
    assert!(read(&["-"], &vec![b'x'; 70 * 1024]).err.contains("longer than 64 KiB"));
    assert_eq!(read(&["-"], b" \n").code, 2);
}

#[test]
fn words_and_node_must_not_contradict() {
    let args = ["show me system info for local", "--node", "local"];
    wrong(&args, "usage", 2, "the request names its nodes", "say it once");
}

#[test]
fn several_nodes_are_told_apart() {
    let home = Home::with_config("[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n");
    let ran = home.nixi(&["call", "clock.now", "--node", "local,web"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.starts_with("local:\n"), "{ran:?}");
    assert!(ran.err.starts_with("unreachable: clock.now on web:"), "{ran:?}");
    let (code, document) = home.json(&["call", "clock.now", "--node", "web", "--node", "local"]);
    assert_eq!(code, 4);
    let nodes: Vec<_> =
        document["results"].as_array().unwrap().iter().map(|result| &result["node"]).collect();
    assert_eq!(nodes, ["web", "local"]);
    assert_eq!(document["results"][0]["error"]["kind"], "refused", "{document}");
}

/// The table and a call say the same of it.
#[test]
fn a_node_that_must_not_be_connected_to_is_exit_4() {
    let home = Home::with_config("[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n");
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let file = home.path().join(".ssh/config");
    std::fs::write(&file, "ProxyCommand nc %h %p\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (code, document) = home.json(&["call", "clock.now", "--node", "web"]);
    let result = &document["results"][0];
    assert_eq!((code, &result["status"]), (4, &json!("unreachable")), "{document}");
    assert_eq!(result["error"]["kind"], "protocol", "{document}");
    assert!(result["error"]["hint"].as_str().unwrap().contains("proxy_jump"), "{document}");
    let (code, table) = home.json(&["nodes"]);
    let row = &table["nodes"][1];
    assert_eq!(
        (code, &row["status"], &row["reason"]),
        (0, &json!("unreachable"), &json!("protocol")),
        "{table}"
    );
    assert_eq!(row["detail"], result["error"]["message"]);
}

#[test]
fn the_table_of_a_fresh_machine_is_the_controller() {
    let home = Home::new();
    for args in [&["nodes"][..], &["nodes", "--no-probe"]] {
        let ran = home.nixi(args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        let lines: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["NAME", "HOST", "USER", "MODE", "STATUS"]);
        assert_eq!((lines[1][1], &lines[1][3..]), ("(local)", &["-", "managed", "online"][..]));
        assert_eq!(lines.len(), 2);
    }
    let (code, document) = home.json(&["nodes"]);
    assert_eq!(code, 0);
    assert_eq!(keys(&document), ["nodes"]);
    let row = &document["nodes"][0];
    assert_eq!(
        keys(row),
        ["detail", "host", "local", "mode", "ms", "name", "port", "reason", "status", "user"]
    );
    assert_eq!((&row["local"], &row["status"]), (&json!(true), &json!("online")));
}

const NODES: &str = "# mine\n[[nodes]] # first\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n\n# the other\n[[nodes]]\nname = \"mon\"\nhost = \"127.0.0.1\"\nport = 2\nmode = \"monitored\"\n";

#[test]
fn the_table_lists_without_asking() {
    let home = Home::with_config(NODES);
    let (code, document) = home.json(&["nodes", "--no-probe"]);
    assert_eq!(code, 0);
    assert_eq!(document["nodes"][1]["status"], "unprobed");
    assert_eq!(document["nodes"][2]["mode"], "monitored");
    let (code, document) = home.json(&["nodes"]);
    assert_eq!(code, 0, "the table was made");
    assert_eq!(document["nodes"][1]["reason"], "refused", "{document}");
}

#[test]
fn removing_is_asked_about_and_keeps_every_other_byte() {
    let home = Home::with_config(NODES);
    let untouched = || assert_eq!(home.config_text(), NODES);
    let (code, document) = home.json(&["remove", "web"]);
    let result = &document["results"][0];
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        (&result["status"], &result["error"]["kind"]),
        (&json!("declined"), &json!("approval_required"))
    );
    assert_eq!(result["plan"]["risk"], "destructive");
    assert!(result["plan"]["steps"].to_string().contains("config: remove node web ("), "{document}");
    untouched();
    let ran = home.nixi(&["remove", "web"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains("Plan for local") && ran.err.contains("config: remove node web ("), "{ran:?}");
    assert!(ran.err.contains("declined: node.remove:"), "{ran:?}");
    untouched();
    assert_eq!(home.nixi(&["remove", "web", "--yes"]).code, 3, "--yes is for what is easily undone");
    untouched();
    let ran = home.nixi(&["remove", "web", "--yes", "destructive"]);
    assert_eq!(ran.code, 2, "the value of --yes comes with `=` alone: {ran:?}");
    untouched();
    let (code, document) = home.json(&["remove", "web", "--dry-run", "--yes=destructive"]);
    assert_eq!((code, &document["results"][0]["status"]), (0, &json!("not_started")), "{document}");
    assert!(document["results"][0]["plan"].is_object() && document["results"][0]["error"].is_null());
    untouched();
    let (code, document) = home.json(&["remove", "wbe", "--yes=destructive"]);
    let error = &document["results"][0]["error"];
    assert_eq!((code, &error["kind"]), (2, &json!("unknown_node")), "{document}");
    assert_eq!(
        (&error["message"], &error["hint"]),
        (&json!("there is no node \"wbe\""), &json!("did you mean \"web\"?"))
    );
    untouched();
    let ran = home.nixi(&["remove", "--yes=destructive", "web"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("config: remove node web ("), "what runs is shown: {ran:?}");
    assert!(home.config_text().contains("# the other\n[[nodes]]\nname = \"mon\""), "{}", home.config_text());
    assert!(!home.config_text().contains("name = \"web\""));
}

#[test]
fn a_monitored_node_is_refused_before_anything_is_sent() {
    let home = Home::with_config(NODES);
    for args in [&["call", "service.restart", "names=nginx", "--node", "mon"][..], &["restart nginx on mon"]]
    {
        let (code, document) = home.json(args);
        let result = &document["results"][0];
        assert_eq!(code, 3, "{document}");
        assert_eq!((&result["status"], &result["error"]["kind"]), (&json!("refused"), &json!("read_only")));
        assert!(result["plan"].is_null());
    }
}

#[test]
fn a_broken_configuration_is_pointed_at_and_left_alone() {
    let text = "[[nodes]]\nname = \"web\"\nhots = \"10.0.0.1\"\n";
    let home = Home::with_config(text);
    let place = format!("{}:3:1", home.config().display());
    for args in [
        &["config", "check"][..],
        &["config", "show"],
        &["call", "clock.now"],
        &["tools"],
        &["show me system info"],
        &["adopt", "x", "10.0.0.2"],
        &["remove", "web", "--yes=destructive"],
    ] {
        let ran = home.nixi(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains(&place) && ran.err.contains("\"host\""), "{args:?}: {ran:?}");
        let (code, document) = home.json(args);
        assert_eq!((code, &document["error"]["kind"]), (2, &json!("config")), "{args:?}");
        assert!(document["error"]["message"].as_str().unwrap().contains(&place), "{args:?}: {document}");
    }
    let (code, document) = home.json(&["nodes"]);
    assert_eq!((code, &document["error"]["kind"]), (2, &json!("config")));
    assert_eq!((keys(&document), &document["results"]), (vec!["answer", "error", "results"], &json!([])));
    assert_eq!(home.config_text(), text);
    assert_eq!(home.nixi(&["config", "path"]).code, 0, "where the file is can be told all the same");
}

#[test]
fn a_file_that_was_typed_and_is_not_there_is_exit_2() {
    for args in
        [&["nodes"][..], &["call", "clock.now"], &["list nodes"], &["remove", "x"], &["config", "show"]]
    {
        let args = [&["--config", "elsewhere.toml"], args].concat();
        wrong(&args, "config", 2, "--config elsewhere.toml: there is no such file", "`nixi adopt` makes it");
    }
    let home = Home::with_config(NODES);
    let config = home.config();
    let ran = home.nixi(&["--config", config.to_str().unwrap(), "nodes", "--no-probe"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(home.nixi(&["--config", "elsewhere.toml", "config", "path"]).code, 0);
    let adopt = ["--config", "elsewhere.toml", "adopt", "web", "127.0.0.1", "--port", "1"];
    let ran = home.nixi(&adopt);
    assert!(ran.code != 2 && !ran.err.contains("no such file"), "adopting would make it: {ran:?}");
    assert!(!ran.err.contains("Plan for"), "the error says enough: {ran:?}");
}

#[test]
fn every_kind_of_error_is_documented() {
    let schema = schemars::schema_for!(nixi_core::ErrorKind);
    let mut kinds = Vec::new();
    for variant in schema.get("oneOf").and_then(Value::as_array).unwrap() {
        kinds.extend(variant["const"].as_str().map(str::to_owned));
    }
    assert!(kinds.len() > 30, "{schema:?}");
    let help = Home::new().nixi(&["--help"]).out;
    let listed: Vec<&str> =
        help.split("error.kind is one of:").nth(1).unwrap().split([',', '.', ' ', '\n']).collect();
    let page = include_str!("../../../docs/json.md");
    for kind in kinds {
        assert!(page.contains(&format!("\n| `{kind}` | ")), "docs/json.md lacks {kind}");
        assert!(listed.contains(&kind.as_str()), "--help lacks {kind}: {help}");
    }
}

#[test]
fn a_long_word_is_not_said_back_in_full() {
    let home = Home::new();
    let long = "x".repeat(100_000);
    let spaced = "x y ".repeat(25_000);
    let option = format!("--{long}");
    let node = format!("node={long}");
    for args in [
        &[long.as_str()][..],
        &[&option],
        &["nodes", &long],
        &["nodes", &spaced],
        &["config", &spaced],
        &["completions", &long],
        &["call", &long],
        &["call", "clock.now", &node],
        &["call", "clock.now", &long],
        &["call", "clock.now", "--args", &long],
        &["call", "clock.now", "--node", &long],
        &["tools", &long],
        &["remove", &long],
        &["adopt", &long, "h"],
        &["adopt", "w", &long, "managed"],
        &["adopt", "w", &spaced],
        &["adopt", "w", "h", "--port", &long],
        &["adopt", "w", "h", "--password-stdin", &long],
        &["ask", &spaced],
    ] {
        let ran = home.nixi(args);
        assert_ne!(ran.code, 0, "{:?}", args[0]);
        assert!(ran.out.len() + ran.err.len() < 2000, "{:?}: {}", args[0], ran.err.len());
    }
}

#[test]
fn the_configuration_is_where_it_is_said_to_be() {
    let home = Home::with_config(NODES);
    let path = |command: &mut std::process::Command| Ran::from(command.output().unwrap()).out;
    let asked = ["config", "path"];
    assert_eq!(path(&mut home.command(&asked)), format!("{}\n", home.config().display()));
    assert_eq!(path(home.command(&asked).env("NIXI_CONFIG", "/a/b.toml")), "/a/b.toml\n");
    assert_eq!(path(home.command(&asked).env("XDG_CONFIG_HOME", "/x")), "/x/nixi/config.toml\n");
    let both = ["--config", "/c.toml", "config", "path"];
    assert_eq!(path(home.command(&both).env("NIXI_CONFIG", "/a/b.toml")), "/c.toml\n");
    let ran = home.nixi(&["config", "check"]);
    assert!(ran.code == 0 && ran.out.contains("2 nodes"), "{ran:?}");
    let (_, document) = home.json(&["config", "show"]);
    assert_eq!(document["results"][0]["data"]["nodes"][1]["mode"], "monitored");
    assert!(home.nixi(&["config", "show"]).out.contains("connect_timeout = \"10s\""));
}

/// What stops every session is found by the check as well, with both declarations, and can be mended.
#[test]
fn one_machine_in_two_modes_is_found_by_the_check_and_can_be_removed() {
    let home = Home::with_config(
        "[[nodes]]\nname = \"web\"\nhost = \"192.0.2.1\"\n\
         [[nodes]]\nname = \"watch\"\nhost = \"alias\"\nmode = \"monitored\"\n",
    );
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let mine = home.path().join(".ssh/config");
    std::fs::write(&mine, "Host alias\n  HostName 192.0.2.1\n").unwrap();
    std::fs::set_permissions(&mine, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for args in [&["config", "check"][..], &["nodes", "--no-probe"]] {
        let ran = home.nixi(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        for told in
            ["web (managed) and watch (monitored)", "config.toml:2:8", "config.toml:5:8", "nixi remove"]
        {
            assert!(ran.err.contains(told), "{told}: {ran:?}");
        }
    }
    let ran = home.nixi(&["remove", "watch", "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.nixi(&["config", "check"]).code, 0);
}

#[test]
fn tools_are_listed_with_access_and_parameters() {
    let home = Home::new();
    let ran = home.nixi(&["tools"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for line in ["container", "  remove", "destructive", "names=<list>"] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    let (code, document) = home.json(&["tools", "container.remove"]);
    assert_eq!(code, 0);
    let actions = document["results"][0]["data"]["actions"].as_array().unwrap();
    assert_eq!((actions.len(), &actions[0]["name"]), (1, &json!("container.remove")));
    assert_eq!(actions[0]["access"], json!({ "write": "destructive" }));
    assert_eq!(document["results"][0]["tool"], "tools");
    assert!(!home.nixi(&["tools", "container"]).out.contains("no model"));
    let (_, phrases) = ran.out.split_once("\nphrases that need no model:\n").unwrap();
    assert!(phrases.lines().count() >= 10, "{phrases}");
    for phrase in phrases.lines().map(str::trim) {
        let (code, document) = home.json(&["--dry-run", "--offline", "--node", "local", phrase]);
        let kind = &document["error"]["kind"];
        assert_ne!((code, kind), (5, &json!("not_understood")), "{phrase}: {document}");
    }
}

#[test]
fn completions_for_each_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = home.nixi(&["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("adopt"), "{shell}");
    }
    let (code, document) = home.json(&["completions", "bash"]);
    assert_eq!((code, &document["error"]["kind"]), (2, &json!("usage")), "a script is not JSON");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let home = Home::with_config(NODES);
    let remove = ["remove", "web"];
    assert!(!home.nixi(&remove).err.contains('\u{1b}'));
    assert!(home.nixi(&["remove", "web", "--color", "always"]).err.contains('\u{1b}'));
    assert!(!home.nixi(&["--color=never", "remove", "web"]).err.contains('\u{1b}'));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly_and_a_full_disk_does_not() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = Ran::from(home.command(&["tools"]).stdout(writer).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = Ran::from(home.command(&["tools"]).stdout(full).output().unwrap());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("failed to write to standard output"), "{ran:?}");
}
