//! What a node tells of a change: the state of its unit, and its record.

use crate::exec::Exit;

/// How a unit ended, by its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Its command ended like this.
    Exit(Exit),
    /// Its command was never run.
    NotBegun,
    /// In systemd's word for it (systemd.exec(5), `$SERVICE_RESULT`): something else than the command's own end.
    Otherwise(String),
}

/// An end, and whether the node was restarted since it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) restarted: bool,
}

/// All that the records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// There is none.
    Missing,
    /// It began in this boot, and that is all.
    Begun,
    /// It began in an earlier boot, and that is all.
    BegunBefore,
    /// It ended.
    Ended(Ended),
}

/// Of one file: `begun`, then what systemd.exec(5) has in its variables, then `ended`.
#[derive(Debug, Default)]
struct Page<'a> {
    begun: bool,
    result: &'a str,
    how: &'a str,
    status: &'a str,
    end: Option<End>,
}

impl<'a> Page<'a> {
    fn read(&mut self, line: &'a str) {
        match line.split_once('=') {
            // The first end counts: a second one is of a start that was turned away.
            _ if self.end.is_some() => {}
            None if line == "begun" => self.begun = true,
            None if line == "ended" => self.end = end(self.result, self.how, self.status),
            Some(("SERVICE_RESULT", result)) => self.result = result,
            Some(("EXIT_CODE", how)) => self.how = how,
            Some(("EXIT_STATUS", status)) => self.status = status,
            Some(_) | None => {}
        }
    }
}

/// Reads what [`crate::catalog::lasting::record`] printed. What is not whole is no end.
pub(super) fn record(printed: &str) -> Record {
    let (mut here, mut kept) = (Page::default(), Page::default());
    let mut page = None;
    for line in printed.lines() {
        if line.starts_with("==> /run/") {
            page = Some(&mut here);
        } else if line.starts_with("==> ") {
            page = Some(&mut kept);
        } else if let Some(page) = &mut page {
            page.read(line);
        }
    }
    let restarted = !here.begun;
    match here.end.or(kept.end) {
        Some(end) => Record::Ended(Ended { end, restarted }),
        None if here.begun => Record::Begun,
        None if kept.begun => Record::BegunBefore,
        None => Record::Missing,
    }
}

fn end(result: &str, how: &str, status: &str) -> Option<End> {
    match (result, how) {
        ("", _) => None,
        (_, "killed" | "dumped") if !status.is_empty() => Some(End::Exit(Exit::Signal(status.to_owned()))),
        ("success" | "exit-code", "exited") => status.parse().ok().map(|code| End::Exit(Exit::Code(code))),
        ("success", _) => None,
        (_, "") => Some(End::NotBegun),
        (result, _) => Some(End::Otherwise(result.to_owned())),
    }
}

/// Whether the unit still runs or is about to, by what [`crate::catalog::lasting::state`] printed; `None` if that
/// cannot be told.
pub(super) fn is_under_way(printed: &str) -> Option<bool> {
    let value = |key: &str| printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("Job").is_some_and(|job| !["", "0"].contains(&job)) {
        return Some(true);
    }
    match value("ActiveState")? {
        "inactive" | "failed" => Some(false),
        "active" | "activating" | "deactivating" | "reloading" | "refreshing" | "maintenance" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "==> /run/nixi/4a <==\n";
    const KEPT: &str = "\n==> /var/lib/nixi/4a <==\n";

    fn ended(end: End, restarted: bool) -> Record {
        Record::Ended(Ended { end, restarted })
    }

    /// The lines of an end.
    fn lines(result: &str, how: &str, status: &str) -> String {
        format!("EXIT_CODE={how}\nEXIT_STATUS={status}\nSERVICE_RESULT={result}\nended\n")
    }

    #[test]
    fn records_are_read() {
        let code = |code| End::Exit(Exit::Code(code));
        let both = |lines: &str| record(&format!("{HERE}begun\n{lines}{KEPT}begun\n{lines}"));
        let good = lines("success", "exited", "0");
        assert_eq!(both(&good), ended(code(0), false));
        assert_eq!(both(&lines("exit-code", "exited", "3")), ended(code(3), false));
        // What systemd takes for a good end of a service is none of a command.
        let term = End::Exit(Exit::Signal("TERM".into()));
        assert_eq!(both(&lines("success", "killed", "TERM")), ended(term, false));
        let kill = End::Exit(Exit::Signal("KILL".into()));
        assert_eq!(both(&lines("oom-kill", "killed", "KILL")), ended(kill, false));
        let not_begun = "SERVICE_RESULT=exit-code\nended\n";
        assert_eq!(both(not_begun), ended(End::NotBegun, false));
        let otherwise = End::Otherwise("oom-kill".into());
        assert_eq!(both(&lines("oom-kill", "exited", "0")), ended(otherwise, false));
        assert_eq!(both(&format!("{good}{not_begun}")), ended(code(0), false));

        assert_eq!(record(""), Record::Missing);
        assert_eq!(record(&format!("{HERE}begun\n{KEPT}begun\n")), Record::Begun);
        assert_eq!(record(&format!("{HERE}begun\n")), Record::Begun);
        assert_eq!(record(&format!("{KEPT}begun\n")), Record::BegunBefore);
        assert_eq!(record(&format!("{KEPT}begun\n{good}")), ended(code(0), true));
        assert_eq!(record(&format!("{HERE}begun\n{good}{KEPT}")), ended(code(0), false));
    }

    #[test]
    fn what_is_not_whole_is_no_end() {
        for lines in [
            lines("success", "exited", "0").replace("ended\n", "ende"),
            lines("success", "exited", "zero"),
            lines("success", "exited", ""),
            lines("success", "killed", ""),
            lines("success", "", "0"),
            lines("", "exited", "0"),
            lines("success", "asleep", "0"),
            "ended\n".to_owned(),
        ] {
            assert_eq!(record(&format!("{HERE}begun\n{lines}")), Record::Begun, "{lines}");
        }
        assert_eq!(record(&lines("success", "exited", "0")), Record::Missing);
    }

    #[test]
    fn a_unit_is_under_way_until_its_last_job_is_over() {
        let told = |text: &str| is_under_way(text);
        assert_eq!(told("ActiveState=inactive\n"), Some(false));
        assert_eq!(told("Job=\nActiveState=failed\n"), Some(false));
        assert_eq!(told("Job=12\nActiveState=inactive\n"), Some(true));
        assert_eq!(told("ActiveState=deactivating\n"), Some(true));
        assert_eq!(told("ActiveState=inact"), None);
        assert_eq!(told(""), None);
    }
}
