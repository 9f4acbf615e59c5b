use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nixi_core::config::{Config, ConfigFiles, Layer, Routine, Runtime};
use nixi_core::{Jump, Mode, Node};

/// Both layers in a directory of their own; the messages show paths relative to it.
struct Files {
    dir: tempfile::TempDir,
    files: ConfigFiles,
}

fn files(user: &[u8], system: &str) -> Files {
    let dir = tempfile::tempdir().unwrap();
    let files = ConfigFiles { user: dir.path().join("config.toml"), system: dir.path().join("etc.toml") };
    fs::write(&files.user, user).unwrap();
    fs::write(&files.system, system).unwrap();
    Files { dir, files }
}

impl Files {
    fn load(&self) -> Result<Config, String> {
        let dir = format!("{}/", self.dir.path().display());
        self.files.load(Path::new("/home/a")).map_err(|error| error.to_string().replace(&dir, ""))
    }
}

fn load(text: &str) -> Config {
    files(text.as_bytes(), "").load().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    files(text.as_bytes(), "").load().expect_err("the text was taken")
}

fn ssh(node: &Node) -> String {
    let ssh = node.ssh().unwrap();
    format!("{}@{}:{} {}", ssh.user, ssh.host, ssh.port, node.mode())
}

#[test]
fn without_files_the_defaults_hold() {
    let dir = tempfile::tempdir().unwrap();
    let files = ConfigFiles { user: dir.path().join("a/b.toml"), system: dir.path().join("c.toml") };
    let config = files.load(Path::new("/home/a")).unwrap();
    assert_eq!(config, Config::builtin());
    assert_eq!(config.ssh.connect_timeout, Duration::from_secs(10));
    assert_eq!(config.ssh.command_timeout, Duration::from_secs(60));
    assert_eq!(config.container.runtime, Runtime::Podman);
    assert_eq!(config.approval.routine, Routine::Ask);
    assert_eq!(config.guard.timeout, Duration::from_secs(90));
    assert_eq!(config.llm, None);
}

#[test]
fn the_pages_example_is_read() {
    let config = load(
        r#"
[[nodes]]
name = "web-server"
host = "192.168.1.10"
user = "nixi"
mode = "managed"

[[nodes]]
name = "monitoring"
host = "192.168.1.30"
user = "nixi"
mode = "monitored"
"#,
    );
    let nodes: Vec<String> = config.nodes.iter().map(|entry| ssh(&entry.node)).collect();
    assert_eq!(nodes, ["nixi@192.168.1.10:22 managed", "nixi@192.168.1.30:22 monitored"]);
    assert!(config.nodes.iter().all(|entry| entry.layer == Layer::User));
}

#[test]
fn every_key_is_read() {
    let config = load(
        r#"
nodes = [{ name = "a", host = "::1", port = 0x16, identity = "~/.ssh/a", tags = ["x", "y"] }]
ssh.connect_timeout = "500ms"
ssh.command_timeout = "2m"
ssh.known_hosts = "/k"
ssh.identity = ["~/.ssh/id", "/b"]
[container]
runtime = "docker"
[llm]
model = "m"
api_key_file = "~/key"
[approval]
routine = "auto"
[guard]
timeout = "3m"
"#,
    );
    let entry = &config.nodes[0];
    assert_eq!(ssh(&entry.node), "nixi@::1:22 managed");
    assert_eq!(entry.node.identity(), Some(Path::new("/home/a/.ssh/a")));
    assert_eq!(entry.node.tags().iter().map(ToString::to_string).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(config.ssh.connect_timeout, Duration::from_millis(500));
    assert_eq!(config.ssh.command_timeout, Duration::from_secs(120));
    assert_eq!(config.ssh.known_hosts, Some(PathBuf::from("/k")));
    assert_eq!(config.ssh.identity, [PathBuf::from("/home/a/.ssh/id"), PathBuf::from("/b")]);
    assert_eq!(config.container.runtime, Runtime::Docker);
    assert_eq!(config.approval.routine, Routine::Auto);
    assert_eq!(config.guard.timeout, Duration::from_secs(180));
    let llm = config.llm.unwrap();
    assert_eq!((llm.base_url.as_str(), llm.model.as_str()), ("http://127.0.0.1:11434/v1", "m"));
    assert_eq!((llm.api_key_env, llm.api_key_file), (None, Some(PathBuf::from("/home/a/key"))));
}

#[test]
fn the_users_scalars_win_and_nodes_add_up() {
    let system = "nodes = [{ name = \"s\", host = \"h\", mode = \"monitored\" }]\n[ssh]\nconnect_timeout = \"1s\"\n\
                  command_timeout = \"2s\"\n[llm]\nmodel = \"m\"\napi_key_file = \"/k\"\n";
    let user = "[ssh]\nconnect_timeout = \"3s\"\n[llm]\napi_key_env = \"K\"\n[[nodes]]\nname = \"u\"\nhost = \"i\"\n";
    let config = files(user.as_bytes(), system).load().unwrap();
    let nodes: Vec<_> =
        config.nodes.iter().map(|n| (n.node.name().as_str(), n.layer, n.node.mode())).collect();
    assert_eq!(nodes, [("s", Layer::System, Mode::Monitored), ("u", Layer::User, Mode::Managed)]);
    assert_eq!(config.ssh.connect_timeout, Duration::from_secs(3));
    assert_eq!(config.ssh.command_timeout, Duration::from_secs(2));
    let llm = config.llm.unwrap();
    assert_eq!((llm.model.as_str(), llm.api_key_env.as_deref(), llm.api_key_file), ("m", Some("K"), None));
}

#[test]
fn a_node_of_the_system_is_not_redeclared() {
    let system = "[[nodes]]\nname = \"web\"\nhost = \"h\"\nmode = \"monitored\"\n";
    let user = "# mine\n[[nodes]]\nname = \"web\"\nhost = \"h\"\nmode = \"managed\"\n";
    insta::assert_snapshot!(files(user.as_bytes(), system).load().unwrap_err(), @r#"
    config.toml:3:8: node web is declared in etc.toml
    3 | name = "web"
      |        ^^^^^
    hint: give it another name here, or change services.nixi.nodes there
    "#);
}

/// Read-only under one name only is a trap.
#[test]
fn a_machine_has_one_mode() {
    let system = "[[nodes]]\nname = \"web\"\nhost = \"h\"\nmode = \"monitored\"\n";
    let user = "[[nodes]]\nname = \"other\"\nhost = \"h\"\n";
    insta::assert_snapshot!(files(user.as_bytes(), system).load().unwrap_err(), @r#"
    config.toml:2:8: h is monitored as web, and managed here
    2 | name = "other"
      |        ^^^^^^^
    hint: one machine cannot be both managed and monitored: give both names the same mode
    "#);
    insta::assert_snapshot!(error(&format!("{system}{user}")), @r#"
    config.toml:6:8: h is monitored as web, and managed here
    6 | name = "other"
      |        ^^^^^^^
    hint: one machine cannot be both managed and monitored: give both names the same mode
    "#);
}

/// Two networks may use the same address; only if both nodes say how they are reached it is two machines.
#[test]
fn behind_other_jump_hosts_there_may_be_another_machine() {
    let node = |name: &str, mode: &str, jump: &str| {
        format!("[[nodes]]\nname = \"{name}\"\nhost = \"10.0.0.5\"\nmode = \"{mode}\"\n{jump}")
    };
    let [a, b] = ["a", "b"].map(|gate| format!("proxy_jump = \"{gate}\"\n"));
    for (one, other, is_one) in [(&*a, &*b, false), (&*a, &*a, true), (&*a, "", true), ("", &*b, true)] {
        let (one, other) = (node("one", "managed", one), node("other", "monitored", other));
        for (user, system) in [(format!("{one}{other}"), ""), (one.clone(), &*other)] {
            assert_eq!(files(user.as_bytes(), system).load().is_err(), is_one, "{user}{system}");
        }
    }
}

#[test]
fn an_unknown_key_is_pointed_at() {
    insta::assert_snapshot!(error("[[nodes]]\nname = \"web\"\nhots = \"192.168.1.10\"\n"), @r#"
    config.toml:3:1: unknown key "hots" in [[nodes]]
    3 | hots = "192.168.1.10"
      | ^^^^
    hint: did you mean "host"?
    "#);
    insta::assert_snapshot!(error("connect_timeout = \"10s\"\n[node]\n[ssh]\nhost = \"x\"\n"), @r#"
    config.toml:1:1: unknown key "connect_timeout"
    1 | connect_timeout = "10s"
      | ^^^^^^^^^^^^^^^
    hint: "connect_timeout" belongs in [ssh]

    config.toml:2:2: unknown key "node"
    2 | [node]
      |  ^^^^
    hint: did you mean [[nodes]]?

    config.toml:4:1: unknown key "host" in [ssh]
    4 | host = "x"
      | ^^^^
    hint: "host" belongs in [[nodes]]
    "#);
}

#[test]
fn all_problems_are_told_at_once() {
    let text = r#"
[[nodes]]
name = "web server"
port = "22"
mode = "monitred"

[[nodes]]
name = "db"
host = "root@db"
user = 5
port = 70000
tags = "x"

[ssh]
connect_timeout = 10
command_timeout = "2h"
identity = ["id"]
"#;
    insta::assert_snapshot!(error(text), @r#"
    config.toml:2:1: a [[nodes]] table needs a "host"
    2 | [[nodes]]
      | ^^^^^^^^^
    hint: add host = "192.168.1.10"

    config.toml:3:8: "web server" is not a node name: use letters, digits, `-` and `_`
    3 | name = "web server"
      |        ^^^^^^^^^^^^

    config.toml:4:8: "port" must be an integer from 1 to 65535, not a string
    4 | port = "22"
      |        ^^^^
    hint: write port = 22

    config.toml:5:8: "mode" must be "managed" or "monitored", not "monitred"
    5 | mode = "monitred"
      |        ^^^^^^^^^^
    hint: did you mean "monitored"?

    config.toml:9:8: "root@db" is not a host: the user is a word of its own, not part of the host
    9 | host = "root@db"
      |        ^^^^^^^^^

    config.toml:10:8: "user" must be a string, not an integer
    10 | user = 5
       |        ^

    config.toml:11:8: "port" must be an integer from 1 to 65535, not 70000
    11 | port = 70000
       |        ^^^^^

    config.toml:12:8: "tags" must be a list of strings, not a string
    12 | tags = "x"
       |        ^^^
    hint: write tags = ["x"]

    config.toml:15:19: "connect_timeout" must be a length of time in quotes, not an integer
    15 | connect_timeout = 10
       |                   ^^
    hint: write connect_timeout = "10s" for seconds

    config.toml:16:19: "command_timeout" must be at most an hour
    16 | command_timeout = "2h"
       |                   ^^^^

    … and one more problem
    "#);
}

#[test]
fn a_name_is_declared_once() {
    insta::assert_snapshot!(error("[[nodes]]\nname = \"a\"\nhost = \"h\"\n[[nodes]]\nname = \"a\"\nhost = \"i\"\n"), @r#"
    config.toml:5:8: node a is declared twice, first on line 2
    5 | name = "a"
      |        ^^^
    hint: give one of them another name, or remove it
    "#);
    let config = load("[[nodes]]\nname = \"a\"\nhost = \"h\"\n[[nodes]]\nname = \"A\"\nhost = \"i\"\n");
    assert_eq!(config.nodes.len(), 2);
}

#[test]
fn nodes_are_tables() {
    insta::assert_snapshot!(error("[nodes]\nname = \"a\"\n"), @r"
    config.toml:1:1: nodes are tables of their own, [[nodes]]
    1 | [nodes]
      | ^^^^^^^
    hint: begin each node with [[nodes]]
    ");
    insta::assert_snapshot!(error("nodes = \"a\"\n"), @r#"
    config.toml:1:1: nodes are tables of their own, [[nodes]]
    1 | nodes = "a"
      | ^^^^^
    hint: begin each node with [[nodes]]
    "#);
    insta::assert_snapshot!(error("llm = true\n"), @r"
    config.toml:1:1: [llm] must be a table
    1 | llm = true
      | ^^^
    ");
}

#[test]
fn what_is_no_toml_is_pointed_at() {
    insta::assert_snapshot!(error("[ssh]\nidentity = []\nidentity = []\n[ssh]\n"), @r"
    config.toml:3:1: identity is here for the second time
    3 | identity = []
      | ^^^^^^^^

    config.toml:4:2: ssh is here for the second time
    4 | [ssh]
      |  ^^^
    ");
    insta::assert_snapshot!(error("[[nodes]\nname = web\nhost = \"x\n"), @r"
    config.toml:1:9: unclosed array table, expected `]`
    1 | [[nodes]
      |         ^
    ");
    insta::assert_snapshot!(error("hello \u{1b}[2J world\n"), @r"
    config.toml:1:7: key with no value, expected `=`
    1 | hello �[2J world
      |       ^
    ");
}

fn way(config: &Config, name: &str) -> String {
    fn shown(jump: &Jump) -> String {
        match jump {
            Jump::Unsaid => "unsaid".to_owned(),
            Jump::Direct => "direct".to_owned(),
            Jump::Through(hops) => {
                let hops = hops
                    .iter()
                    .map(|hop| format!("{}@{}:{} ({})", hop.user, hop.host, hop.port, shown(&hop.jump)));
                hops.collect::<Vec<_>>().join(", ")
            }
        }
    }
    shown(&config.node(&name.parse().unwrap()).unwrap().node.ssh().unwrap().jump)
}

#[test]
fn a_jump_host_is_a_node_or_an_address() {
    let system = "[[nodes]]\nname = \"bastion\"\nhost = \"10.0.0.1\"\nport = 2222\nproxy_jump = \"none\"\n";
    let user = "[[nodes]]\nname = \"a\"\nhost = \"h\"\nproxy_jump = \"bastion, ops@[::1]:22\"\n\
                [[nodes]]\nname = \"b\"\nhost = \"i\"\nproxy_jump = \"a\"\n[[nodes]]\nname = \"c\"\nhost = \"j\"\n";
    let config = files(user.as_bytes(), system).load().unwrap();
    assert_eq!(way(&config, "bastion"), "direct");
    assert_eq!(way(&config, "a"), "nixi@10.0.0.1:2222 (direct), ops@::1:22 (unsaid)");
    assert_eq!(way(&config, "b"), "nixi@h:22 (nixi@10.0.0.1:2222 (direct), ops@::1:22 (unsaid))");
    assert_eq!(way(&config, "c"), "unsaid");
    assert_eq!(
        config.node(&"a".parse().unwrap()).unwrap().proxy_jump.as_deref(),
        Some("bastion,ops@[::1]:22")
    );
}

#[test]
fn a_bad_jump_host_is_told() {
    insta::assert_snapshot!(error("[[nodes]]\nname = \"a\"\nhost = \"h\"\nproxy_jump = \"bastion:0\"\n"), @r#"
    config.toml:4:14: "bastion:0" is not a jump host: use 1 to 65535
    4 | proxy_jump = "bastion:0"
      |              ^^^^^^^^^^^
    hint: write [user@]host[:port] or the name of a node, several with commas between
    "#);
    let node =
        |name, jump| format!("[[nodes]]\nname = \"{name}\"\nhost = \"h{name}\"\nproxy_jump = \"{jump}\"\n");
    let circle = error(&(node("a", "b") + &node("b", "c") + &node("c", "a")));
    assert!(circle.contains("config.toml:2:8: the way to a leads in a circle by way of a"), "{circle}");
    let own = error(&node("a", "a"));
    assert!(own.contains("leads in a circle"), "{own}");
}

#[test]
fn a_secret_is_neither_taken_nor_shown() {
    let text =
        "[llm]\napi_key = \"sk-123\"\nbase_url = \"https://me:sk-123@host/v1\"\napi_key_env = \"sk-123\"\n";
    let error = error(text);
    assert!(!error.contains("sk-123"), "{error}");
    insta::assert_snapshot!(error, @r#"
    config.toml:2:1: unknown key "api_key" in [llm]
    2 | api_key = …
      | ^^^^^^^
    hint: no secret belongs in this file: name a variable with api_key_env, or a file with api_key_file

    config.toml:3:12: "base_url" must not hold a user or a password
    3 | base_url = …
      |            ^
    hint: name a variable with api_key_env, or a file with api_key_file

    config.toml:4:15: "api_key_env" must be a variable's name
    4 | api_key_env = …
      |               ^
    hint: write the name of the environment variable, never the key itself
    "#);
    assert!(!self::error("[llm]\napi_key = sk-123\n").contains("sk-123"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let bad = files(b"# fine\nname = \"a\xff\"\n", "");
    insta::assert_snapshot!(bad.load().unwrap_err(), @r#"
    config.toml:2:10: the file is not UTF-8 text
    2 | name = "a�"
      |          ^
    "#);

    let directory = files(b"", "");
    fs::remove_file(&directory.files.user).unwrap();
    fs::create_dir(&directory.files.user).unwrap();
    insta::assert_snapshot!(directory.load().unwrap_err(), @r"
    config.toml: failed to read the file: it is a directory, not a regular file
    hint: name the file in it
    ");

    let long = files(&vec![b'\n'; 4 * 1024 * 1024 + 1], "");
    insta::assert_snapshot!(long.load().unwrap_err(), @"config.toml: failed to read the file: it is longer than 4 MiB");
}

#[test]
fn problems_of_both_files_are_told() {
    let error = files(b"a = 1\n", "b = 1\n").load().unwrap_err();
    assert!(error.contains("etc.toml:1:1") && error.contains("config.toml:1:1"), "{error}");
}

#[test]
fn places_count_characters_and_not_a_byte_order_mark() {
    let files = files("\u{feff}[ssh]\r\n\"ü\" = 1\r\nx.identity = 1 # ü\r\n".as_bytes(), "");
    let error = files.files.load(Path::new("/")).unwrap_err();
    let places: Vec<_> = error.problems().iter().map(|p| (p.line().unwrap(), p.column().unwrap())).collect();
    assert_eq!(places, [(2, 1), (3, 1)]);
    assert!(!error.to_string().contains('\r'));
}

proptest::proptest! {
    /// No text makes the reader or its messages fail.
    #[test]
    fn garbage_is_refused_politely(text in "(\\PC|[\\[\\]{}=.,\"'#\\\\\n\r\t \u{1b}]|nodes|name|host|ssh|llm){0,60}") {
        if let Err(message) = files(text.as_bytes(), "").load() {
            proptest::prop_assert!(!message.chars().any(|c| c.is_control() && c != '\n'), "{:?}", message);
        }
    }
}
