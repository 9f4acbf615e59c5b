//! The page's table of nodes, a line at a time: rows can be shown as nodes answer.

use crate::fleet::NodeRow;
use crate::node::Port;
use crate::text::{clean_line, pad, width};

/// How the columns `NAME HOST USER MODE STATUS` lie. Only the last one grows while nodes answer, so the widths can be
/// taken from rows that were not asked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeTable {
    widths: [usize; 4],
}

impl NodeTable {
    const HEADER: [&'static str; 5] = ["NAME", "HOST", "USER", "MODE", "STATUS"];

    /// A table wide enough for these rows.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a NodeRow>) -> Self {
        let [name, host, user, mode, _] = Self::HEADER.map(width);
        let mut widths = [name, host, user, mode];
        for row in rows {
            for (column, cell) in widths.iter_mut().zip(cells(row)) {
                *column = (*column).max(width(&cell));
            }
        }
        Self { widths }
    }

    /// The first line, without a newline.
    #[must_use]
    pub fn header(&self) -> String {
        self.join(&Self::HEADER.map(str::to_owned))
    }

    /// The line of one node, without a newline. Nothing in it moves a terminal's cursor.
    #[must_use]
    pub fn line(&self, row: &NodeRow) -> String {
        self.join(&cells(row))
    }

    fn join(&self, cells: &[String; 5]) -> String {
        let [first @ .., last] = cells;
        let mut line: String =
            first.iter().zip(self.widths).map(|(cell, columns)| pad(cell, columns + 2)).collect();
        line.push_str(last);
        line
    }
}

fn cells(row: &NodeRow) -> [String; 5] {
    let user = row.user.as_deref().unwrap_or("-");
    [&row.name_words(), &host_words(row), user, row.mode.as_str(), &row.status_words()].map(clean_line)
}

/// The host, with its port where that is not SSH's own: nodes may share a host.
fn host_words(row: &NodeRow) -> String {
    match row.port {
        Some(port) if port != Port::SSH.get() && row.host.contains(':') => format!("[{}]:{port}", row.host),
        Some(port) if port != Port::SSH.get() => format!("{}:{port}", row.host),
        Some(_) | None => row.host.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Unreachable;
    use crate::fleet::NodeStatus;
    use crate::mode::Mode;

    fn row(name: &str, user: Option<&str>, status: NodeStatus) -> NodeRow {
        NodeRow {
            name: name.to_owned(),
            host: "192.168.1.10".to_owned(),
            port: user.map(|_| 22),
            user: user.map(str::to_owned),
            mode: Mode::Managed,
            local: user.is_none(),
            status,
            reason: (status == NodeStatus::Unreachable).then_some(Unreachable::Timeout),
            detail: None,
            hint: None,
            ms: None,
        }
    }

    #[test]
    fn a_port_of_its_own_is_shown() {
        for (host, port, shown) in [
            ("h", Some(22), "h"),
            ("h", Some(2222), "h:2222"),
            ("::1", Some(22), "::1"),
            ("::1", Some(2222), "[::1]:2222"),
            ("h", None, "h"),
        ] {
            let host = host.to_owned();
            assert_eq!(host_words(&NodeRow { host, port, ..row("web", None, NodeStatus::Online) }), shown);
        }
    }

    #[test]
    fn the_pages_table() {
        let rows = [
            row("myhost", None, NodeStatus::Online),
            row("web-server", Some("nixi"), NodeStatus::Unprobed),
            row("x\u{1b}[2J\ny", Some("nixi"), NodeStatus::Unreachable),
        ];
        let table = NodeTable::of(&rows);
        let lines: Vec<String> =
            std::iter::once(table.header()).chain(rows.iter().map(|row| table.line(row))).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        NAME            HOST          USER  MODE     STATUS
        myhost (local)  192.168.1.10  -     managed  online
        web-server      192.168.1.10  nixi  managed  unprobed
        x�[2J y         192.168.1.10  nixi  managed  unreachable (timeout)
        ");
    }
}
