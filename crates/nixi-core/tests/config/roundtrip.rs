//! Adding a node and removing it again leaves every byte as it was, whatever the file looked like.

use std::path::Path;

use nixi_core::Node;
use nixi_core::config::{ConfigEdit, ConfigFiles, NewNode, OldNode, Removal};
use nixi_core::{Mode, NewWay, Port};
use proptest::prelude::*;
use proptest::sample::select;

use super::edit::new_node;

/// Filler between tables: it never changes what the file says.
fn filler() -> impl Strategy<Value = String> {
    let line = select(vec!["\n", "  \n", "# a comment\n", "\t# indented, with [[nodes]] = {\n", "#\n", ""]);
    prop::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

fn node_table(index: usize) -> impl Strategy<Value = String> {
    let header = select(vec!["[[nodes]]\n", "  [[ nodes ]]  # header\n", "[[\"nodes\"]]\n"]);
    let name = select(vec!["name = \"N\"\n", "name='N' # the name\n", "\"name\"=\"\"\"N\"\"\"\n"]);
    let host = select(vec![
        "host = \"H\"\n",
        "# host = \"no\"\nhost = \"fe80::X\"\n\n",
        "    host = \"\"\"\\\n  # H\"\"\"\n",
    ]);
    let more = select(vec![
        "",
        "tags = [\n  # tags\n  \"a\", # x\n]\n",
        "mode = \"monitored\"\n",
        "user = \"root\" # root\n",
    ]);
    (header, name, host, more).prop_map(move |(header, name, host, more)| {
        let host =
            host.replace("# H\"", "H\"").replace('H', &format!("h{index}")).replace('X', &index.to_string());
        format!("{header}{}{host}{more}", name.replace('N', &format!("n{index}")))
    })
}

fn other_table(index: usize) -> impl Strategy<Value = String> {
    let tables = [
        vec!["[ssh]\n", "[ssh]\nidentity = [] # none\n", "[ssh]\nidentity = [\n  '/a', # a\n]\n"],
        vec!["[llm]\nmodel = '''\n# not a comment'''\n", "[llm] # llm\n"],
        vec!["[approval]\nroutine = \"ask\"\n", "  [approval]\n"],
    ];
    select(tables[index].clone()).prop_map(str::to_owned)
}

/// Tables in any order, with filler around them.
fn tables() -> impl Strategy<Value = (String, usize)> {
    let nodes = prop::collection::vec(any::<()>(), 0..4).prop_flat_map(|nodes| {
        let all: Vec<_> = (0..nodes.len()).map(|index| (node_table(index), filler())).collect();
        (all, Just(nodes.len()))
    });
    let others = prop::sample::subsequence(vec![0usize, 1, 2], 0..=3)
        .prop_flat_map(|which| which.into_iter().map(|i| (other_table(i), filler())).collect::<Vec<_>>());
    (filler(), nodes, others).prop_flat_map(|(lead, (nodes, count), others)| {
        let parts: Vec<String> = nodes.into_iter().chain(others).map(|(table, fill)| table + &fill).collect();
        (Just(lead), Just(parts).prop_shuffle(), Just(count))
            .prop_map(|(lead, parts, count)| (lead + &parts.concat(), count))
    })
}

/// `nodes` as an array, in every layout.
fn array() -> impl Strategy<Value = (String, usize)> {
    let open = select(vec![
        "nodes = [",
        "nodes=[ ",
        "nodes = [\n",
        "nodes = [ # , all\n",
        "nodes = [\n\n  # first, second\n",
    ]);
    let item = select(vec![
        "{ name = \"N\", host = \"H\" }",
        "{name='N',host='H'}",
        "{ name = \"N\", # N,\n    host = \"H\",\n  }",
    ]);
    let comma = select(vec![
        ",",
        ", ",
        ",\n",
        ",\n  ",
        ", # , behind\n\t",
        "\n  , ",
        " # before\n  , # behind\n  # above\n  ",
    ]);
    let last = select(vec!["", ",", " ,", " # last\n,"]);
    let close = select(vec!["]", " ]", "\n]", " # end\n  # end, really\n]", "\n\n  ]"]);
    let after = select(vec!["", "\n", " # after\n", "\n# after\n[ssh]\n"]);
    let items = prop::collection::vec((item, comma), 0..4);
    (filler(), open, items, last, close, after).prop_map(|(lead, open, items, last, close, after)| {
        let count = items.len();
        let mut text = format!("{lead}{open}");
        for (index, (item, comma)) in items.into_iter().enumerate() {
            text += &item.replace('N', &format!("n{index}")).replace('H', &format!("h{index}"));
            text += if index + 1 < count { comma } else { last };
        }
        (text + close + after, count)
    })
}

/// Any of these, with the line ends of either world, with or without a mark and a last line break.
fn config() -> impl Strategy<Value = (String, usize)> {
    (prop_oneof![tables(), array()], any::<bool>(), any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |((text, count), crlf, unended, mark)| {
            let text = if unended { text.strip_suffix('\n').unwrap_or(&text).to_owned() } else { text };
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            (if mark { format!("\u{feff}{text}") } else { text }, count)
        },
    )
}

fn any_addition() -> impl Strategy<Value = ConfigEdit> {
    let identity = select(vec![None, Some("~/.ssh/a"), Some("/k\"e'y")]);
    let port = select(vec![None, Some(22u16), Some(2222)]);
    (identity, port, any::<bool>(), any::<bool>()).prop_map(|(identity, port, monitored, tagged)| {
        let mut node = new_node("added");
        node.identity = identity.map(Into::into);
        node.port = port.map(|port| Port::try_from(port).unwrap());
        node.mode = if monitored { Mode::Monitored } else { Mode::Managed };
        node.tags = if tagged { vec!["x".parse().unwrap(), "y".parse().unwrap()] } else { Vec::new() };
        ConfigEdit::AddNode(node)
    })
}

/// The names of the nodes that a text declares, by the reader that everyone uses.
fn nodes(text: &str) -> Vec<Node> {
    let dir = tempfile::tempdir().unwrap();
    let files = ConfigFiles { user: dir.path().join("c.toml"), system: dir.path().join("none") };
    std::fs::write(&files.user, text).unwrap();
    let config = files.load(Path::new("/home/a")).unwrap_or_else(|error| panic!("{error}\n{text:?}"));
    config.nodes.into_iter().map(|entry| entry.node).collect()
}

fn names(text: &str) -> Vec<String> {
    nodes(text).iter().map(|node| node.name().to_string()).collect()
}

/// Removes a node as the text has it.
fn removal(name: &str, text: &str) -> ConfigEdit {
    let node = nodes(text).into_iter().find(|node| node.name().as_str() == name).unwrap();
    ConfigEdit::RemoveNode(OldNode::of(&node).unwrap())
}

/// The comments of a text, wherever they stand.
fn comments(text: &str) -> usize {
    text.lines().filter(|line| line.contains('#')).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn adding_then_removing_changes_nothing((text, count) in config(), edit in any_addition()) {
        let added = edit.apply(&text).unwrap();
        let mut expected = names(&text);
        prop_assert_eq!(expected.len(), count);
        expected.push("added".to_owned());
        prop_assert_eq!(names(&added), expected);
        prop_assert!(comments(&added) >= comments(&text), "a comment was lost:\n{}", added);
        prop_assert_eq!(removal("added", &added).apply(&added).unwrap(), text);
    }

    /// Also when others came and went meanwhile.
    #[test]
    fn additions_are_undone_in_any_order((text, _) in config(), first in any_addition(), swap in any::<bool>()) {
        let host = "192.168.1.11".parse().unwrap();
        let second = ConfigEdit::AddNode(NewNode { host, ..new_node("second") });
        let both = second.apply(&first.apply(&text).unwrap()).unwrap();
        let order = if swap { ["added", "second"] } else { ["second", "added"] };
        let one = removal(order[0], &both).apply(&both).unwrap();
        prop_assert_eq!(removal(order[1], &one).apply(&one).unwrap(), text);
    }

    /// Only the way to the node is another one; and moved once more, every key is where it was.
    #[test]
    fn a_moved_node_is_the_same_elsewhere(
        (text, count) in config(), pick in any::<prop::sample::Index>(),
        host in any::<bool>(), port in any::<bool>(), user in any::<bool>(),
    ) {
        if count == 0 {
            return Ok(());
        }
        let way = |number: u16| NewWay {
            host: host.then(|| format!("192.0.2.{number}").parse().unwrap()),
            port: port.then(|| Port::try_from(number).unwrap()),
            user: user.then(|| format!("u{number}").parse().unwrap()),
            host_keys: Vec::new(),
        };
        let at = pick.index(count);
        let before = nodes(&text);
        let to = |text: &str, number| {
            ConfigEdit::MoveNode(OldNode::of(&nodes(text)[at]).unwrap(), way(number)).apply(text).unwrap()
        };
        let once = to(&text, 21);
        let after = nodes(&once);
        for (index, (old, new)) in before.iter().zip(&after).enumerate() {
            prop_assert_eq!(old == new, index != at || !(host || port || user));
            prop_assert_eq!((old.name(), old.mode(), old.tags()), (new.name(), new.mode(), new.tags()));
        }
        let ssh = after[at].ssh().unwrap();
        prop_assert_eq!(ssh.port.get() == 21, port);
        prop_assert_eq!(ssh.user.as_str() == "u21", user);
        prop_assert_eq!(ssh.host.as_str() == "192.0.2.21", host);
        prop_assert_eq!(comments(&once), comments(&text));
        prop_assert_eq!(to(&to(&once, 22), 21), once);
    }

    /// What was removed is put back to the byte; and if others came meanwhile, it is there beside them.
    #[test]
    fn a_removed_node_is_put_back((text, count) in config(), pick in any::<prop::sample::Index>(), other in any_addition()) {
        if count == 0 {
            return Ok(());
        }
        let gone = names(&text).swap_remove(pick.index(count));
        let remove = removal(&gone, &text);
        let Ok(taken) = Removal::of(&remove, &text) else { return Err(TestCaseError::fail("in pieces")) };
        let left = remove.apply(&text).unwrap();
        let back = ConfigEdit::RestoreNode(taken);
        prop_assert_eq!(back.apply(&left).unwrap(), text.clone());
        prop_assert!(back.apply(&text).is_err(), "it is there");
        let more = other.apply(&left).unwrap();
        if let Ok(both) = back.apply(&more) {
            let mut found = names(&both);
            found.sort();
            let mut expected = names(&more);
            expected.push(gone);
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }

    /// Whoever wrote it, any node can go, and the others stay.
    #[test]
    fn removing_any_node_keeps_the_others((text, count) in config(), pick in any::<prop::sample::Index>()) {
        if count == 0 {
            return Ok(());
        }
        let mut expected = names(&text);
        let gone = expected.remove(pick.index(count));
        let result = removal(&gone, &text).apply(&text).unwrap();
        prop_assert_eq!(names(&result), expected);
        let bare = |text: &str| text.trim_matches(['\u{feff}', ' ', '\r', '\n']).is_empty();
        prop_assert!(bare(&result) || !text.ends_with('\n') || result.ends_with('\n'), "{:?}\n{:?}", text, result);
        prop_assert!(!result.replace("\r\n", "").contains('\r'));
    }
}

/// A journal is a file that somebody may have changed: what it puts back is the node that was shown, and nothing else.
#[test]
fn only_the_node_that_was_shown_is_put_back() {
    let text = "[[nodes]]\nname = \"web\"\nhost = \"192.0.2.1\"\n";
    let taken = Removal::of(&removal("web", text), text).unwrap();
    assert_eq!(taken.shown, "web (nixi@192.0.2.1, managed)");
    let others = [
        text.replace("192.0.2.1", "192.0.2.9"),
        text.replace("web", "db"),
        format!("{text}mode = \"monitored\"\n"),
        format!("{text}\n[approval]\nroutine = \"auto\"\n"),
        format!("{text}\n[[nodes]]\nname = \"more\"\nhost = \"192.0.2.2\"\n"),
        "# nothing\n".to_owned(),
        "not toml".to_owned(),
    ];
    for other in others {
        let edit = ConfigEdit::RestoreNode(Removal { text: other.clone(), ..taken.clone() });
        assert!(edit.apply("").is_err(), "{other}");
    }
    let far = ConfigEdit::RestoreNode(Removal { at: usize::MAX, ..taken });
    assert_eq!(names(&far.apply("").unwrap()), ["web"], "elsewhere, if it does not fit there");
}
