//! A configuration file of any bytes: read, a node added to it, and taken out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_core::config::{ConfigEdit, EditError, NewNode, OldNode};
use nixi_core::{Given, Jump, Mode, Node, Port, SshTarget};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let name = "one-more".parse().expect("a name");
    let target = SshTarget {
        host: "203.0.113.77".parse().expect("a host"),
        port: Port::SSH,
        user: "nixi".parse().expect("a user"),
        identity: None,
        given: Given { port: false, user: true },
        jump: Jump::Unsaid,
    };
    let new = NewNode {
        name,
        host: target.host.clone(),
        user: target.user.clone(),
        mode: Mode::Monitored,
        port: None,
        identity: None,
        tags: Vec::new(),
    };
    let old = OldNode::of(&Node::remote(new.name.clone(), target, new.mode)).expect("a remote node");
    match ConfigEdit::AddNode(new).apply(&text) {
        // What is added and taken out again leaves the very text.
        Ok(longer) => {
            assert_eq!(ConfigEdit::RemoveNode(old).apply(&longer).as_deref(), Ok(&*text));
        }
        // Whatever stands in it, what is told of it is short, and nothing that a terminal obeys.
        Err(EditError::Broken(error)) => {
            let told = error.to_string();
            assert!(!told.chars().any(|c| c.is_control() && c != '\n'), "{told:?}");
            assert!(told.len() < 16 * 1024, "{} bytes of a complaint", told.len());
        }
        Err(error) => assert!(matches!(error, EditError::Duplicate(_) | EditError::Unverified), "{error}"),
    }
});
