//! What the targets node_output and nix_file of fuzz/ call. It may change at any time.

use nixi_core::command::Lines;
use nixi_core::config::Runtime;
use serde::Serialize;

use crate::container::details::details;
use crate::container::failing::pasts_of;
use crate::container::output::{Merged, merged};
use crate::container::ps::containers;
use crate::container::{InspectionReport, ListReport, ListedContainer, LogsReport};
use crate::file::entries;
use crate::journal::newest::{Newest, Taken};
use crate::network::interfaces::interfaces;
use crate::network::ports::listeners;
use crate::network::{InterfacesReport, PortsReport};
use crate::nix::{Edit, Expr, Module, Order, flake, imports};
use crate::nixos::nix_output::NixOutput;
use crate::rows::{LeftOut, Sifted};
use crate::service::UnitsReport;
use crate::service::restarts::restarts;
use crate::service::unit::units;
use crate::system::disk::disks;
use crate::system::memory::memory;
use crate::{JournalReport, span};

/// A report as people and programs get it, and what it leaves out.
#[derive(Debug)]
pub struct Told {
    /// For people, before it is cleaned.
    pub text: String,
    /// For programs.
    pub json: String,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Told {
    fn of(report: &(impl Serialize + ToString), left_out: Vec<LeftOut>) -> Result<Self, String> {
        let json = serde_json::to_string(report).map_err(|error| error.to_string())?;
        Ok(Self { text: report.to_string(), json, left_out })
    }

    /// Of what is no report by itself.
    fn rows(rows: &impl std::fmt::Debug, left_out: Vec<LeftOut>) -> Self {
        Self { text: format!("{rows:?}"), json: String::new(), left_out }
    }
}

/// How many kinds of answers [`read`] knows.
pub const KINDS: u8 = 11;

/// Reads an answer of one kind; the error is why it cannot be read.
///
/// # Errors
/// If it is no such answer.
pub fn read(kind: u8, text: &str) -> Result<Told, String> {
    match kind {
        0 | 1 => {
            let runtime = if kind == 0 { Runtime::Podman } else { Runtime::Docker };
            let Sifted { rows, left_out } = containers(runtime, text)?;
            let listed = |container| ListedContainer { container, failing: None };
            let containers = rows.into_iter().map(listed).collect();
            Told::of(&ListReport { containers, left_out: left_out.clone() }, left_out)
        }
        2 => {
            let Sifted { rows, left_out } = details(text)?;
            Told::of(&InspectionReport { containers: rows, left_out: left_out.clone() }, left_out)
        }
        3 => {
            let Sifted { rows, left_out } = disks(text)?;
            for disk in &rows {
                assert!(text.contains(&disk.device) && text.contains(&disk.mount), "{disk:?}");
                assert!(disk.used_percent <= 100 && disk.mount.starts_with('/'), "{disk:?}");
            }
            Ok(Told::rows(&rows, left_out))
        }
        4 => {
            let Sifted { rows, left_out } = interfaces(text)?;
            Told::of(&InterfacesReport { interfaces: rows, left_out: left_out.clone() }, left_out)
        }
        5 => {
            let Sifted { rows, left_out } = listeners(text)?;
            for listener in &rows {
                assert!(listener.process.as_ref().is_none_or(|name| text.contains(name)), "{listener:?}");
            }
            Told::of(&PortsReport { listeners: rows, left_out: left_out.clone() }, left_out)
        }
        6 => {
            let Sifted { rows, left_out } = units(text)?;
            Told::of(&UnitsReport { units: rows, left_out: left_out.clone() }, left_out)
        }
        7 => {
            let Sifted { rows, left_out } = restarts(text)?;
            Ok(Told::rows(&rows, left_out))
        }
        8 => {
            let Sifted { rows, left_out } = pasts_of(text)?;
            Ok(Told::rows(&rows, left_out))
        }
        9 => {
            let Sifted { rows, left_out } = entries(text.as_bytes())?;
            assert!(rows.iter().all(|row| !row.name.is_empty() && !row.name.contains('\n')), "{rows:?}");
            Ok(Told::rows(&rows, left_out))
        }
        _ => Ok(Told::rows(&(memory(text)?, span::since_boot(text)), Vec::new())),
    }
}

/// What a container wrote, of its standard output and error.
///
/// # Errors
/// If it is no log.
pub fn log(stdout: &str, stderr: &str) -> Result<Told, String> {
    let Merged { lines, notices, late } = merged(stdout, stderr)?;
    let whole = |text: &str| stdout.contains(text) || stderr.contains(text);
    let escape = |text: &str| text.contains(['\u{1b}', '\u{9b}']);
    for line in lines.iter().flat_map(|line| line.text.split('\n')) {
        assert!(escape(stdout) || escape(stderr) || whole(line), "{line:?}");
    }
    Told::of(&LogsReport { name: "web".to_owned(), lines, notices, late, followed: None }, Vec::new())
}

/// An answer of journalctl that comes in these pieces; `None` if there are to be no entries at all.
#[must_use]
pub fn journal<'a>(limit: u32, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<JournalReport> {
    let mut newest = Newest::new(Lines::try_from(limit).ok()?);
    for piece in pieces {
        if newest.take(piece).is_break() {
            break;
        }
    }
    let Taken { entries, left_out } = newest.end();
    Some(JournalReport { entries, followed: None, left_out })
}

/// What Nix says while it builds, in these pieces: its last lines, and how far it was after each of them.
///
/// # Panics
/// When it is farther than it can be.
pub fn nix_output<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, Vec<String>) {
    let (mut output, mut told) = (NixOutput::default(), Vec::new());
    for piece in pieces {
        output.take(piece);
        if let Some(progress) = output.progress() {
            assert!(progress.done.unwrap_or(0) <= progress.total.unwrap_or(0), "{progress:?}");
            told.push(progress.to_string());
        }
    }
    output.end();
    (output.said(), told)
}

/// Any text as a file of the user's, and as Nixi's own module: each edit is made once, and taken back to the byte.
///
/// # Panics
/// When an edit is not what it says.
pub fn nix_file(text: &str, machine: &str, element: &str) {
    if let Ok(Some((edited, how))) = imports::add(text, "./nixi.nix", &[]) {
        assert_eq!(imports::add(&edited, "./nixi.nix", &[]), Ok(None));
        assert_eq!(
            imports::remove(&edited, "./nixi.nix", how).as_ref().map(Option::as_deref),
            Ok(Some(text))
        );
    }
    if let Ok(Some((edited, _))) = flake::add_module(text, machine, "./nixi.nix") {
        assert_eq!(flake::add_module(&edited, machine, "./nixi.nix"), Ok(None));
    }
    let (Ok(before), Ok(element)) = (Module::parse(text), Expr::parse(element)) else { return };
    for name in ["environment.systemPackages", "a.b", "x"] {
        let Ok(option) = name.parse() else { continue };
        let mut module = before.clone();
        let edit = Edit::Add { option, element: element.clone(), order: Order::Sorted };
        if let Ok(Some(back)) = module.apply(&edit) {
            assert_eq!(module.clone().apply(&edit), Ok(None));
            assert!(module.apply(&back).is_ok());
            assert_eq!(module, before);
        }
    }
}
