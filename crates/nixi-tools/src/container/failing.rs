//! Which containers die again and again, or were given up. A list tells the state of a moment, and one that dies every few
//! seconds runs most of the time, so the suspects are looked at once more.

use futures_util::future::join_all;
use nixi_core::catalog::{self, clock, container};
use nixi_core::command::{ContainerId, UnitName};
use nixi_core::instant::Instant;
use nixi_core::text::clean_line;
use nixi_core::{InspectCx, ReadAnswer, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::output::merged;
use super::ps::{Container, has_ended};
use super::store::Ground;
use crate::parts::Parts;
use crate::reading::{Number, json, parsed_of, run_whole, unreadable, whole_of};
use crate::rows::{LeftOut, Rows, Sifted};
use crate::{clock as time, service};

/// Why a container counts as failing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failing {
    /// How often it was started again by itself: by the runtime, or by the systemd unit that runs it.
    pub restarts: Option<u64>,
    /// When it started or ended last (RFC 3339, UTC).
    pub since: Option<String>,
    /// How it ended last; `null` while it runs.
    pub exit_code: Option<i64>,
    /// The last line that it wrote, if that was to be had.
    pub last_line: Option<String>,
}

/// A container that was started again so often by itself …
const OFTEN: u64 = 2;
/// … and started so few seconds ago, does not stay up.
const LATELY: i64 = 60;
/// So few seconds after its end it may be about to be started again.
const BETWEEN: i64 = 5;
/// So many suspects are looked at.
const SUSPECTS: usize = 100;
/// So many failing ones have their last line looked up: where more fail, one cause has most of them.
const LAST_LINES: usize = 8;

/// Which of these fail, each with its place in the list; and what could not be looked at.
pub(super) async fn failing(
    cx: &InspectCx<'_>,
    ground: Ground,
    listed: &[Container],
) -> Result<(Vec<(usize, Failing)>, Vec<LeftOut>), ToolError> {
    let mut suspects: Vec<&Container> = listed.iter().filter(|container| is_suspect(container)).collect();
    if suspects.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut parts = Parts::default();
    if let Some(more) = suspects.len().checked_sub(SUSPECTS).filter(|more| *more > 0) {
        let why = format!("whether they keep failing was only looked up for {SUSPECTS} others");
        parts.leave_out(vec![LeftOut::new(&crate::table::count(more, "container"), &why)]);
        suspects.truncate(SUSPECTS);
    }
    let units = suspects.iter().filter_map(|container| container.unit.clone());
    let units: Vec<UnitName> = units.filter(|unit| !unit.is_template()).collect();
    let ids: Vec<ContainerId> = suspects.iter().map(|container| container.id.clone()).collect();
    let (date, inspect) = (clock::date(), container::inspect_by_ids(ground.cli, &ids));
    let (now, pasts, units) = if units.is_empty() {
        let [now, pasts] = cx.gather([date, inspect]).await;
        (now, pasts, Ok(Sifted::none()))
    } else {
        let [now, pasts, shown] = cx.gather([date, inspect, catalog::service::show(&units)]).await;
        (now, pasts, service::those_there(&units, shown))
    };
    let (now, pasts) = (parsed_of(now, |text| Ok(time::date(text)?.2)), pasts_told(ground, pasts));
    let program = format!("{} inspect", ground.cli.program());
    let pasts = parts.take("containers that keep failing", &program, pasts)?.unwrap_or_else(Sifted::none);
    parts.leave_out(pasts.left_out);
    let now = parts.take("containers that are up between two failures", "date", now)?;
    let units = parts.take("restarts of containers by systemd", "systemctl show", units)?;
    let units = units.unwrap_or_else(Sifted::none);
    parts.leave_out(units.left_out);
    let mut found = Vec::new();
    for (at, container) in listed.iter().enumerate() {
        let Some(past) = pasts.rows.iter().find(|past| past.id == container.id) else { continue };
        // NixOS's `oci-containers` and Quadlet leave restarts to systemd, and each time the container is a new one.
        let by_unit = units.rows.iter().find(|unit| Some(&unit.unit) == container.unit.as_ref());
        let restarts = past.restarts.max(by_unit.and_then(|unit| unit.restarts));
        let past = Past { restarts, ..past.clone() };
        if past.is_failing(now) {
            found.push((at, past.told()));
        }
    }
    let ids = found.iter().take(LAST_LINES).filter_map(|(at, _)| listed.get(*at));
    let lines = join_all(ids.map(|container| last_line(cx, ground, &container.id))).await;
    for ((_, failing), line) in found.iter_mut().zip(lines) {
        failing.last_line = line;
    }
    Ok((found, parts.left_out()))
}

/// Whether the list leaves it open if a container fails: one that has been up for minutes, or ended well long ago, does not.
fn is_suspect(container: &Container) -> bool {
    match container.state.as_str() {
        "running" => {
            container.restarts.is_none_or(|restarts| restarts >= OFTEN || container.unit.is_some())
                && is_of_late(&container.status)
        }
        "created" | "configured" | "paused" | "removing" => false,
        state if has_ended(state) => {
            let ended_well = container.exit_code == Some(0) && !is_of_late(&container.status);
            container.restarts != Some(0) && !ended_well
        }
        _ => true,
    }
}

/// Whether a status may be of the last minute: `Up 5 seconds`, `Exited (1) Less than a second ago`, or no age at all.
fn is_of_late(status: &str) -> bool {
    !["minute", "hour", "day", "week", "month", "year"].iter().any(|unit| status.contains(unit))
}

/// What is known of the past of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Past {
    id: ContainerId,
    state: String,
    exit_code: Option<i64>,
    restarts: Option<u64>,
    policy: String,
    /// After so many tries it is left alone; none is no bound.
    most_tries: Option<u64>,
    started: Option<Instant>,
    finished: Option<Instant>,
}

impl Past {
    /// Whether it does not stay up, or was given up, at a time in seconds since 1970.
    fn is_failing(&self, now: Option<i64>) -> bool {
        let restarts = self.restarts.unwrap_or(0);
        let within = |moment: Option<Instant>, most: i64| {
            let age = now.zip(moment).map(|(now, moment)| now.saturating_sub(moment.seconds()));
            // The time is asked for beside the containers, and one may have started or ended since.
            age.is_some_and(|age| (-BETWEEN..most).contains(&age))
        };
        match self.state.as_str() {
            "restarting" => true,
            state if has_ended(state) => {
                let is_started_again =
                    matches!(self.policy.as_str(), "always" | "unless-stopped" | "on-failure");
                let is_between = restarts >= OFTEN && is_started_again && within(self.finished, BETWEEN);
                let is_given_up = self.policy == "on-failure"
                    && self.exit_code.is_some_and(|code| code != 0)
                    && self.most_tries.is_some_and(|most| restarts >= most);
                is_between || is_given_up
            }
            _ => restarts >= OFTEN && within(self.started, LATELY),
        }
    }

    fn told(&self) -> Failing {
        let (since, exit_code) = match self.state.as_str() {
            "running" => (self.started, None),
            _ => (self.finished.or(self.started), self.exit_code),
        };
        Failing { restarts: self.restarts, since: since.map(Instant::rfc3339), exit_code, last_line: None }
    }
}

/// The pasts of these. One that was removed meanwhile has none, which the runtime tells by its exit code.
fn pasts_told(ground: Ground, answer: ReadAnswer) -> Result<Sifted<Past>, ToolError> {
    let shown = answer.command().to_string();
    let output = whole_of(answer)?;
    let text = String::from_utf8_lossy(&output.stdout);
    match pasts_of(&text) {
        Ok(pasts) => Ok(pasts),
        Err(_) if !output.exit.is_success() => {
            Err(ToolError::of_output(&shown, ground.cli.program(), true, &output))
        }
        Err(why) => Err(unreadable(&shown, &why)),
    }
}

/// `podman inspect` and `docker inspect` of some containers. Nothing of their variables and labels is kept.
pub(crate) fn pasts_of(text: &str) -> Result<Sifted<Past>, String> {
    Rows::Pasts.of_json(text, &["Name", "Id", "ID"], |value| Ok(json::<Raw>(value)?.read()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    #[serde(alias = "ID")]
    id: ContainerId,
    state: State,
    restart_count: Option<Number>,
    host_config: Option<HostConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    exit_code: Option<Number>,
    started_at: Option<String>,
    finished_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    restart_policy: Option<RestartPolicy>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    name: Option<String>,
    maximum_retry_count: Option<Number>,
}

impl Raw {
    fn read(self) -> Past {
        let count = |number: Option<Number>| u64::try_from(number?.0?).ok();
        let moment = |text: Option<String>| Instant::parse(&text?);
        let policy = self.host_config.and_then(|host| host.restart_policy).unwrap_or_default();
        Past {
            id: self.id,
            state: self.state.status.to_lowercase(),
            exit_code: self.state.exit_code.and_then(|code| code.0),
            restarts: count(self.restart_count),
            policy: policy.name.unwrap_or_default(),
            most_tries: count(policy.maximum_retry_count).filter(|most| *most > 0),
            started: moment(self.state.started_at),
            finished: moment(self.state.finished_at),
        }
    }
}

/// It is an addition: what goes wrong with it is left out.
async fn last_line(cx: &InspectCx<'_>, ground: Ground, of: &ContainerId) -> Option<String> {
    let output = run_whole(cx, container::last_words(ground.cli, &of.into())).await.ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let log = merged(&text(&output.stdout), &text(&output.stderr)).ok()?;
    let lines = log.lines.iter().rev().flat_map(|line| line.text.lines().rev());
    lines.map(|line| clean_line(line).trim().to_owned()).find(|line| !line.is_empty())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_795_710_240;

    /// Shortened from podman 4.3.1 (one that runs between two deaths, one given up after three tries) and docker 27 (one that
    /// waits for its next try).
    pub(crate) const ROWS: [&str; 3] = [
        r#"{"Id":"1f0fc725e2dffc872b66c6544daf3e3e90f2c38ac4e3c8fe5e8eb0da94fb8339","Created":"2026-11-26T16:23:46Z",
            "State":{"OciVersion":"1.0.2-dev","Status":"running","Running":true,"Paused":false,"Restarting":false,"Pid":1264,"ExitCode":0,"Error":"",
            "StartedAt":"2026-11-26T16:23:56.585941455Z","FinishedAt":"2026-11-26T16:23:56.406060349Z"},
            "Name":"flappy","RestartCount":16,"Config":{"Env":["TOKEN=hunter2"]},"HostConfig":{"RestartPolicy":{"Name":"always","MaximumRetryCount":0}}}"#,
        r#"{"Id":"a58b67d08c586f3adf39e4971b95a4d107ce71cc6ef29619f0e266abe462096e",
            "State":{"Status":"exited","Running":false,"ExitCode":3,"StartedAt":"2026-11-26T16:23:48.315555692Z","FinishedAt":"2026-11-26T16:23:48.81406002Z"},
            "Name":"gaveup","RestartCount":3,"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}}"#,
        r#"{"Id":"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "State":{"Status":"restarting","Running":true,"Restarting":true,"ExitCode":3,"StartedAt":"2026-11-26T16:20:00Z","FinishedAt":"2026-11-26T16:20:01Z"},
            "Name":"/again","RestartCount":9,"HostConfig":{"RestartPolicy":{"Name":"unless-stopped","MaximumRetryCount":0}}}"#,
    ];

    fn past(row: &str) -> Past {
        pasts_of(&format!("[{row}]")).unwrap().rows.remove(0)
    }

    fn fails(row: &str, now: i64) -> bool {
        past(row).is_failing(Some(now))
    }

    #[test]
    fn one_that_runs_between_two_deaths_is_failing_and_one_that_stays_up_is_not() {
        let [running, ..] = ROWS;
        assert!(fails(running, NOW));
        assert!(fails(running, NOW - 5), "it started after the time was asked for");
        assert!(!fails(running, NOW + 3_600), "it has been up for an hour");
        assert!(!fails(running, NOW - 3_600), "the clocks do not agree");
        assert!(!past(running).is_failing(None), "nobody knows for how long");
        assert!(!fails(&running.replace(r#""RestartCount":16"#, r#""RestartCount":1"#), NOW));
        assert!(!fails(&running.replace(r#""RestartCount":16,"#, ""), NOW));
        assert!(!fails(&running.replace(r#""RestartCount":16"#, r#""RestartCount":-5"#), NOW));
    }

    #[test]
    fn one_that_was_given_up_is_failing_and_one_that_was_stopped_is_not() {
        let [_, given_up, waiting] = ROWS;
        assert!(fails(given_up, NOW) && fails(given_up, NOW + 86_400) && past(given_up).is_failing(None));
        assert!(!fails(&given_up.replace(r#""ExitCode":3"#, r#""ExitCode":0"#), NOW));
        assert!(!fails(&given_up.replace(r#""RestartCount":3"#, r#""RestartCount":2"#), NOW));
        let without_end = given_up.replace(r#""MaximumRetryCount":3"#, r#""MaximumRetryCount":0"#);
        assert!(!fails(&without_end, NOW), "it was stopped by somebody, after three tries");
        let ended_just_now = NOW - 12;
        assert!(fails(&without_end, ended_just_now + 2), "it is about to be started again");
        assert!(!fails(&without_end.replace("on-failure", "no"), ended_just_now + 2));
        assert!(fails(waiting, NOW) && past(waiting).is_failing(None));
    }

    #[test]
    fn what_is_told_of_it_is_of_its_last_end_or_start() {
        let told = ROWS.map(|row| past(row).told());
        assert_eq!(told.each_ref().map(|failing| failing.exit_code), [None, Some(3), Some(3)]);
        assert_eq!(told.each_ref().map(|failing| failing.restarts), [Some(16), Some(3), Some(9)]);
        let since = told.each_ref().map(|failing| failing.since.as_deref().unwrap());
        assert_eq!(since, ["2026-11-26T16:23:56Z", "2026-11-26T16:23:48Z", "2026-11-26T16:20:01Z"]);
        assert!(!format!("{:?}", ROWS.map(past)).contains("hunter2"));
    }

    #[test]
    fn a_status_of_late() {
        for late in [
            "Up Less than a second ago",
            "Up 5 seconds",
            "Up 5 seconds (healthy)",
            "Exited (1) 1 second ago",
            "running",
            "",
        ] {
            assert!(is_of_late(late), "{late}");
        }
        for old in ["Up About a minute", "Up 2 minutes ago", "Exited (1) 5 weeks ago", "Up About an hour"] {
            assert!(!is_of_late(old), "{old}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[\\[{]{0,2}\"State\":\\{\"Status\":[a-z\"0-9]{0,9}[}\\]]{0,3}", now: i64) {
            if let Ok(found) = pasts_of(&text) {
                let _ = found.rows.iter().any(|past| past.is_failing(Some(now)));
            }
            let _ = past(ROWS[0]).is_failing(Some(now));
        }
    }
}
