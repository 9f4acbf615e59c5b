use nixi_core::config::{ConfigEdit, EditError, NewNode, OldNode};
use nixi_core::{Given, Jump, Mode, NewWay, Node, Port, SshTarget};

pub(crate) fn new_node(name: &str) -> NewNode {
    NewNode {
        name: name.parse().unwrap(),
        host: "192.168.1.10".parse().unwrap(),
        user: "nixi".parse().unwrap(),
        mode: Mode::Managed,
        port: None,
        identity: None,
        tags: Vec::new(),
    }
}

pub(crate) fn add(name: &str) -> ConfigEdit {
    ConfigEdit::AddNode(new_node(name))
}

/// Removes a node that [`add`] declared.
pub(crate) fn remove(name: &str) -> ConfigEdit {
    old(new_node(name), Given { user: true, port: false })
}

/// Removes a node that was written by hand, with this host and all else as usual.
pub(crate) fn remove_from(name: &str, host: &str) -> ConfigEdit {
    removal(NewNode { host: host.parse().unwrap(), ..new_node(name) })
}

/// Of a declaration that names neither user nor port.
pub(crate) fn removal(node: NewNode) -> ConfigEdit {
    old(node, Given { user: false, port: false })
}

fn old(node: NewNode, given: Given) -> ConfigEdit {
    let target = SshTarget {
        host: node.host,
        port: node.port.unwrap_or(Port::SSH),
        user: node.user,
        identity: None,
        given,
        jump: Jump::Unsaid,
    };
    ConfigEdit::RemoveNode(OldNode::of(&Node::remote(node.name, target, node.mode)).unwrap())
}

const WRITTEN_BY_HAND: &str = r#"# My machines.

# The web server.
# It is old.
[[nodes]]
name = "web"      # short
host = "h"
# user = "root"

# In the cellar.
[[nodes]]
name = "db"
host = "h"
# Upstairs.
[[nodes]]
name = "mon"
host = "m"
mode = "monitored"

[ssh] # ssh
connect_timeout = "5s"
"#;

#[test]
fn a_node_is_added_after_the_others() {
    let mut node = new_node("new");
    node.port = Some(Port::try_from(2222).unwrap());
    node.identity = Some("~/.ssh/new".into());
    node.tags = vec!["a".parse().unwrap(), "b".parse().unwrap()];
    let text = ConfigEdit::AddNode(node).apply(WRITTEN_BY_HAND).unwrap();
    let (before, after) = WRITTEN_BY_HAND.split_at(WRITTEN_BY_HAND.find("\n[ssh]").unwrap());
    let added = text.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
    insta::assert_snapshot!(added, @r#"

    [[nodes]]
    name = "new"
    host = "192.168.1.10"
    user = "nixi"
    mode = "managed"
    port = 2222
    identity = "~/.ssh/new"
    tags = ["a", "b"]
    "#);
}

#[test]
fn removing_a_node_keeps_the_comments_of_the_others() {
    insta::assert_snapshot!(remove_from("web", "h").apply(WRITTEN_BY_HAND).unwrap(), @r#"
    # My machines.

    # In the cellar.
    [[nodes]]
    name = "db"
    host = "h"
    # Upstairs.
    [[nodes]]
    name = "mon"
    host = "m"
    mode = "monitored"

    [ssh] # ssh
    connect_timeout = "5s"
    "#);
    insta::assert_snapshot!(remove_from("db", "h").apply(WRITTEN_BY_HAND).unwrap(), @r#"
    # My machines.

    # The web server.
    # It is old.
    [[nodes]]
    name = "web"      # short
    host = "h"
    # user = "root"

    # Upstairs.
    [[nodes]]
    name = "mon"
    host = "m"
    mode = "monitored"

    [ssh] # ssh
    connect_timeout = "5s"
    "#);
    insta::assert_snapshot!(removal(NewNode { mode: Mode::Monitored, host: "m".parse().unwrap(), ..new_node("mon") })
        .apply(WRITTEN_BY_HAND).unwrap(), @r#"
    # My machines.

    # The web server.
    # It is old.
    [[nodes]]
    name = "web"      # short
    host = "h"
    # user = "root"

    # In the cellar.
    [[nodes]]
    name = "db"
    host = "h"

    [ssh] # ssh
    connect_timeout = "5s"
    "#);
}

#[test]
fn the_ends_of_a_file_stay_as_they_are() {
    assert!(add("a").apply("").unwrap().ends_with("mode = \"managed\"\n"));
    assert!(add("a").apply("# x").unwrap().ends_with("mode = \"managed\""));
    assert!(add("a").apply("# x\r\n").unwrap().starts_with("# x\r\n\r\n[[nodes]]\r\nname"));
    assert!(add("a").apply("\u{feff}").unwrap().starts_with("\u{feff}[[nodes]]\n"));
    let first = "[[nodes]]\nname = \"a\"\nhost = \"h\"\n\n[ssh]\n";
    assert_eq!(remove_from("a", "h").apply(first).unwrap(), "[ssh]\n");
    let tight = "# general\n\n[[nodes]]\nname = \"a\"\nhost = \"h\"\n[[nodes]]\nname = \"b\"\nhost = \"h\"";
    let rest = "# general\n\n[[nodes]]\nname = \"b\"\nhost = \"h\"";
    assert_eq!(remove_from("a", "h").apply(tight).unwrap(), rest);
    let unended = "# general\n\n[[nodes]]\nname = \"a\"\nhost = \"h\"";
    assert_eq!(remove_from("b", "h").apply(tight).unwrap(), unended);
}

#[test]
fn a_string_that_looks_like_a_comment_is_none() {
    let text = "[llm]\nmodel = '''m\n# x'''\n[[nodes]]\nname = \"a\"\nhost = \"h\"\n";
    let text = text.replace("m\n# x", "\n# x");
    let rest = "[llm]\nmodel = '''\n# x'''\n";
    assert_eq!(remove_from("a", "h").apply(&text).unwrap(), rest);
}

#[test]
fn an_array_keeps_its_layout() {
    let added = |text: &str| {
        let added = add("n").apply(text).unwrap();
        assert_eq!(remove("n").apply(&added).unwrap(), text);
        added.replace("host = \"192.168.1.10\", user = \"nixi\", mode = \"managed\"", "..")
    };
    assert_eq!(added("nodes = []\n"), "nodes = [{ name = \"n\", .. }]\n");
    assert_eq!(added("nodes = [ ]"), "nodes = [ { name = \"n\", .. } ]");
    assert_eq!(added("nodes = [\r\n]\r\n"), "nodes = [\r\n  { name = \"n\", .. },\r\n]\r\n");
    let one = "nodes = [{name='a',host='h'}] # all\n";
    assert_eq!(added(one), "nodes = [{name='a',host='h'}, {name = \"n\", ..}] # all\n");
    let comma = "nodes = [ { name='a',host='h' }, ]\n";
    assert_eq!(added(comma), "nodes = [ { name='a',host='h' }, { name = \"n\", .. }, ]\n");
    let lines = "nodes = [\n\t# first\n\t{ name = \"a\", host = \"h\" }, # a\n\t{ name = \"b\", host = \"h\" } # b, c\n  # end\n]\n";
    insta::assert_snapshot!(added(lines), @r#"
    nodes = [
    	# first
    	{ name = "a", host = "h" }, # a
    	{ name = "b", host = "h" }, # b, c
    	{ name = "n", .. }
      # end
    ]
    "#);
    insta::assert_snapshot!(remove_from("a", "h").apply(lines).unwrap(), @r#"
    nodes = [
    	{ name = "b", host = "h" } # b, c
      # end
    ]
    "#);
    insta::assert_snapshot!(remove_from("b", "h").apply(lines).unwrap(), @r#"
    nodes = [
    	# first
    	{ name = "a", host = "h" } # a
      # end
    ]
    "#);
    let inline = "nodes = [ { name = \"a\", host = \"h\" }, { name = \"b\", host = \"h\" } ]";
    assert_eq!(remove_from("a", "h").apply(inline).unwrap(), "nodes = [ { name = \"b\", host = \"h\" } ]");
    assert_eq!(remove_from("b", "h").apply(inline).unwrap(), "nodes = [ { name = \"a\", host = \"h\" } ]");
}

#[test]
fn a_change_that_does_not_fit_is_refused() {
    assert_eq!(add("web").apply(WRITTEN_BY_HAND), Err(EditError::Duplicate("web".parse().unwrap())));
    let missing =
        EditError::NotFound { name: "webb".parse().unwrap(), nearest: Some("web".parse().unwrap()) };
    assert_eq!(remove_from("webb", "h").apply(WRITTEN_BY_HAND), Err(missing));
    let changed = Err(EditError::Changed("web".parse().unwrap()));
    assert_eq!(remove_from("web", "another").apply(WRITTEN_BY_HAND), changed);
    let monitored = NewNode { mode: Mode::Monitored, host: "h".parse().unwrap(), ..new_node("web") };
    assert_eq!(removal(monitored).apply(WRITTEN_BY_HAND), changed);
    assert!(matches!(add("x").apply("garbage"), Err(EditError::Broken(_))));
    assert!(matches!(add("x").apply("[ssh]\nfoo = 1\n"), Err(EditError::Broken(_))));
    for path in ["id", "~root/id", "/a\nb", ""] {
        let mut node = new_node("x");
        node.identity = Some(path.into());
        assert_eq!(ConfigEdit::AddNode(node).apply(""), Err(EditError::Identity), "{path:?}");
    }
}

#[test]
fn a_key_with_quotes_in_its_path_is_written_down() {
    let mut node = new_node("x");
    node.identity = Some("/a\"b'c\\d #".into());
    let text = ConfigEdit::AddNode(node).apply("").unwrap();
    assert_eq!(remove("x").apply(&text).unwrap(), "");
}

#[test]
fn a_plan_shows_a_change_in_words() {
    assert_eq!(add("web-server").to_string(), "add node web-server (nixi@192.168.1.10, managed)");
    assert_eq!(remove("web-server").to_string(), "remove node web-server (nixi@192.168.1.10, managed)");
    let mut node = new_node("six");
    node.host = "fe80::1".parse().unwrap();
    node.port = Some(Port::try_from(2222).unwrap());
    node.mode = Mode::Monitored;
    node.identity = Some("~/k\u{1b}".into());
    node.tags = vec!["web".parse().unwrap()];
    let shown = ConfigEdit::AddNode(node).to_string();
    assert_eq!(shown, "add node six (nixi@[fe80::1]:2222, monitored, key ~/k\u{fffd}, @web)");
}

/// Only what changes is written: in the place of what is there, else behind the host.
#[test]
fn a_node_is_moved_where_it_stands() {
    let moved = |text: &str, name: &str, to: NewWay| {
        let ConfigEdit::RemoveNode(old) = remove_from(name, "h") else { unreachable!() };
        ConfigEdit::MoveNode(old, to).apply(text).unwrap()
    };
    let port = || NewWay { port: Port::try_from(2222).ok(), ..NewWay::default() };
    insta::assert_snapshot!(moved(WRITTEN_BY_HAND, "web", port()), @r#"
    # My machines.

    # The web server.
    # It is old.
    [[nodes]]
    name = "web"      # short
    host = "h"
    port = 2222
    # user = "root"

    # In the cellar.
    [[nodes]]
    name = "db"
    host = "h"
    # Upstairs.
    [[nodes]]
    name = "mon"
    host = "m"
    mode = "monitored"

    [ssh] # ssh
    connect_timeout = "5s"
    "#);
    let all = NewWay { host: "192.0.2.8".parse().ok(), user: "admin".parse().ok(), ..port() };
    let inline = "nodes = [\n  { name = \"web\", host = \"h\" }, # mine\n]\n";
    insta::assert_snapshot!(moved(inline, "web", all.clone()), @r#"
    nodes = [
      { name = "web", host = "192.0.2.8", user = "admin", port = 2222 }, # mine
    ]
    "#);
    let last = "[[nodes]]\r\n  name = \"web\"\r\n  host = \"h\" # here";
    let after = "[[nodes]]\r\n  name = \"web\"\r\n  host = \"192.0.2.8\" # here\r\n  user = \"admin\"\r\n  port = 2222";
    assert_eq!(moved(last, "web", all), after);
}
