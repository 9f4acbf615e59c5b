//! One file's text to its settings, or to all of its problems.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::declared::Declared;
use super::diagnose::{Problems, Sheet, closest};
use super::machines::Machines;
use super::model::{Routine, Runtime};
use super::section::{Section, TABLES};
use crate::command::FilePath;
use crate::jump::Jump;
use crate::mode::Mode;
use crate::node::{Given, Host, Node, NodeName, Port, SshTarget, Tag, UserName};

/// The shortest time for a new connection that confirms a change.
const LEAST_GUARD: Duration = Duration::from_secs(10);

/// What one file says; `None` where it says nothing.
#[derive(Debug, Default)]
pub(crate) struct FileSettings {
    pub(crate) nodes: Vec<Declared>,
    pub(crate) scalars: Scalars,
}

/// The settings that are not nodes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scalars {
    pub(crate) runtime: Option<Runtime>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) command_timeout: Option<Duration>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) identity: Option<Vec<PathBuf>>,
    pub(crate) llm: Option<LlmScalars>,
    pub(crate) routine: Option<Routine>,
    pub(crate) guard_timeout: Option<Duration>,
    pub(crate) roots: Option<Vec<FilePath>>,
}

/// `[llm]` of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LlmScalars {
    pub(crate) base_url: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) api_key_env: Option<String>,
    pub(crate) api_key_file: Option<PathBuf>,
}

/// What is said of one machine in two modes, and what to do.
pub(crate) fn at_odds(node: &Node, other: &Node) -> (String, String) {
    let host = |node: &Node| node.ssh().map(|ssh| ssh.host.to_string()).unwrap_or_default();
    let (here, there) = (host(node), host(other));
    let spelled = if here == there { String::new() } else { format!(" (written {there})") };
    (
        format!("{here} is {} as {}{spelled}, and {} here", other.mode(), other.name(), node.mode()),
        "one machine cannot be both managed and monitored: give both names the same mode".to_owned(),
    )
}

/// Reads a text without a byte order mark. Promises: no problem means that every byte of it was understood.
pub(crate) fn read(file: &Path, text: &str, home: &Path) -> Result<FileSettings, Problems> {
    let mut sheet = Sheet::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut settings = FileSettings::default();
    if errors.is_empty() {
        let mut reader = Reader { sheet: &mut sheet, home, settings: &mut settings };
        reader.root(root.get_ref());
    } else {
        syntax(&mut sheet, &errors);
    }
    if sheet.is_clean() { Ok(settings) } else { Err(sheet.into_problems()) }
}

/// The parser's findings, one a line: what follows on the same line is mostly an echo.
fn syntax(sheet: &mut Sheet<'_>, errors: &[toml::de::Error]) {
    let mut lines = HashSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        if !lines.insert(sheet.line_of(span.start)) {
            continue;
        }
        let word = sheet.text().get(span.clone()).unwrap_or_default();
        match error.message() {
            "duplicate key" => sheet.report(span, &format!("{word} is here for the second time"), None),
            message if message.starts_with("string values must be quoted") => {
                sheet.report(span, "a string must be in quotes", None);
            }
            message => sheet.report(span, message, None),
        }
    }
}

struct Reader<'a, 's> {
    sheet: &'a mut Sheet<'s>,
    home: &'a Path,
    settings: &'a mut FileSettings,
}

impl Reader<'_, '_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (key, value) in root {
            let word = key.get_ref().as_ref();
            match word {
                "nodes" => self.nodes(key.span(), value),
                "container" => self.table("[container]", key.span(), value, Self::container),
                "ssh" => self.table("[ssh]", key.span(), value, Self::ssh),
                "llm" => self.table("[llm]", key.span(), value, Self::llm),
                "approval" => self.table("[approval]", key.span(), value, Self::approval),
                "guard" => self.table("[guard]", key.span(), value, Self::guard),
                "file" => self.table("[file]", key.span(), value, Self::file),
                _ => self.unknown(word, key.span()),
            }
        }
    }

    fn unknown(&mut self, word: &str, span: Range<usize>) {
        let names = ["nodes", "container", "ssh", "llm", "approval", "guard", "file"];
        let titles = TABLES.map(|(title, _)| title);
        let near = closest(word, names).and_then(|near| names.iter().position(|name| *name == near));
        let hint = if let Some((title, _)) = TABLES.iter().find(|(_, keys)| keys.contains(&word)) {
            format!("{word:?} belongs in {title}")
        } else if let Some(at) = near {
            format!("did you mean {}?", titles[at])
        } else {
            format!("the tables are {}", titles.join(", "))
        };
        self.sheet.report(span, &format!("unknown key {word:?}"), Some(hint));
    }

    fn table(
        &mut self,
        title: &'static str,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        read: fn(&mut Scalars, Section<'_, '_, '_>),
    ) {
        let DeValue::Table(table) = value.get_ref() else {
            self.sheet.report(key, &format!("{title} must be a table"), None);
            return;
        };
        read(&mut self.settings.scalars, Section::new(self.sheet, title, table, self.home));
    }

    fn container(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        scalars.runtime = section.choice("runtime", &Runtime::ALL, Runtime::as_str);
    }

    fn ssh(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        scalars.connect_timeout = section.duration("connect_timeout");
        scalars.command_timeout = section.duration("command_timeout");
        scalars.known_hosts = section.path("known_hosts");
        scalars.identity = section.paths("identity");
    }

    fn llm(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        let mut llm = LlmScalars::default();
        if let (Some(url), Some(span)) = (section.string("base_url"), section.value_span("base_url")) {
            match bad_url(url) {
                None => llm.base_url = Some(url.to_owned()),
                Some((why, hint)) => section.report_hidden(span, why, Some(hint.to_owned())),
            }
        }
        if let (Some(model), Some(span)) = (section.string("model"), section.value_span("model")) {
            if model.trim().is_empty() || model.chars().any(char::is_control) {
                section.report(span, "\"model\" must be the name of a model", None);
            }
            llm.model = Some(model.to_owned());
        }
        if let (Some(name), Some(span)) = (section.string("api_key_env"), section.value_span("api_key_env")) {
            let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                let hint = "write the name of the environment variable, never the key itself".to_owned();
                section.report_hidden(span, "\"api_key_env\" must be a variable's name", Some(hint));
            }
            llm.api_key_env = Some(name.to_owned());
        }
        llm.api_key_file = section.path("api_key_file");
        if let (Some(_), Some(span)) = (section.key_span("api_key_env"), section.key_span("api_key_file")) {
            section.report(span, "[llm] has both \"api_key_env\" and \"api_key_file\": keep one", None);
        }
        scalars.llm = Some(llm);
    }

    fn approval(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        scalars.routine = section.choice("routine", &Routine::ALL, Routine::as_str);
    }

    fn guard(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        scalars.guard_timeout = section.duration("timeout");
        if let (Some(timeout), Some(span)) = (scalars.guard_timeout, section.value_span("timeout"))
            && timeout < LEAST_GUARD
        {
            section.report(span, "\"timeout\" must be at least 10s: a new connection takes its time", None);
        }
    }

    fn file(scalars: &mut Scalars, mut section: Section<'_, '_, '_>) {
        scalars.roots = section.words("roots");
    }

    fn nodes(&mut self, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let hint = || Some("begin each node with [[nodes]]".to_owned());
        let DeValue::Array(array) = value.get_ref() else {
            let at = if matches!(value.get_ref(), DeValue::Table(_)) { value.span() } else { key };
            self.sheet.report(at, "nodes are tables of their own, [[nodes]]", hint());
            return;
        };
        let mut lines: HashMap<NodeName, usize> = HashMap::new();
        let mut machines = Machines::default();
        for item in array {
            let DeValue::Table(table) = item.get_ref() else {
                self.sheet.report(item.span(), "a node must be a table", hint());
                continue;
            };
            let Some(declared) = self.node(item.span(), table) else { continue };
            let line = self.sheet.line_of(declared.name_at.start);
            if let Some(first) = lines.insert(declared.node.name().clone(), line) {
                let message =
                    format!("node {} is declared twice, first on line {first}", declared.node.name());
                let hint = "give one of them another name, or remove it".to_owned();
                self.sheet.report(declared.name_at.clone(), &message, Some(hint));
            }
            if let Some(other) = machines.at_odds_with(&declared) {
                let (message, hint) = at_odds(&declared.node, &self.settings.nodes[other].node);
                self.sheet.report(declared.name_at.clone(), &message, Some(hint));
            }
            machines.insert(self.settings.nodes.len(), &declared);
            self.settings.nodes.push(declared);
        }
    }

    /// One node. The only place where a mode that is not given becomes a mode.
    fn node(&mut self, at: Range<usize>, table: &DeTable<'_>) -> Option<Declared> {
        let mut section = Section::new(self.sheet, "[[nodes]]", table, self.home);
        section.require("name", at.clone(), "\"web-server\"");
        section.require("host", at, "\"192.168.1.10\"");
        let name = section.word::<NodeName>("name");
        let host = section.word::<Host>("host");
        let user = section.word::<UserName>("user");
        let mode = match section.key_span("mode") {
            Some(_) => section.choice("mode", &Mode::ALL, Mode::as_str),
            None => Some(Mode::Managed),
        };
        let port = section.port::<Port>("port");
        let identity = section.path("identity");
        let tags = section.words::<Tag>("tags");
        let hops = match section.key_span("proxy_jump") {
            Some(_) => Some(section.hops("proxy_jump")?),
            None => None,
        };
        let name_at = section.value_span("name")?;
        let target = SshTarget {
            host: host?,
            given: Given { port: port.is_some(), user: user.is_some() },
            port: port.unwrap_or(Port::SSH),
            user: user.unwrap_or_else(UserName::page_default),
            identity,
            jump: Jump::Unsaid,
        };
        let node = Node::remote(name?, target, mode?);
        Some(Declared { node: node.with_tags(tags.unwrap_or_default()), hops, name_at })
    }
}

/// What is wrong with an endpoint's address, and what to do about it.
fn bad_url(url: &str) -> Option<(&'static str, &'static str)> {
    const EXAMPLE: &str = "write it like \"http://127.0.0.1:11434/v1\"";
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return Some(("\"base_url\" must begin with http:// or https://", EXAMPLE));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some((
            "\"base_url\" must not hold a user or a password",
            "name a variable with api_key_env, or a file with api_key_file",
        ));
    }
    if authority.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some(("\"base_url\" is not an address", EXAMPLE));
    }
    None
}
