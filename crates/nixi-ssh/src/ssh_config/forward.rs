//! Forwardings, which Nixi never sets up: here it only counts whether ssh would take the line.

use super::system::{System, port};

/// The longest path of a socket, with its end.
const LONGEST_PATH: usize = 108;
/// The longest name of a host, with its end.
const LONGEST_HOST: usize = 1025;
/// What ssh keeps of a forwarding of two words.
const LONGEST: usize = 255;

/// A part between colons, and whether it is a path.
struct Field {
    text: String,
    is_path: bool,
}

/// `DynamicForward`.
pub(super) fn dynamic(listen: &str, system: &System<'_>) -> bool {
    match fields(cut(listen), system).as_deref() {
        Some([only]) if only.is_path => fits(only),
        Some([only]) => is_port(only, true),
        Some([listen, connect]) if listen.is_path && connect.is_path => fits(listen) && fits(connect),
        Some([listen, connect]) if connect.is_path => is_port(listen, true) && fits(connect),
        Some([listen, at]) => is_host(listen) && is_port(at, true),
        _ => false,
    }
}

/// `LocalForward`.
pub(super) fn local(listen: &str, connect: &str, system: &System<'_>) -> bool {
    between(&format!("{listen}:{connect}"), true, system)
}

/// `RemoteForward`, of which the second word may be missing.
pub(super) fn remote(listen: &str, connect: Option<&str>, system: &System<'_>) -> bool {
    match connect.filter(|connect| !connect.is_empty()) {
        Some(connect) => between(&format!("{listen}:{connect}"), false, system),
        None => match fields(cut(listen), system).as_deref() {
            Some([only]) if !only.is_path => is_port(only, false),
            Some([listen, at]) if !at.is_path => is_host(listen) && is_port(at, false),
            _ => !listen.is_empty() && dynamic(listen, system),
        },
    }
}

fn between(text: &str, listens_here: bool, system: &System<'_>) -> bool {
    let listens = |field: &Field| if field.is_path { fits(field) } else { is_port(field, listens_here) };
    let connects = |field: &Field| if field.is_path { fits(field) } else { is_port(field, true) };
    match fields(cut(text), system).as_deref() {
        Some([listen, connect]) if connect.is_path => listens(listen) && fits(connect),
        Some([listen, host, at]) if listen.is_path => fits(listen) && is_host(host) && is_port(at, true),
        Some([host, listen, connect]) if connect.is_path => {
            is_host(host) && is_port(listen, listens_here) && fits(connect)
        }
        Some([listen, host, at]) => listens(listen) && is_host(host) && connects(at),
        Some([here, listen, host, at]) => {
            is_host(here) && is_port(listen, listens_here) && is_host(host) && is_port(at, true)
        }
        _ => false,
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(LONGEST)).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}

fn fits(path: &Field) -> bool {
    path.text.len() < LONGEST_PATH
}

fn is_host(host: &Field) -> bool {
    host.text.len() < LONGEST_HOST
}

fn is_port(field: &Field, positive: bool) -> bool {
    port(&field.text).is_some_and(|port| port > 0 || !positive)
}

/// One to four parts; nothing if it cannot be taken apart.
fn fields(text: &str, system: &System<'_>) -> Option<Vec<Field>> {
    let text = system.variables(text).ok()?;
    let mut left = text.trim_start();
    let mut fields = Vec::new();
    while !left.is_empty() {
        let (field, rest) = field(left)?;
        fields.push(field);
        left = rest;
    }
    (1..=4).contains(&fields.len()).then_some(fields)
}

fn field(text: &str) -> Option<(Field, &str)> {
    if let Some(inner) = text.strip_prefix('[') {
        let (text, rest) = inner.split_once(']')?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix(':')? };
        return Some((Field { text: text.to_owned(), is_path: text.contains('/') }, rest));
    }
    let mut word = String::new();
    let mut left = text.chars();
    while let Some(c) = left.next() {
        match c {
            '\\' => word.push(left.next()?),
            ':' => break,
            c => word.push(c),
        }
    }
    let is_path = word.contains('/');
    Some((Field { text: word, is_path }, left.as_str()))
}
