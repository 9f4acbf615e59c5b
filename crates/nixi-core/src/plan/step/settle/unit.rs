//! What `systemctl show` tells of a unit that was started.

use super::{Look, Run, restarted};
use crate::catalog::service::BETWEEN_TRIES;
use crate::command::UnitName;

/// `None` if it tells no state.
pub(super) fn look(unit: &UnitName, printed: &str) -> Option<Look> {
    let value = |key: &str| printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let some = |key: &str| value(key).filter(|value| !value.is_empty());
    let (active, sub) = (some("ActiveState")?, some("SubState")?);
    let restarts = some("NRestarts").and_then(|count| count.parse().ok());
    let state = || format!("it is {active} ({sub})");
    let ended = || {
        let result = some("Result").filter(|result| *result != "success").unwrap_or("by itself");
        let status = some("ExecMainStatus").filter(|status| *status != "0");
        let status = status.map(|status| format!(", status {status}")).unwrap_or_default();
        format!("{result}{status}{}", restarted(restarts))
    };
    // A job that waits may still change everything.
    if some("Job").is_some_and(|job| job != "0") && active != "active" && !BETWEEN_TRIES.contains(&sub) {
        return Some(Look::Moving(state()));
    }
    Some(match active {
        _ if BETWEEN_TRIES.contains(&sub) => {
            Look::Down(format!("it ended and waits to be started again ({})", ended()))
        }
        "failed" => Look::Down(format!("it has failed ({})", ended())),
        "active" if unit.as_str().ends_with(".service") && sub != "exited" => {
            Look::Up(Run { id: some("InvocationID").unwrap_or_default().to_owned(), restarts })
        }
        // What has no process of its own, or none that is to stay, has nothing that could die.
        "active" => Look::Settled(None),
        "inactive" if some("LoadState") == Some("not-found") => Look::Gone,
        "inactive" if is_unmet(some("ConditionResult"), some("ConditionTimestampMonotonic")) => {
            Look::Unstarted("a condition in its unit file is not met".to_owned())
        }
        "inactive" if some("Type") == Some("oneshot") => Look::Settled(None),
        "inactive" => Look::Settled(Some("it has ended by itself, and not with an error".to_owned())),
        _ => Look::Moving(state()),
    })
}

/// A condition that was never looked at has the result `no` as well.
fn is_unmet(result: Option<&str>, looked_at: Option<&str>) -> bool {
    result == Some("no") && looked_at.is_some_and(|at| at != "0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(name: &str, lines: &[&str]) -> Option<Look> {
        look(&name.parse().unwrap(), &lines.join("\n"))
    }

    /// From systemd 252 and 256.
    #[test]
    fn what_systemd_tells_of_services() {
        let web = |lines: &[&str]| of("web.service", lines).unwrap();
        let run = |id: &str, restarts| Look::Up(Run { id: id.to_owned(), restarts });
        assert_eq!(
            web(&["ActiveState=active", "SubState=running", "InvocationID=ab", "NRestarts=0", "Job=0"]),
            run("ab", Some(0))
        );
        // Before systemd 235 nobody counts.
        assert_eq!(web(&["ActiveState=active", "SubState=running", "InvocationID=ab"]), run("ab", None));
        for sub in ["auto-restart", "auto-restart-queued", "dead-before-auto-restart"] {
            let active = if sub.starts_with("dead") { "inactive" } else { "activating" };
            let look = web(&[
                &format!("ActiveState={active}"),
                &format!("SubState={sub}"),
                "Result=exit-code",
                "ExecMainStatus=1",
                "NRestarts=3",
            ]);
            let words =
                "it ended and waits to be started again (exit-code, status 1, restarted 3 times so far)";
            assert_eq!(look, Look::Down(words.to_owned()));
        }
        assert_eq!(
            web(&["ActiveState=failed", "SubState=failed", "Result=start-limit-hit", "ExecMainStatus=0"]),
            Look::Down("it has failed (start-limit-hit)".to_owned())
        );
        for (active, sub) in [
            ("activating", "start-pre"),
            ("activating", "start"),
            ("deactivating", "stop-sigterm"),
            ("reloading", "reload-notify"),
            ("maintenance", "cleaning"),
        ] {
            let look = web(&[&format!("ActiveState={active}"), &format!("SubState={sub}")]);
            assert_eq!(look, Look::Moving(format!("it is {active} ({sub})")));
        }
        let dead = ["ActiveState=inactive", "SubState=dead", "Result=success"];
        assert!(matches!(web(&dead), Look::Settled(Some(_))));
        assert_eq!(web(&[&dead[..], &["Type=oneshot"]].concat()), Look::Settled(None));
        assert_eq!(web(&[&dead[..], &["LoadState=not-found"]].concat()), Look::Gone);
        assert!(matches!(web(&[&dead[..], &["Job=71"]].concat()), Look::Moving(_)));
        let skipped = ["ConditionResult=no", "ConditionTimestampMonotonic=71"];
        assert!(matches!(web(&[&dead[..], &skipped].concat()), Look::Unstarted(_)));
        let never = ["ConditionResult=no", "ConditionTimestampMonotonic=0"];
        assert!(matches!(web(&[&dead[..], &never].concat()), Look::Settled(_)));
        assert_eq!(web(&["ActiveState=active", "SubState=exited"]), Look::Settled(None));
    }

    #[test]
    fn what_has_no_process_is_settled_at_once() {
        for (name, sub) in [
            ("a.socket", "listening"),
            ("a.socket", "running"),
            ("a.timer", "waiting"),
            ("a.path", "waiting"),
        ] {
            let sub = format!("SubState={sub}");
            assert_eq!(of(name, &["ActiveState=active", &sub]), Some(Look::Settled(None)));
        }
        let failed = of("a.socket", &["ActiveState=failed", "SubState=failed", "Result=resources"]);
        assert!(matches!(failed, Some(Look::Down(_))));
    }

    #[test]
    fn what_tells_no_state_is_none() {
        for lines in [&[][..], &["hello"], &["ActiveState=active"], &["ActiveState=", "SubState=running"]] {
            assert_eq!(of("web.service", lines), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((ActiveState|SubState|Job|NRestarts)=?[a-z0-9]*\n){0,6}") {
            let _ = look(&"web.service".parse().unwrap(), &text);
        }
    }
}
