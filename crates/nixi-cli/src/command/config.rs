//! `nixi config`: where the configuration is, what is wrong with it, what holds.

use std::fmt::Write;
use std::time::Duration;

use nixi_core::config::{Config, ConfigFiles, Layer, NodeEntry};
use nixi_core::{ErrorKind, ErrorReport};
use serde_json::{Value, json};

use super::Cx;
use crate::args::ConfigVerb;
use crate::exit::Exit;
use crate::session::setup;

pub(super) fn run(cx: &Cx, what: ConfigVerb) -> Result<Exit, ErrorReport> {
    let store = setup(&cx.globals).store()?;
    let files = store.files();
    let paths = json!({ "user": files.user, "system": files.system });
    let load = || store.load().map_err(|error| ErrorReport::new(ErrorKind::Config, error.to_string()));
    Ok(match what {
        ConfigVerb::Path => cx.done("config.path", json!({}), paths, &files.user.display().to_string()),
        ConfigVerb::Check => {
            // As a session reads them, which also asks the SSH configuration where the nodes are.
            let nodes = nixi::open(&setup(&cx.globals))?.0.nodes()?.len();
            let data = json!({ "files": paths, "nodes": nodes });
            cx.done("config.check", json!({}), data, &checked(files, nodes))
        }
        ConfigVerb::Show => {
            let config = load()?;
            cx.done("config.show", json!({}), data(&config), &shown(&config, files))
        }
    })
}

fn checked(files: &ConfigFiles, nodes: usize) -> String {
    let state = |file: &std::path::Path| {
        let state = if file.exists() { "no problems" } else { "not there" };
        format!("{}: {state}", file.display())
    };
    let nodes = if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
    format!("{}\n{}\n{nodes}", state(&files.system), state(&files.user))
}

/// What holds, as the TOML that would say so. It names where a key is, and never holds one.
fn shown(config: &Config, files: &ConfigFiles) -> String {
    let mut toml = String::new();
    for entry in &config.nodes {
        let file = match entry.layer {
            Layer::System => &files.system,
            Layer::User => &files.user,
        };
        let _ = writeln!(toml, "[[nodes]]  # {}", file.display());
        for (key, value) in node_keys(entry) {
            let _ = writeln!(toml, "{key} = {value}");
        }
        toml.push('\n');
    }
    let mut table = |name: &str, keys: &[(&str, Option<Value>)]| {
        let _ = writeln!(toml, "[{name}]");
        for (key, value) in keys {
            if let Some(value) = value {
                let _ = writeln!(toml, "{key} = {value}");
            }
        }
        toml.push('\n');
    };
    table("container", &[("runtime", Some(json!(config.container.runtime.as_str())))]);
    table(
        "ssh",
        &[
            ("connect_timeout", Some(json!(duration(config.ssh.connect_timeout)))),
            ("command_timeout", Some(json!(duration(config.ssh.command_timeout)))),
            ("known_hosts", config.ssh.known_hosts.as_ref().map(|path| json!(path))),
            ("identity", Some(json!(config.ssh.identity))),
        ],
    );
    if let Some(llm) = &config.llm {
        table(
            "llm",
            &[
                ("base_url", Some(json!(llm.base_url))),
                ("model", Some(json!(llm.model))),
                ("api_key_env", llm.api_key_env.as_ref().map(|name| json!(name))),
                ("api_key_file", llm.api_key_file.as_ref().map(|path| json!(path))),
            ],
        );
    }
    table("approval", &[("routine", Some(json!(config.approval.routine.as_str())))]);
    table("guard", &[("timeout", Some(json!(duration(config.guard.timeout))))]);
    table("file", &[("roots", Some(json!(config.file.roots)))]);
    toml.trim_end().to_owned()
}

/// Values as JSON, which TOML reads the same way: strings, numbers and lists of strings.
fn node_keys(entry: &NodeEntry) -> Vec<(&'static str, Value)> {
    let node = &entry.node;
    let mut keys = vec![("name", json!(node.name()))];
    if let Some(ssh) = node.ssh() {
        keys.push(("host", json!(ssh.host)));
        // What is left open is for the user's SSH configuration to say.
        if ssh.given.user {
            keys.push(("user", json!(ssh.user)));
        }
        keys.push(("mode", json!(node.mode())));
        if ssh.given.port {
            keys.push(("port", json!(ssh.port)));
        }
        if let Some(identity) = &ssh.identity {
            keys.push(("identity", json!(identity)));
        }
        if let Some(jump) = &entry.proxy_jump {
            keys.push(("proxy_jump", json!(jump)));
        }
    }
    if !node.tags().is_empty() {
        keys.push(("tags", json!(node.tags())));
    }
    keys
}

fn data(config: &Config) -> Value {
    let nodes: Vec<Value> = config
        .nodes
        .iter()
        .map(|entry| {
            let layer = match entry.layer {
                Layer::System => "system",
                Layer::User => "user",
            };
            let keys = node_keys(entry).into_iter().map(|(key, value)| (key.to_owned(), value));
            keys.chain([("layer".to_owned(), json!(layer))]).collect()
        })
        .collect();
    json!({
        "nodes": nodes,
        "container": { "runtime": config.container.runtime },
        "ssh": {
            "connect_timeout": duration(config.ssh.connect_timeout),
            "command_timeout": duration(config.ssh.command_timeout),
            "known_hosts": config.ssh.known_hosts,
            "identity": config.ssh.identity,
        },
        "llm": config.llm.as_ref().map(|llm| json!({
            "base_url": llm.base_url,
            "model": llm.model,
            "api_key_env": llm.api_key_env,
            "api_key_file": llm.api_key_file,
        })),
        "approval": { "routine": config.approval.routine.as_str() },
        "guard": { "timeout": duration(config.guard.timeout) },
        "file": { "roots": config.file.roots },
    })
}

fn duration(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown can be put into a file, and means the same.
    #[test]
    fn what_is_shown_is_a_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let files = ConfigFiles { user: dir.path().join("a.toml"), system: dir.path().join("none.toml") };
        let text = "[[nodes]]\nname = \"web\"\nhost = \"::1\"\nmode = \"monitored\"\nport = 2222\ntags = [\"x\"]\n\
                    identity = \"/k \\\"q\\\"\"\nproxy_jump = \"ops@b:2222,[::2]\"\n[ssh]\nconnect_timeout = \"1500ms\"\nidentity = [\"/a\"]\n\
                    [llm]\nmodel = \"m\"\napi_key_env = \"KEY\"\n[file]\nroots = [\"/data/a b\"]\n";
        std::fs::write(&files.user, text).unwrap();
        let home = dir.path();
        let config = files.load(home).unwrap();
        let again = ConfigFiles { user: dir.path().join("b.toml"), ..files.clone() };
        std::fs::write(&again.user, shown(&config, &files)).unwrap();
        assert_eq!(again.load(home).unwrap(), config);
    }
}
