//! Which nodes the words of `--node` choose: names, `local`, tags, globs, `all`, and lists of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use wildmatch::WildMatch;

use super::roster::Roster;
use crate::error::{ErrorKind, ErrorReport};
use crate::names;
use crate::nearest::did_you_mean;
use crate::node::Node;
use crate::text;

/// Where all names are to be found.
const LIST: &str = "`nixi nodes` lists all there are";

impl Roster {
    /// The nodes that the words choose, each once, at the place of the first word that chooses it. A tag, a glob and `all`
    /// choose in the order of the configuration, `all` the controller before all others. Nothing said is the controller.
    ///
    /// Every word has to choose a node: a list with a slip in it chooses none at all.
    pub(super) fn choose(&self, words: &[String]) -> Result<Vec<Node>, ErrorReport> {
        if words.is_empty() {
            return Ok(vec![Node::controller()]);
        }
        let mut written = Vec::with_capacity(words.len());
        for word in words {
            let list = names::expand(word).map_err(|error| {
                ErrorReport::new(ErrorKind::UnknownNode, error.to_string())
                    .hint("numbers in brackets are written out: 'web-[1-3,7]'")
            })?;
            written.extend(list);
        }
        let by_name: HashMap<&str, &Node> = self.remote().map(|node| (node.name().as_str(), node)).collect();
        let mut seen = HashSet::new();
        let mut chosen = Vec::new();
        for word in &written {
            let found = match by_name.get(word.as_str()) {
                Some(node) => vec![(*node).clone()],
                None => self.meant(word)?,
            };
            chosen.extend(found.into_iter().filter(|node| seen.insert(node.name().clone())));
        }
        Ok(chosen)
    }

    /// The nodes that a word means which is no name of a configured one.
    fn meant(&self, word: &str) -> Result<Vec<Node>, ErrorReport> {
        if word == "all" {
            return Ok(std::iter::once(Node::controller()).chain(self.remote().cloned()).collect());
        }
        if let Some(tag) = word.strip_prefix('@') {
            return self.tagged(tag);
        }
        if word == "local" || word == self.controller.host_name {
            return Ok(vec![Node::controller()]);
        }
        if word.contains(['*', '?']) {
            return self.matching(word);
        }
        let names = self.remote().map(|node| node.name().as_str()).chain(["local", "all"]);
        Err(unknown(format!("there is no node {:?}", text::excerpt(word)), did_you_mean(word, names)))
    }

    fn tagged(&self, tag: &str) -> Result<Vec<Node>, ErrorReport> {
        let has_tag = |node: &&Node| node.tags().iter().any(|of_node| of_node.as_str() == tag);
        let found: Vec<Node> = self.remote().filter(has_tag).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let tags: BTreeSet<&str> = self.remote().flat_map(Node::tags).map(|tag| tag.as_str()).collect();
        Err(unknown(format!("no node has the tag {:?}", text::excerpt(tag)), did_you_mean(tag, tags)))
    }

    /// Globs look at the configured nodes alone; `*` is any run of characters, `?` any single one.
    fn matching(&self, glob: &str) -> Result<Vec<Node>, ErrorReport> {
        let pattern = WildMatch::new(glob);
        let found: Vec<Node> =
            self.remote().filter(|node| pattern.matches(node.name().as_str())).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // What is certain about the names is what they are near to.
        let certain = glob.replace(['*', '?'], "");
        let near = did_you_mean(&certain, self.remote().map(|node| node.name().as_str()));
        Err(unknown(format!("no node matches {:?}", text::excerpt(glob)), near))
    }
}

fn unknown(message: String, near: Option<String>) -> ErrorReport {
    ErrorReport::new(ErrorKind::UnknownNode, message).hint(near.unwrap_or_else(|| LIST.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{ConfigFiles, ConfigStore};
    use crate::fleet::Controller;

    /// A roster of these nodes, each with its tags behind a colon, on a controller called `here`.
    fn roster(nodes: &[&str]) -> Roster {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::new();
        for node in nodes {
            let (name, tags) = node.split_once(':').unwrap_or((node, ""));
            let tags: Vec<&str> = tags.split(':').filter(|tag| !tag.is_empty()).collect();
            text.push_str(&format!("[[nodes]]\nname = {name:?}\nhost = \"192.0.2.1\"\ntags = {tags:?}\n"));
        }
        let user = folder.path().join("config.toml");
        std::fs::write(&user, text).unwrap();
        let files = ConfigFiles { user, system: folder.path().join("none.toml") };
        let config = ConfigStore::new(files, folder.path().to_owned()).load().unwrap();
        let controller = Controller { host_name: "here".to_owned(), address: "127.0.0.1".to_owned() };
        Roster { config: Arc::new(config), controller }
    }

    fn chosen(roster: &Roster, words: &[&str]) -> Result<Vec<String>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let names = |nodes: Vec<Node>| nodes.iter().map(|node| node.name().to_string()).collect();
        roster.choose(&words).map(names).map_err(|error| {
            assert_eq!(error.kind, ErrorKind::UnknownNode);
            error.to_string()
        })
    }

    #[test]
    fn each_node_once_where_the_first_word_puts_it() {
        let fleet = roster(&["web-1:web", "web-2:web:eu", "db-1:eu", "here-too"]);
        for (words, nodes) in [
            (&[][..], &["local"][..]),
            (&["local"], &["local"]),
            (&["here"], &["local"]),
            (&["all"], &["local", "web-1", "web-2", "db-1", "here-too"]),
            (&["db-1,all"], &["db-1", "local", "web-1", "web-2", "here-too"]),
            (&["db-1", "web-1, db-1"], &["db-1", "web-1"]),
            (&["@eu"], &["web-2", "db-1"]),
            (&["@eu,@web"], &["web-2", "db-1", "web-1"]),
            (&["web-?"], &["web-1", "web-2"]),
            (&["*-1"], &["web-1", "db-1"]),
            (&["*"], &["web-1", "web-2", "db-1", "here-too"]),
            (&["web-[2,1]"], &["web-2", "web-1"]),
            (&["*b-[1-2]"], &["web-1", "db-1", "web-2"]),
        ] {
            assert_eq!(chosen(&fleet, words).unwrap(), nodes, "{words:?}");
        }
        assert_eq!(
            chosen(&roster(&["here"]), &["here"]).unwrap(),
            ["here"],
            "a node of that name comes first"
        );
    }

    #[test]
    fn a_word_that_chooses_nothing_gets_the_nearest() {
        let fleet = roster(&["web-1:edge", "db-server"]);
        for (word, message, hint) in [
            ("wbe-1", "there is no node \"wbe-1\"", "\"web-1\""),
            ("", "there is no node \"\"", LIST),
            ("web-1,", "there is no node \"\"", LIST),
            ("al", "there is no node", "\"all\""),
            ("wbe-*", "no node matches \"wbe-*\"", "\"web-1\""),
            ("*srver", "no node matches", "\"db-server\""),
            ("zz?", "no node matches", LIST),
            ("@egde", "no node has the tag \"egde\"", "\"edge\""),
            ("@", "no node has the tag \"\"", LIST),
            ("web-[1-2]", "there is no node \"web-2\"", "\"web-1\""),
            ("web-[ab]", "\"ab\" in brackets is no number", "'web-[1-3,7]'"),
            ("web-[1", "the brackets of \"web-[1\" do not match", "'web-[1-3,7]'"),
        ] {
            let error = chosen(&fleet, &["db-server", word]).unwrap_err();
            assert!(error.contains(message) && error.contains(hint), "{word}: {error}");
        }
    }

    fn naive(glob: &[u8], name: &[u8]) -> bool {
        match (glob, name) {
            ([], name) => name.is_empty(),
            ([b'*', rest @ ..], name) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            ([g, rest @ ..], [n, others @ ..]) => (*g == b'?' || g == n) && naive(rest, others),
            (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn a_glob_chooses_what_it_matches_in_the_order_of_the_file(
            names in proptest::collection::hash_set("[ab][ab0-2-]{0,6}", 1..12),
            glob in "[ab0-2*?-]{0,4}[*?][ab0-2*?-]{0,4}",
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let expected: Vec<&str> =
                names.iter().copied().filter(|name| naive(glob.as_bytes(), name.as_bytes())).collect();
            match chosen(&roster(&names), &[&glob]) {
                Ok(chosen) => prop_assert_eq!(chosen, expected),
                Err(error) => prop_assert!(expected.is_empty(), "{}", error),
            }
        }
    }
}
