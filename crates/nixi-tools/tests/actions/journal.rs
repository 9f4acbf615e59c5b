//! The journal: the newest entries that match, whatever the version of journalctl and whatever is in them.

use std::sync::Arc;

use async_trait::async_trait;
use nixi_core::command::Elevation;
use nixi_core::recording::Recording;
use nixi_core::{
    Arrival, CallRequest, ErrorKind, ExecError, Executor, Exit, Invocation, Node, Output, StepStatus,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Lab, ended};

/// How journalctl looks for entries, by its source: `run` of `src/journal/journalctl.c`, `seek_journal` and `show` of
/// `journalctl-show.c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// 252 and 253, as released.
    V252,
    /// 252.7 and later of the stable branch.
    V252Stable,
    /// 254 to 257.
    V254,
    /// 258.
    V258,
}

const VERSIONS: [Version; 4] = [Version::V252, Version::V252Stable, Version::V254, Version::V258];

/// journalctl over entries of the times 1 to n.
#[derive(Debug)]
struct Journalctl {
    version: Version,
    messages: &'static [&'static str],
}

#[derive(Debug, Default)]
struct Asked {
    since: Option<usize>,
    until: Option<usize>,
    lines: Option<usize>,
    grep: Option<String>,
    reverse: bool,
}

impl Asked {
    fn of(args: &[String]) -> Self {
        let value = |name: &str| args.iter().find_map(|arg| arg.strip_prefix(name)).map(str::to_owned);
        let number = |name: &str| value(name).map(|value| value.parse().unwrap());
        Self {
            since: number("--since="),
            until: number("--until="),
            lines: number("--lines="),
            grep: value("--grep="),
            reverse: args.iter().any(|arg| arg == "--reverse"),
        }
    }
}

impl Journalctl {
    /// The times of the entries that are shown, in their order. Entries are places 1 to n here; 0 and n+1 lie beside.
    fn shown(&self, asked: &Asked) -> Vec<usize> {
        let end = self.messages.len() + 1;
        let (since, until) = (asked.since, asked.until);
        let is_new = matches!(self.version, Version::V254 | Version::V258);
        let implied = self.version != Version::V252 && asked.grep.is_some() && asked.lines.is_some();
        let reverse = asked.reverse || implied;
        let last = |until: usize| until.min(end - 1);
        let skipped = |from: usize| from + 1 - asked.lines.unwrap_or(0).min(from);
        let mut since_seeked = false;
        let mut at = match (is_new, since, until, asked.lines) {
            (false, Some(since), _, _) if !reverse => since.max(1),
            (_, _, Some(until), _) if reverse => last(until),
            (true, _, Some(until), Some(_)) => skipped(last(until)),
            _ if reverse => end - 1,
            (_, _, _, Some(_)) => skipped(end - 1),
            (true, Some(since), _, _) => {
                since_seeked = true;
                since.max(1)
            }
            (_, _, _, None) => 1,
        };
        let mut shown = Vec::new();
        while asked.lines.is_none_or(|lines| shown.len() < lines) && (1..end).contains(&at) {
            let checks_until = match self.version {
                Version::V252 | Version::V252Stable | Version::V258 => true,
                Version::V254 => asked.lines.is_none() || since.is_some(),
            };
            if !reverse && checks_until && until.is_some_and(|until| at > until) {
                break;
            }
            let early = since.is_some_and(|since| at < since);
            if early && reverse {
                break;
            }
            if early && is_new && !since_seeked {
                since_seeked = true;
                at = since.unwrap_or(1);
                continue;
            }
            if asked.grep.as_ref().is_none_or(|word| self.messages[at - 1].contains(word.as_str())) {
                shown.push(at);
            }
            at = if reverse { at - 1 } else { at + 1 };
        }
        shown
    }

    /// What is right: the newest that match, the oldest first.
    fn newest(&self, asked: &Asked) -> Vec<usize> {
        let mut newest: Vec<usize> = (1..=self.messages.len())
            .rev()
            .filter(|at| asked.since.is_none_or(|since| *at >= since))
            .filter(|at| asked.until.is_none_or(|until| *at <= until))
            .filter(|at| asked.grep.as_ref().is_none_or(|word| self.messages[at - 1].contains(word.as_str())))
            .take(asked.lines.unwrap())
            .collect();
        newest.reverse();
        newest
    }
}

#[async_trait]
impl Executor for Journalctl {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        assert_eq!(run.program().as_str(), "journalctl");
        if !run.args().iter().any(|arg| arg == "--output=json") {
            return ended(0, "", "");
        }
        let asked = Asked::of(run.args());
        let shown = self.shown(&asked);
        let mut stdout = String::new();
        for at in &shown {
            let line =
                json!({"__REALTIME_TIMESTAMP": at.to_string(), "MESSAGE": at.to_string()}).to_string() + "\n";
            let Some(sink) = run.sink() else {
                stdout.push_str(&line);
                continue;
            };
            sink.room().await;
            let mut piece = sink.piece();
            piece.rest()[..line.len()].copy_from_slice(line.as_bytes());
            piece.fill(line.len());
            sink.put(piece);
        }
        ended(i32::from(shown.is_empty() && asked.grep.is_some()), &stdout, "")
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

const MESSAGES: &[&str] = &["odd", "even", "odd", "even odd", "even", "even", "odd"];

/// What the table in the catalog's documentation says of each version; without these faults the test below could not fail.
#[test]
fn versions_differ_in_what_lines_means() {
    let shown = |version, args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Journalctl { version, messages: MESSAGES }.shown(&Asked::of(&args))
    };
    use Version::{V252, V252Stable, V254, V258};
    for (version, since, until, grep) in [
        (V252, [2, 3], vec![], vec![7]),
        (V252Stable, [2, 3], vec![], vec![7, 4]),
        (V254, [6, 7], vec![2, 3], vec![7, 4]),
        (V258, [6, 7], vec![2, 3], vec![7, 4]),
    ] {
        assert_eq!(shown(version, &["--lines=2"]), [6, 7], "{version:?}");
        assert_eq!(shown(version, &["--lines=2", "--since=2"]), since, "{version:?}");
        assert_eq!(shown(version, &["--lines=2", "--until=3"]), until, "{version:?}");
        assert_eq!(shown(version, &["--lines=2", "--grep=odd"]), grep, "{version:?}");
    }
    assert_eq!(shown(V254, &["--lines=2", "--until=0"]), [1, 2]);
}

#[tokio::test]
async fn the_newest_that_match_are_shown_on_every_version() {
    for version in VERSIONS {
        let lab = Lab::over(Arc::new(Journalctl { version, messages: MESSAGES }));
        let model = Journalctl { version, messages: MESSAGES };
        let times = || std::iter::once(None).chain((0..=8).map(Some));
        for since in times() {
            for until in
                times().filter(|until| since.is_none_or(|since| until.is_none_or(|until| since <= until)))
            {
                for lines in [1, 2, 3, 2_000] {
                    for grep in [None, Some("odd"), Some("nothing")] {
                        let mut call = CallRequest::new("log.query").on("db-server").with("lines", lines);
                        for (name, value) in [("since", since), ("until", until)] {
                            if let Some(value) = value {
                                call = call.with(name, value.to_string());
                            }
                        }
                        if let Some(grep) = grep {
                            call = call.with("grep", grep);
                        }
                        let asked = Asked {
                            since,
                            until,
                            lines: Some(lines),
                            grep: grep.map(str::to_owned),
                            reverse: true,
                        };
                        let result = lab.call(call).await;
                        let told: Vec<usize> = result.data.unwrap()["entries"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|entry| entry["message"].as_str().unwrap().parse().unwrap())
                            .collect();
                        assert_eq!(told, model.newest(&asked), "{version:?}: {asked:?}");
                    }
                }
            }
        }
    }
}

fn line(second: u64, priority: &Value, message: &Value) -> String {
    let micros = (1_767_261_600 + second) * 1_000_000;
    let entry = json!({"__REALTIME_TIMESTAMP": micros.to_string(), "PRIORITY": priority, "MESSAGE": message, "_COMM": "app"});
    format!("{entry}\n")
}

fn calls() -> [CallRequest; 2] {
    [CallRequest::new("log.query"), CallRequest::new("service.logs").with("name", "nginx")]
}

#[tokio::test]
async fn an_odd_priority_loses_no_entry() {
    let odd = ["30", "Priority.DEBUG", "", "8", "-1", " 6", "info", "6\n"].map(|word| json!(word));
    let odd = odd.into_iter().chain([json!(["6", "3"]), json!(6), json!(true), json!({}), json!([300])]);
    for priority in odd {
        let answer = [
            line(2, &json!("6"), &json!("good")),
            line(1, &priority, &json!("odd")),
            line(0, &json!("6"), &json!("good")),
        ]
        .concat();
        for call in calls() {
            let lab = Lab::new(Recording::new().answering("journalctl", &answer));
            let data = lab.call(call.on("db-server")).await.data.unwrap();
            let levels: Vec<&Value> =
                data["entries"].as_array().unwrap().iter().map(|entry| &entry["priority"]).collect();
            assert_eq!(levels, [&json!("info"), &json!(null), &json!("info")], "{priority}");
            assert_eq!((&data["entries"][1]["message"], &data["left_out"]), (&json!("odd"), &json!([])));
        }
    }
}

#[tokio::test]
async fn an_odd_entry_is_named_and_hides_no_other() {
    let good = |second| line(second, &json!("6"), &json!("good"));
    let cut = good(0);
    let cut = &cut[..cut.len() - 9];
    for (odd, entries, what) in [
        (line(1, &json!("6"), &json!({"a": 1})), 3, "MESSAGE of an entry of 2026-01-01T10:00:01Z"),
        (line(1, &json!("6"), &json!([256])), 3, "MESSAGE of an entry of 2026-01-01T10:00:01Z"),
        (good(1).replace("\"_COMM\":\"app\"", "\"UNIT\":{}"), 3, "UNIT of an entry of 2026-01-01T10:00:01Z"),
        (
            "journalctl: a remark between the entries\n".to_owned(),
            2,
            "line 2: journalctl: a remark between the entries",
        ),
        ("{\"MESSAGE\":\"of no time\"}\n".to_owned(), 2, "line 2"),
    ] {
        let answer = format!("{}{odd}{}", good(2), good(0));
        for call in calls() {
            let lab = Lab::new(Recording::new().answering("journalctl", &answer));
            let result = lab.call(call.on("db-server")).await;
            let data = result.data.unwrap();
            assert_eq!(data["entries"].as_array().unwrap().len(), entries, "{odd}");
            let [named] = data["left_out"].as_array().unwrap().as_slice() else { panic!("{data}") };
            assert_eq!(named["what"], what);
            assert!(result.text.unwrap().contains(&format!("left out: {what}")));
        }
    }
    let lab = Lab::new(Recording::new().answering("journalctl", &format!("{}{cut}", good(1))));
    let data = lab.call(CallRequest::new("log.query").on("db-server")).await.data.unwrap();
    assert_eq!(
        (data["entries"].as_array().unwrap().len(), &data["left_out"][0]["what"]),
        (1, &json!("line 2"))
    );
    for message in [json!(7), json!("x"), json!([120]), json!(null), json!([]), json!(["a", "b"])] {
        let lab = Lab::new(Recording::new().answering("journalctl", &line(0, &json!("6"), &message)));
        let data = lab.call(CallRequest::new("log.query").on("db-server")).await.data.unwrap();
        assert_eq!(
            (data["entries"].as_array().unwrap().len(), &data["left_out"]),
            (1, &json!([])),
            "{message}"
        );
    }
}

/// Prints something, and then searches on without end until its time is over.
#[derive(Debug)]
struct Endless {
    first: String,
}

#[async_trait]
impl Executor for Endless {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        let Some(sink) = run.sink() else { return ended(0, "", "") };
        let mut piece = sink.piece();
        piece.rest()[..self.first.len()].copy_from_slice(self.first.as_bytes());
        piece.fill(self.first.len());
        sink.put(piece);
        Err(ExecError::Deadline(run.deadline()))
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

#[tokio::test]
async fn a_search_that_takes_too_long_gives_what_it_found_and_says_so() {
    let found = [line(1, &json!("6"), &json!("newest")), line(0, &json!("6"), &json!("cut"))].concat();
    let first = found[..found.len() - 20].to_owned();
    let query = || CallRequest::new("log.query").on("db-server").with("grep", "e");
    let result = Lab::over(Arc::new(Endless { first })).call(query()).await;
    assert_eq!(result.status, StepStatus::Done);
    let data = result.data.unwrap();
    assert_eq!(data["entries"][0]["message"], "newest");
    let last = data["left_out"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], "older entries");
    assert!(last["why"].as_str().unwrap().contains("did not end within 60s; narrow it"), "{last}");

    let result = Lab::over(Arc::new(Endless { first: String::new() })).call(query()).await;
    let error = result.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Deadline);
    assert!(error.hint.unwrap().contains("since"));
}

#[tokio::test]
async fn a_file_of_the_journal_that_cannot_be_read_is_named() {
    let said = "Journal file /var/log/journal/0f/system@1.journal is truncated, ignoring file.\n";
    let answer = line(0, &json!("6"), &json!("good"));
    for (exit, stdout) in [(0, answer.as_str()), (1, "")] {
        let lab = Lab::new(Recording::new().ending("journalctl", ended(exit, stdout, said)));
        let data =
            lab.call(CallRequest::new("log.query").on("db-server").with("grep", "g")).await.data.unwrap();
        assert_eq!(data["left_out"][0]["what"], "/var/log/journal/0f/system@1.journal");
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_says_so() {
    let answer = format!("{}{{\"__REALTIME_TIMESTAMP\":\"17", line(0, &json!("6"), &json!("newest")));
    let output = Output { exit: Exit::Code(0), stdout: answer.into(), stderr: Vec::new(), truncated: true };
    let lab =
        Lab::new(Recording::new().answering("journalctl", "").ending("journalctl '--output", Ok(output)));
    let data = lab.call(CallRequest::new("log.query").on("db-server")).await.data.unwrap();
    assert_eq!(data["entries"][0]["message"], "newest");
    let [cut] = data["left_out"].as_array().unwrap().as_slice() else { panic!("{data}") };
    assert_eq!(cut["what"], "older entries");
}

/// The look whether the login user sees everything fails in many ways; what was read is shown all the same.
#[tokio::test]
async fn an_answer_that_was_read_stands_though_the_look_beside_it_fails() {
    let answer = line(0, &json!("6"), &json!("good"));
    let cut = Output { exit: Exit::Code(0), stdout: vec![], stderr: vec![], truncated: true };
    let looks = [
        Err(ExecError::Deadline(std::time::Duration::from_secs(3))),
        Err(ExecError::Lost("the session had ended".to_owned())),
        Ok(cut),
    ];
    for look in looks {
        for call in [CallRequest::new("log.query"), CallRequest::new("log.query").with("lines", 1)] {
            let node = Recording::new().answering("journalctl '--output=json'", &answer);
            let lab = Lab::new(node.ending("journalctl '--lines=1' --no-pager", look.clone()));
            let result = lab.call(call.on("db-server")).await;
            let data = result.data.unwrap();
            assert_eq!(data["entries"][0]["message"], "good");
            let [unknown] = data["left_out"].as_array().unwrap().as_slice() else { panic!("{data}") };
            assert!(unknown["why"].as_str().unwrap().contains(" sees the whole journal: "), "{unknown}");
        }
    }
    // Nor does the look for a unit take an answer of no entries away.
    let node = || Recording::new().answering("journalctl", "").answering("systemctl list-units", "[]");
    let hung = Err(ExecError::Deadline(std::time::Duration::from_secs(3)));
    let call = || CallRequest::new("service.logs").with("name", "nginx").on("db-server");
    let result = Lab::new(node().ending("systemctl show", hung)).call(call()).await;
    let data = result.data.unwrap();
    assert_eq!((&data["entries"], data["left_out"][0]["what"].as_str()), (&json!([]), Some("nginx")));
    let gone = "Id=nginx.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nDescription=d\n";
    let error = Lab::new(node().answering("systemctl show", gone)).call(call()).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::NotFound);
    // He does not, by what was said beside the answer itself.
    let hint = "Hint: You are currently not seeing messages from other users and the system.\n";
    let node = Recording::new()
        .ending("journalctl '--output=json'", ended(0, &answer, hint))
        .ending("journalctl '--lines=1' --no-pager", Err(ExecError::Lost("x".to_owned())))
        .answering("sudo -n -- journalctl '--output=json'", &line(1, &json!("6"), &json!("by root")));
    let data = Lab::new(node).call(CallRequest::new("log.query").on("db-server")).await.data.unwrap();
    assert_eq!((&data["entries"][0]["message"], &data["left_out"]), (&json!("by root"), &json!([])));
}

/// Searches without end for the login user, who sees only a part; root is answered at once.
#[derive(Debug)]
struct Partial;

#[async_trait]
impl Executor for Partial {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        let hint = "Hint: You are currently not seeing messages from other users and the system.\n";
        match (run.elevation(), run.args().iter().any(|arg| arg == "--output=json")) {
            (Elevation::LoginUser, true) if run.sink().is_some() => std::future::pending().await,
            (Elevation::LoginUser, true) => Err(ExecError::Deadline(run.deadline())),
            (Elevation::LoginUser, false) => ended(0, "", hint),
            (Elevation::Root, _) => ended(i32::from(run.sink().is_some()), "", ""),
        }
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

#[tokio::test]
async fn nobody_waits_for_a_part_of_the_journal_or_twice_as_long_as_allowed() {
    // The search of a part is given up for that of the whole.
    let lab = Lab::over(Arc::new(Partial));
    let result = lab.call(CallRequest::new("log.query").on("db-server").with("grep", "e")).await;
    assert_eq!(result.data.unwrap()["entries"], json!([]));
    // All the time is used up: root is not asked again.
    let error = lab.call(CallRequest::new("log.query").on("db-server")).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Deadline);
    assert!(error.hint.unwrap().contains("command_timeout"));
}
