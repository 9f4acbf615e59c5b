//! Putting a node back into Nixi's own configuration, with the host keys that were on record for it.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Kind, unwritten, write_config};
use crate::card::Edits;
use crate::command::Login;
use crate::config::{ConfigEdit, ConfigStore, Removal};
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::HostKeys;
use crate::plan::applied::{done, failed};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, Risk, StepReport, Turn};

/// A node as it was before it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreNode {
    /// Its declaration.
    pub removal: Removal,
    /// The lines of known_hosts that were about it, and about no other host.
    pub host_keys: Vec<String>,
}

impl RestoreNode {
    /// Puts its host keys back, if it can be put back itself, and only for where it will be.
    fn remember(&self, config: &ConfigStore, keys: &dyn HostKeys) -> Result<(), ErrorReport> {
        let edit = ConfigEdit::RestoreNode(self.removal.clone());
        let after = config.preview(&edit).map_err(|error| unwritten(&error))?;
        match after.node(&self.removal.name).and_then(|entry| entry.node.ssh()) {
            Some(target) => match keys.remember(target, &self.host_keys) {
                Ok(_) => Ok(()),
                Err(error) => Err(ErrorReport::new(ErrorKind::WriteFailed, error)),
            },
            None => Ok(()),
        }
    }
}

/// A line of known_hosts as a person reads it: the names, the type, and the key's fingerprint.
fn shown_key(line: &str) -> String {
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let (Some(names), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else {
        return "a line that is no key".to_owned();
    };
    let names = if names.starts_with("|1|") { "(hashed name)" } else { names };
    match STANDARD_NO_PAD.decode(key.trim_end_matches('=')) {
        Ok(key) => {
            format!("{names} {kind} SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
        }
        Err(_) => format!("{names} {kind}, which is no key"),
    }
}

#[async_trait]
impl Kind for RestoreNode {
    fn edits(&self) -> Edits {
        Edits::NodeList
    }

    /// The list of nodes says what may be done where.
    fn least_risk(&self) -> Risk {
        Risk::Destructive
    }

    fn line(&self, _: Login) -> String {
        let mut line = format!("config: put back node {}", self.removal.shown);
        let keys: Vec<String> = self.host_keys.iter().map(|line| shown_key(line)).collect();
        if !keys.is_empty() {
            line.push_str(&format!("; known_hosts: {}", keys.join("; ")));
        }
        line
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("restore_node", self))
    }

    /// The keys first: a node that is back is never without them.
    async fn run(&self, Turn { shown, .. }: Turn<'_>, _: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        let (node, config, keys) = (self.clone(), cx.config.clone(), Arc::clone(&cx.host_keys));
        let remembered = tokio::task::spawn_blocking(move || node.remember(&config, &*keys)).await;
        let broke_off = || Err(ErrorReport::new(ErrorKind::Internal, "writing known_hosts broke off"));
        if let Err(error) = remembered.unwrap_or_else(|_| broke_off()) {
            return failed(shown, error);
        }
        match write_config(cx.config, ConfigEdit::RestoreNode(self.removal.clone())).await {
            Ok(()) => done(shown, None),
            Err(error) => failed(shown, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::arrival::{Arrival, Likeness};
    use crate::config::{ConfigFiles, OldNode};
    use crate::exec::Forgotten;
    use crate::node::{Node, SshTarget};

    fn step(host_keys: &[&str]) -> RestoreNode {
        let removal = Removal {
            name: "web".parse().unwrap(),
            shown: "web (nixi@10.0.0.5, managed)".to_owned(),
            text: String::new(),
            instead: String::new(),
            at: 0,
        };
        RestoreNode { removal, host_keys: host_keys.iter().map(|line| (*line).to_owned()).collect() }
    }

    /// The fingerprint is what ssh-keygen(1) prints of this key.
    #[test]
    fn each_line_of_known_hosts_is_told_by_its_names_and_fingerprint() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIIgZDE5gKm7h3Bz+i83TSAZxZsB9C6qsImQGvCtpF74o";
        let lines = [
            format!("10.0.0.5,web ssh-ed25519 {key} note"),
            format!("|1|c2FsdA==|aGFzaA== ssh-ed25519 {key}"),
        ];
        let line = |lines: &[&str]| step(lines).line(Login::Other);
        insta::assert_snapshot!(line(&[&lines[0], &lines[1], "* ssh-rsa ?", "x"]), @"config: put back node web (nixi@10.0.0.5, managed); known_hosts: 10.0.0.5,web ssh-ed25519 SHA256:2IbxCAkjzckz/1oTByv6/Aw/QS/1+/3lbFXSibt8KEU; (hashed name) ssh-ed25519 SHA256:2IbxCAkjzckz/1oTByv6/Aw/QS/1+/3lbFXSibt8KEU; * ssh-rsa, which is no key; a line that is no key");
        assert_eq!(line(&[]), "config: put back node web (nixi@10.0.0.5, managed)");
        let many = vec![lines[0].as_str(); 12];
        assert_eq!(line(&many).matches("SHA256:").count(), many.len(), "none goes unseen");
    }

    /// Writes down for whom keys are put back.
    #[derive(Default)]
    struct Asked(Mutex<Vec<String>>);

    #[async_trait]
    impl HostKeys for Asked {
        async fn likenesses(
            &self,
            _: &Node,
            _: Option<&Arrival>,
            _: &[Node],
        ) -> Result<Vec<Likeness>, String> {
            Err("not asked".to_owned())
        }

        fn forget(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Forgotten, String> {
            Err("not asked".to_owned())
        }

        fn on_record(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Vec<String>, String> {
            Err("not asked".to_owned())
        }

        fn remember(&self, target: &SshTarget, lines: &[String]) -> Result<Forgotten, String> {
            self.0.lock().unwrap().push(format!("{}:{} {lines:?}", target.host, target.port));
            Ok(Forgotten { lines: lines.len(), file: "known_hosts".into() })
        }
    }

    #[test]
    fn keys_are_put_back_for_the_node_alone_and_only_if_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let files =
            ConfigFiles { user: folder.path().join("user.toml"), system: folder.path().join("system.toml") };
        std::fs::write(&files.user, "[[nodes]]\nname = \"web\"\nhost = \"10.0.0.5\"\nport = 2222\n").unwrap();
        let store = ConfigStore::new(files.clone(), folder.path().to_owned());
        let old = OldNode::of(&store.load().unwrap().nodes[0].node).unwrap();
        let removal = store.removal(old.clone()).unwrap();
        store.apply(&ConfigEdit::RemoveNode(old)).unwrap();
        let node = RestoreNode { removal, ..step(&["line"]) };

        let keys = Asked::default();
        std::fs::write(
            &files.system,
            "[[nodes]]\nname = \"other\"\nhost = \"10.0.0.5\"\nport = 2222\nmode = \"monitored\"\n",
        )
        .unwrap();
        assert_eq!(node.remember(&store, &keys).unwrap_err().kind, ErrorKind::Config);
        assert_eq!(keys.0.lock().unwrap().len(), 0);
        std::fs::remove_file(&files.system).unwrap();
        node.remember(&store, &keys).unwrap();
        assert_eq!(*keys.0.lock().unwrap(), [r#"10.0.0.5:2222 ["line"]"#]);
    }
}
