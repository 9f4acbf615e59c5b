//! `nixi nodes`: the page's table.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use nixi_core::fleet::{NodeRow, NodeStatus, Probing};
use nixi_core::node_table::NodeTable;
use nixi_core::session::CallRequest;
use nixi_core::{ErrorReport, Op, names};

use super::Cx;
use crate::exit::Exit;
use crate::output::live::{Live, Show};
use crate::output::{Format, Screen, json, text};
use crate::session::{Ended, Session};

pub(super) async fn run(cx: &Cx, no_probe: bool) -> Result<Exit, ErrorReport> {
    let session = cx.session()?;
    let rows = table(cx, &session, no_probe).await?;
    match cx.screen.format {
        Format::Json => cx.screen.document(&json::nodes(&rows)),
        Format::Text => reasons(&cx.screen, &rows),
    }
    Ok(Exit::DONE)
}

/// All rows, in the order of the configuration; in text they have been shown.
async fn table(cx: &Cx, session: &Session, no_probe: bool) -> Result<Vec<NodeRow>, ErrorReport> {
    let screen = &*cx.screen;
    // The bare list first: it gives the order, and how wide the columns are before anybody answers.
    let listing = Live::new(screen, Show::Nothing);
    let listed = session.perform(list(Probing::Skip), &listing).await;
    let list_of_all = listing.rows();
    if let Some(error) = error_of(&listed) {
        return Err(error);
    }
    let as_they_come = screen.format == Format::Text && screen.live;
    let table = NodeTable::of(&list_of_all);
    if screen.format == Format::Text {
        screen.result(&table.header());
    }
    if no_probe {
        show(screen, &table, &list_of_all);
        return Ok(list_of_all);
    }
    let silent = Mutex::new(Silent::of(&list_of_all));
    let live = Live::new(screen, Show::Nothing).rows_to(|row| {
        if as_they_come {
            let mut silent = silent.lock().unwrap_or_else(PoisonError::into_inner);
            silent.answered(row);
            screen.result(&table.line(row));
            if let Some(names) = silent.now_and_then() {
                let count = silent.names.len();
                screen.progress(&format!("waiting for {count} of {}: {names}", list_of_all.len()));
            }
        }
    });
    let probed = session.perform(list(Probing::Probe), &live).await;
    let answers = live.rows();
    let by_name: HashMap<(&str, bool), &NodeRow> =
        answers.iter().map(|row| ((row.name.as_str(), row.local), row)).collect();
    let answer = |listed: &NodeRow| by_name.get(&(listed.name.as_str(), listed.local)).copied().cloned();
    // Those that were given up asking are in the table as well, and it says nothing of how they are.
    let unasked: Vec<NodeRow> = list_of_all.iter().filter(|row| answer(row).is_none()).cloned().collect();
    let rows: Vec<NodeRow> =
        list_of_all.iter().map(|listed| answer(listed).unwrap_or_else(|| listed.clone())).collect();
    show(screen, &table, if as_they_come { &unasked } else { &rows });
    match error_of(&probed) {
        Some(error) => Err(error),
        None => Ok(rows),
    }
}

/// The nodes that have not answered yet.
struct Silent<'a> {
    /// By their places in the order of the configuration.
    names: BTreeMap<usize, &'a str>,
    places: HashMap<(&'a str, bool), usize>,
}

impl<'a> Silent<'a> {
    fn of(listed: &'a [NodeRow]) -> Self {
        let names = listed.iter().map(|row| row.name.as_str()).enumerate().collect();
        let places =
            listed.iter().enumerate().map(|(at, row)| ((row.name.as_str(), row.local), at)).collect();
        Self { names, places }
    }

    fn answered(&mut self, row: &NodeRow) {
        if let Some(at) = self.places.get(&(row.name.as_str(), row.local)) {
            self.names.remove(at);
        }
    }

    /// Who they are, in few words: each time while they are few. Thousands are not told anew at each of their answers.
    fn now_and_then(&self) -> Option<String> {
        let count = self.names.len();
        let is_time = count > 0 && count.is_multiple_of(1 + count / 64);
        is_time.then(|| names::fold(self.names.values().copied()))
    }
}

fn list(probing: Probing) -> Op {
    Op::Call(vec![CallRequest::list_nodes(probing)])
}

fn error_of(ended: &Ended) -> Option<ErrorReport> {
    let of_results = || ended.outcome.results.iter().find_map(|result| result.error.clone());
    ended.outcome.error.clone().or_else(of_results)
}

/// In a file or a pipe: who is online first, each part in the order of the configuration.
fn show(screen: &Screen, table: &NodeTable, rows: &[NodeRow]) {
    if screen.format == Format::Json {
        return;
    }
    let is_online = |row: &&NodeRow| row.status == NodeStatus::Online;
    let (online, others): (Vec<_>, Vec<_>) = rows.iter().partition(is_online);
    online.into_iter().chain(others).for_each(|row| screen.result(&table.line(row)));
}

/// Why nodes do not answer, and what to do: beside the table.
fn reasons(screen: &Screen, rows: &[NodeRow]) {
    for row in rows {
        if let Some(detail) = &row.detail {
            screen.note(&text::beside(&row.name, detail, row.hint.as_deref(), screen.err()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::Mode;

    fn row(name: &str) -> NodeRow {
        NodeRow {
            name: name.to_owned(),
            host: "h".to_owned(),
            port: Some(22),
            user: Some("nixi".to_owned()),
            mode: Mode::Managed,
            local: false,
            status: NodeStatus::Unprobed,
            reason: None,
            detail: None,
            hint: None,
            ms: None,
        }
    }

    #[test]
    fn who_is_silent_is_told_as_often_as_somebody_can_read_it() {
        let rows: Vec<NodeRow> = (0..8_000).map(|n| row(&format!("web-{n}"))).collect();
        let mut silent = Silent::of(&rows);
        let mut told = Vec::new();
        for row in &rows {
            silent.answered(row);
            silent.answered(row);
            told.extend(silent.now_and_then().map(|names| (silent.names.len(), names)));
        }
        assert!(told.len() < 1000, "told {} times", told.len());
        assert_eq!(told.iter().filter(|(count, _)| *count < 64).count(), 63, "each of the last ones");
        assert_eq!(told.last().unwrap().1, "web-7999");
        assert!(silent.names.is_empty());
    }
}
