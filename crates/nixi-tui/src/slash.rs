//! Typed commands: a line that begins with `/`.

use std::path::Path;

use nixi_core::session::{AdoptRequest, AdoptWords};
use nixi_core::text::excerpt;
use nixi_core::{ErrorKind, ErrorReport, NodeName, RequestId};

/// What a typed command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slash {
    /// Adds a node.
    Adopt(Box<AdoptRequest>),
    /// Lists the nodes.
    Nodes,
    /// Removes a node.
    Remove(NodeName),
    /// Takes back a request, the newest unless it is named.
    Undo(Option<RequestId>),
    /// Says which model answers, or chooses another.
    Model(Option<String>),
    /// Lists the commands.
    Help,
    /// Leaves.
    Quit,
}

/// The commands: name, operands, and what they are for.
pub(crate) const COMMANDS: [(&str, &str, &str); 7] = [
    ("/adopt", "<name> <host> [user] [mode]", "add a node (user nixi, mode managed)"),
    ("/nodes", "", "list the nodes, and whether they answer"),
    ("/remove", "<name>", "remove a node from the configuration"),
    ("/undo", "[number]", "take back what a request did"),
    ("/model", "[name]", "which model answers, or another"),
    ("/help", "", "this list"),
    ("/quit", "", "leave"),
];

/// The names of the commands.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _, _)| *name)
}

/// Reads a line that begins with `/`.
pub(crate) fn parse(line: &str) -> Result<Slash, ErrorReport> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let operands: Vec<&str> = words.collect();
    match (name, operands.as_slice()) {
        ("/adopt", operands) => adopt(operands),
        ("/nodes", []) => Ok(Slash::Nodes),
        ("/remove", [node]) => node.parse().map(Slash::Remove).map_err(|error| bad("/remove", &error)),
        ("/undo", []) => Ok(Slash::Undo(None)),
        ("/undo", [request]) => {
            request.parse().map(|id| Slash::Undo(Some(id))).map_err(|error| bad("/undo", &error))
        }
        ("/model", []) => Ok(Slash::Model(None)),
        ("/model", [model]) => Ok(Slash::Model(Some((*model).to_owned()))),
        ("/help", []) => Ok(Slash::Help),
        ("/quit" | "/exit", []) => Ok(Slash::Quit),
        (known, _) if names().any(|name| name == known) => Err(usage(known)),
        (unknown, _) => {
            let hint = nixi_core::nearest::did_you_mean(unknown, names());
            Err(ErrorReport::new(ErrorKind::Usage, format!("there is no command {}", excerpt(unknown)))
                .hint(hint.unwrap_or_else(|| "/help lists all there are".to_owned())))
        }
    }
}

/// Words of the page in their places, and options of the command line after or between them.
fn adopt(operands: &[&str]) -> Result<Slash, ErrorReport> {
    let mut places: Vec<&str> = Vec::new();
    let (mut port, mut identity, mut host_key) = (None, None, None);
    let mut words = operands.iter().copied();
    while let Some(word) = words.next() {
        let option = match word {
            "--port" => &mut port,
            "--identity" => &mut identity,
            "--host-key" => &mut host_key,
            option if option.starts_with("--") => {
                let option = excerpt(option);
                return Err(ErrorReport::new(ErrorKind::Usage, format!("/adopt has no option {option}"))
                    .hint("it takes --port N, --identity FILE and --host-key SHA256:..."));
            }
            place => {
                places.push(place);
                continue;
            }
        };
        if option.replace(words.next().ok_or_else(|| usage("/adopt"))?).is_some() {
            return Err(usage_with("/adopt", format!("{word} is given twice")));
        }
    }
    let (name, host, user, mode) = match *places.as_slice() {
        [name, host] => (name, host, None, None),
        [name, host, user] => (name, host, Some(user), None),
        [name, host, user, mode] => (name, host, Some(user), Some(mode)),
        _ => return Err(usage("/adopt")),
    };
    let words = AdoptWords {
        command: "/adopt",
        name,
        host,
        user,
        mode,
        port,
        identity: identity.map(Path::new),
        host_key,
    };
    let request = words.read().map_err(|error| match error.hint {
        Some(_) => error,
        None => error.hint(usage_of("/adopt")),
    })?;
    Ok(Slash::Adopt(Box::new(request)))
}

fn bad(command: &str, error: &dyn std::fmt::Display) -> ErrorReport {
    usage_with(command, error.to_string())
}

fn usage(command: &str) -> ErrorReport {
    usage_with(command, format!("{command} is not written like that"))
}

fn usage_with(command: &str, message: String) -> ErrorReport {
    ErrorReport::new(ErrorKind::Usage, message).hint(usage_of(command))
}

fn usage_of(command: &str) -> String {
    let operands =
        COMMANDS.iter().find(|(name, _, _)| *name == command).map_or("", |(_, operands, _)| operands);
    format!("{command} {operands}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::{Mode, Port};

    fn adopted(line: &str) -> AdoptRequest {
        match parse(line) {
            Ok(Slash::Adopt(request)) => *request,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refused(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn the_examples_of_the_page() {
        let web = adopted("/adopt web-server 192.168.1.10");
        assert_eq!((web.name.as_str(), web.host.as_str()), ("web-server", "192.168.1.10"));
        assert_eq!((web.user.as_str(), web.mode, web.port), ("nixi", Mode::Managed, None));
        assert_eq!(adopted("/adopt db-server 192.168.1.20 nixi managed").mode, Mode::Managed);
        assert_eq!(adopted("/adopt monitoring 192.168.1.30 nixi monitored").mode, Mode::Monitored);
        assert_eq!(adopted("  /adopt  a   ::1 root ").user.as_str(), "root");
    }

    #[test]
    fn options_stand_anywhere() {
        let node = adopted("/adopt web --port 2222 127.0.0.1 root --identity /k monitored");
        assert_eq!(
            (node.port, node.user.as_str(), node.mode),
            (Port::try_from(2222).ok(), "root", Mode::Monitored)
        );
        assert_eq!(node.identity, Some("/k".into()));
        assert!(refused("/adopt web h --prot 2").contains("no option --prot"));
        assert!(refused("/adopt web h --port").contains("/adopt <name>"));
        assert!(refused("/adopt web h --port 0").contains("1 to 65535"));
        assert!(refused("/adopt web h --port 1 --port 2").contains("--port is given twice"));
        let pin = format!("SHA256:{}", "A".repeat(43));
        assert_eq!(adopted(&format!("/adopt web h --host-key {pin}")).host_key.unwrap().as_str(), pin);
    }

    #[test]
    fn a_key_is_named_by_its_whole_path() {
        assert_eq!(adopted("/adopt web h --identity ~/.ssh/k").identity, Some("~/.ssh/k".into()));
        insta::assert_snapshot!(refused("/adopt web h --identity .ssh/k"), @r#"
        ".ssh/k" is not a whole path of a key
        hint: write it from / or from ~/
        "#);
    }

    #[test]
    fn a_long_word_is_not_said_back_in_full() {
        let long = "x".repeat(8000);
        for line in [
            format!("/{long}"),
            format!("/adopt {long} h"),
            format!("/adopt w h --{long}"),
            format!("/remove {long}/"),
        ] {
            assert!(refused(&line).len() < 400, "{line}");
        }
    }

    #[test]
    fn a_mode_where_the_user_belongs_is_told() {
        insta::assert_snapshot!(refused("/adopt web 10.0.0.1 monitored"), @r#"
        "monitored" is a mode, and stands where the user belongs
        hint: /adopt web 10.0.0.1 nixi monitored
        "#);
    }

    #[test]
    fn wrong_words_are_told() {
        for line in ["/adopt", "/adopt web", "/adopt a b c managed e", "/remove", "/remove a b", "/nodes x"] {
            assert!(refused(line).contains("hint: /"), "{line}");
        }
        assert!(refused("/adopt all 10.0.0.1").contains("always means every node"));
        assert!(refused("/adopt a 10.0.0.1 u readonly").contains("`managed` or `monitored`"));
        assert!(refused("/node").starts_with("there is no command /node\nhint: did you mean \"/nodes\""));
        assert!(refused("/zzzzzz").contains("/help"));
    }

    #[test]
    fn the_rest() {
        assert_eq!(parse("/nodes"), Ok(Slash::Nodes));
        assert_eq!(parse("/remove monitoring"), Ok(Slash::Remove("monitoring".parse().unwrap())));
        assert_eq!(parse("/model"), Ok(Slash::Model(None)));
        assert_eq!(parse("/model qwen3:8b"), Ok(Slash::Model(Some("qwen3:8b".to_owned()))));
        assert_eq!(parse("/help"), Ok(Slash::Help));
        assert_eq!(parse("/quit"), Ok(Slash::Quit));
    }

    #[test]
    fn every_listed_command_is_read() {
        for name in names() {
            assert!(!refused_or_ok(name).contains("there is no command"), "{name}");
        }
    }

    fn refused_or_ok(line: &str) -> String {
        parse(line).map_or_else(|error| error.to_string(), |slash| format!("{slash:?}"))
    }
}
