//! Typed commands: a line that begins with `/`.

use std::path::PathBuf;

use nixi_core::session::AdoptRequest;
use nixi_core::{ErrorKind, ErrorReport, Mode, NodeName, Port, UserName};

/// What a typed command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slash {
    /// Adds a node.
    Adopt(Box<AdoptRequest>),
    /// Lists the nodes.
    Nodes,
    /// Removes a node.
    Remove(NodeName),
    /// Says which model answers, or chooses another.
    Model(Option<String>),
    /// Lists the commands.
    Help,
    /// Leaves.
    Quit,
}

/// The commands: name, operands, and what they are for.
pub(crate) const COMMANDS: [(&str, &str, &str); 6] = [
    ("/adopt", "<name> <host> [user] [mode]", "add a node (user nixi, mode managed)"),
    ("/nodes", "", "list the nodes, and whether they answer"),
    ("/remove", "<name>", "remove a node from the configuration"),
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
        ("/model", []) => Ok(Slash::Model(None)),
        ("/model", [model]) => Ok(Slash::Model(Some((*model).to_owned()))),
        ("/help", []) => Ok(Slash::Help),
        ("/quit" | "/exit", []) => Ok(Slash::Quit),
        (known, _) if names().any(|name| name == known) => Err(usage(known)),
        (unknown, _) => {
            let hint = nixi_core::nearest::did_you_mean(unknown, names());
            Err(ErrorReport::new(ErrorKind::Usage, format!("there is no command {unknown}"))
                .hint(hint.unwrap_or_else(|| "/help lists all there are".to_owned())))
        }
    }
}

/// Words of the page in their places, and options of the command line after or between them.
fn adopt(operands: &[&str]) -> Result<Slash, ErrorReport> {
    let bad = |error: &dyn std::fmt::Display| bad("/adopt", error);
    let mut places: Vec<&str> = Vec::new();
    let mut port = Port::SSH;
    let mut identity = None;
    let mut words = operands.iter();
    while let Some(word) = words.next() {
        match *word {
            "--port" => port = words.next().ok_or_else(|| usage("/adopt"))?.parse().map_err(|e| bad(&e))?,
            "--identity" => identity = Some(PathBuf::from(words.next().ok_or_else(|| usage("/adopt"))?)),
            option if option.starts_with("--") => {
                return Err(ErrorReport::new(ErrorKind::Usage, format!("/adopt has no option {option}"))
                    .hint("it takes --port N and --identity FILE"));
            }
            place => places.push(place),
        }
    }
    let (name, host, user, mode) = match places.as_slice() {
        [name, host] => (name, host, None, None),
        [name, host, user] => (name, host, Some(user), None),
        [name, host, user, mode] => (name, host, Some(user), Some(mode)),
        _ => return Err(usage("/adopt")),
    };
    if let Some(mode) = user.and_then(|user| user.parse::<Mode>().ok()) {
        let message = format!("`{mode}` is a mode, and the user stands before it");
        return Err(ErrorReport::new(ErrorKind::Usage, message)
            .hint(format!("/adopt {name} {host} {} {mode}", UserName::page_default())));
    }
    Ok(Slash::Adopt(Box::new(AdoptRequest {
        name: name.parse().map_err(|e| bad(&e))?,
        host: host.parse().map_err(|e| bad(&e))?,
        user: user.map_or_else(|| Ok(UserName::page_default()), |user| user.parse()).map_err(|e| bad(&e))?,
        mode: mode.map_or(Ok(Mode::Managed), |mode| mode.parse()).map_err(|e| bad(&e))?,
        port,
        identity,
        host_key: None,
    })))
}

fn bad(command: &str, error: &dyn std::fmt::Display) -> ErrorReport {
    usage_with(command, error.to_string())
}

fn usage(command: &str) -> ErrorReport {
    usage_with(command, format!("{command} is not written like that"))
}

fn usage_with(command: &str, message: String) -> ErrorReport {
    let operands =
        COMMANDS.iter().find(|(name, _, _)| *name == command).map_or("", |(_, operands, _)| operands);
    ErrorReport::new(ErrorKind::Usage, message).hint(format!("{command} {operands}").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((web.user.as_str(), web.mode, web.port.get()), ("nixi", Mode::Managed, 22));
        assert_eq!(adopted("/adopt db-server 192.168.1.20 nixi managed").mode, Mode::Managed);
        assert_eq!(adopted("/adopt monitoring 192.168.1.30 nixi monitored").mode, Mode::Monitored);
        assert_eq!(adopted("  /adopt  a   ::1 root ").user.as_str(), "root");
    }

    #[test]
    fn options_stand_anywhere() {
        let node = adopted("/adopt web --port 2222 127.0.0.1 root --identity /k monitored");
        assert_eq!((node.port.get(), node.user.as_str(), node.mode), (2222, "root", Mode::Monitored));
        assert_eq!(node.identity, Some(PathBuf::from("/k")));
        assert!(refused("/adopt web h --prot 2").contains("no option --prot"));
        assert!(refused("/adopt web h --port").contains("/adopt <name>"));
        assert!(refused("/adopt web h --port 0").contains("1 to 65535"));
    }

    #[test]
    fn a_mode_where_the_user_belongs_is_told() {
        insta::assert_snapshot!(refused("/adopt web 10.0.0.1 monitored"), @r"
        `monitored` is a mode, and the user stands before it
        hint: /adopt web 10.0.0.1 nixi monitored
        ");
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
