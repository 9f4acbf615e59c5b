//! What a container runtime tells of a container that was started.

use serde::Deserialize;

use super::{Look, Run, restarted};
use crate::exec::Output;
use crate::text::clean_line;

/// Whether there is no such container any more, in the words of podman and docker.
pub(super) fn is_gone(output: &Output) -> bool {
    let stderr = String::from_utf8_lossy(&output.stderr).to_ascii_lowercase();
    !output.exit.is_success() && stderr.lines().any(|line| line.contains("no such container"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    state: State,
    restart_count: Option<u64>,
    host_config: Option<HostConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    exit_code: Option<i64>,
    started_at: Option<String>,
    /// Podman before version 4.4 has the other name.
    #[serde(alias = "Healthcheck")]
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    restart_policy: Option<RestartPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    name: Option<String>,
}

/// `podman inspect` and `docker inspect` of one container; `None` if it is something else. No value of a variable or a
/// label is kept.
pub(super) fn look(printed: &str) -> Option<Look> {
    let [raw] = <[Raw; 1]>::try_from(serde_json::from_str::<Vec<Raw>>(printed).ok()?).ok()?;
    let policy = raw.host_config.and_then(|host| host.restart_policy?.name).unwrap_or_default();
    let restarts = raw.restart_count;
    let so_far = restarted(restarts);
    let code =
        raw.state.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    let health = raw.state.health.and_then(|health| health.status).unwrap_or_default();
    let is_error = raw.state.exit_code != Some(0);
    Some(match raw.state.status.as_str() {
        "running" if health == "starting" => {
            Look::Examined("its health check has not answered yet".to_owned())
        }
        "running" if health == "unhealthy" => Look::Down("its health check fails".to_owned()),
        "running" => Look::Up(Run { id: raw.state.started_at.unwrap_or_default(), restarts }),
        "restarting" => Look::Down(format!("it ended and waits to be started again ({code}{so_far})")),
        "exited" | "stopped" | "dead" if is_error => Look::Down(format!("it has ended ({code}{so_far})")),
        "exited" | "stopped" | "dead" if matches!(policy.as_str(), "always" | "unless-stopped") => {
            Look::Down(format!("it ended, and is to be started again whenever it does ({code}{so_far})"))
        }
        "exited" | "stopped" | "dead" => {
            Look::Settled(Some("it has ended by itself, with exit code 0".to_owned()))
        }
        "paused" => Look::Settled(Some("it is paused".to_owned())),
        "" => return None,
        state => Look::Moving(format!("it is {}", clean_line(state))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Exit;
    use proptest::prelude::*;

    /// As podman 4.3 and docker 27 write it, shortened.
    fn of(status: &str, code: i64, restarts: u64, policy: &str) -> Option<Look> {
        look(&format!(
            r#"[{{"Id":"0f1e","State":{{"Status":"{status}","Running":true,"Pid":42,"ExitCode":{code},"Error":"",
                "StartedAt":"2026-11-25T10:00:00.5Z","FinishedAt":"0001-01-01T00:00:00Z"}},"Name":"/web",
                "RestartCount":{restarts},"Config":{{"Env":["TOKEN=hunter2"]}},
                "HostConfig":{{"RestartPolicy":{{"Name":"{policy}","MaximumRetryCount":0}}}}}}]"#
        ))
    }

    #[test]
    fn both_runtimes() {
        let run = Run { id: "2026-11-25T10:00:00.5Z".to_owned(), restarts: Some(0) };
        assert_eq!(of("running", 0, 0, "no"), Some(Look::Up(run)));
        for (status, code, restarts, policy) in [
            ("restarting", 1, 4, "always"),
            ("exited", 1, 0, "no"),
            ("exited", 137, 3, "on-failure"),
            ("stopped", 139, 0, ""),
            ("exited", -1, 0, ""),
            ("exited", 0, 2, "unless-stopped"),
        ] {
            assert!(matches!(of(status, code, restarts, policy), Some(Look::Down(_))), "{status} {code}");
        }
        let healthy = |word: &str| {
            look(&format!(r#"[{{"State":{{"Status":"running","Health":{{"Status":"{word}"}}}}}}]"#))
        };
        assert!(matches!(healthy("starting"), Some(Look::Examined(_))));
        assert!(matches!(healthy("unhealthy"), Some(Look::Down(_))));
        assert!(matches!(healthy("healthy"), Some(Look::Up(_))) && matches!(healthy(""), Some(Look::Up(_))));
        let of_podman_4_3 = look(r#"[{"State":{"Status":"running","Healthcheck":{"Status":"starting"}}}]"#);
        assert!(matches!(of_podman_4_3, Some(Look::Examined(_))));
        assert!(matches!(of("exited", 0, 0, "no"), Some(Look::Settled(Some(_)))));
        for moving in ["created", "initialized", "stopping", "removing"] {
            assert!(matches!(of(moving, 0, 0, "no"), Some(Look::Moving(_))), "{moving}");
        }
        // What is not told is not made up.
        let bare = look(r#"[{"State":{"Status":"running"}}]"#);
        assert_eq!(bare, Some(Look::Up(Run { id: String::new(), restarts: None })));
        for odd in ["", "[]", "{}", "[{}]", r#"[{"State":{"Status":""}}]"#, "null", "running"] {
            assert_eq!(look(odd), None, "{odd}");
        }
        let two = r#"[{"State":{"Status":"running"}},{"State":{"Status":"running"}}]"#;
        assert_eq!(look(two), None);
    }

    #[test]
    fn one_that_was_removed_is_gone() {
        let output = |code, stderr: &str| Output {
            exit: Exit::Code(code),
            stdout: Vec::new(),
            stderr: stderr.into(),
            truncated: false,
        };
        assert!(is_gone(&output(125, "Error: inspecting object: no such container 0f1e\n")));
        assert!(is_gone(&output(1, "Error: No such container: 0f1e\n")));
        assert!(is_gone(&output(1, "Error response from daemon: No such container: 0f1e\n")));
        assert!(!is_gone(&output(0, "WARN no such container in the cache\n")));
        assert!(!is_gone(&output(1, "sudo: a password is required\n")));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[\\[{]{0,2}\"State\":\\{\"Status\":[a-z\"0-9]{0,9}[}\\]]{0,3}") {
            let _ = look(&text);
        }
    }
}
