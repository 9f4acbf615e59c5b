//! How often services were restarted by systemd itself, and whether they stay up.

use super::show::blocks_of_any;
use super::unit::{Unit, is_failing};

/// What is known of the past of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restarts {
    pub(super) unit: String,
    description: String,
    load: String,
    active: String,
    sub: String,
    pub(super) restarts: Option<u64>,
    pub(super) since: Option<String>,
    pub(super) result: Option<String>,
    /// When it became active, in seconds since boot.
    up_at: Option<u64>,
}

/// A service that was restarted so often by itself …
const OFTEN: u64 = 2;
/// … and became active so few seconds ago, does not stay up.
const LATELY: u64 = 60;

impl Restarts {
    /// Whether it dies again and again, `uptime` seconds after the node was booted. One that has failed for good does not:
    /// it is left alone.
    pub(super) fn is_looping(&self, uptime: Option<u64>) -> bool {
        if self.active == "failed" {
            return false;
        }
        if is_failing(&self.active, &self.sub) {
            return true;
        }
        let age = uptime.zip(self.up_at).and_then(|(now, up_at)| now.checked_sub(up_at));
        let is_on_its_way = matches!(self.active.as_str(), "active" | "activating" | "reloading");
        is_on_its_way
            && self.restarts.is_some_and(|restarts| restarts >= OFTEN)
            && age.is_some_and(|age| age < LATELY)
    }

    pub(super) fn as_listed(&self) -> Unit {
        Unit {
            unit: self.unit.clone(),
            load: self.load.clone(),
            active: self.active.clone(),
            sub: self.sub.clone(),
            description: self.description.clone(),
        }
    }
}

/// `systemctl show` of all services. A block that tells no name or state is passed over: it adds to a list that stands
/// without it.
pub(crate) fn restarts(text: &str) -> Result<Vec<Restarts>, String> {
    let blocks = blocks_of_any(text)?;
    let histories = blocks.iter().filter_map(|block| {
        let word = |key| block.get(key).map(str::to_owned);
        // systemd writes "not set" as words or as the largest number.
        let number =
            |key| block.get(key).and_then(|value| value.parse::<u64>().ok()).filter(|n| *n < u64::MAX);
        Some(Restarts {
            unit: word("Id")?,
            description: word("Description").unwrap_or_default(),
            load: word("LoadState")?,
            active: word("ActiveState")?,
            sub: word("SubState")?,
            restarts: number("NRestarts"),
            since: word("StateChangeTimestamp").filter(|time| time != "n/a"),
            result: word("Result"),
            up_at: number("ActiveEnterTimestampMonotonic").filter(|at| *at > 0).map(|at| at / 1_000_000),
        })
    });
    Ok(histories.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From systemd 252, two services that die by and by: one between two deaths, one just up again.
    const RECORDED: &str = "NRestarts=603\nResult=exit-code\nExecMainStatus=1\nId=cam.service\nDescription=Camera\n\
        LoadState=loaded\nActiveState=activating\nSubState=auto-restart\n\
        StateChangeTimestamp=Wed 2026-11-25 10:00:00 UTC\nActiveEnterTimestampMonotonic=0\n\
        \n\
        NRestarts=12\nResult=success\nExecMainStatus=0\nId=bot.service\nDescription=Bot\nLoadState=loaded\n\
        ActiveState=active\nSubState=running\nStateChangeTimestamp=Wed 2026-11-25 10:00:00 UTC\n\
        ActiveEnterTimestampMonotonic=990000000\n";

    fn looping(text: &str, uptime: Option<u64>) -> Vec<bool> {
        restarts(text).unwrap().iter().map(|history| history.is_looping(uptime)).collect()
    }

    #[test]
    fn one_that_runs_between_two_deaths_does_not_stay_up() {
        assert_eq!(looping(RECORDED, Some(1_000)), [true, true]);
        assert_eq!(looping(RECORDED, Some(5_000)), [true, false], "it has been up for an hour");
        assert_eq!(looping(RECORDED, None), [true, false], "nobody knows for how long");
        assert_eq!(looping(RECORDED, Some(3)), [true, false], "the clocks do not agree");
        assert_eq!(looping(&RECORDED.replace("NRestarts=12", "NRestarts=1"), Some(1_000)), [true, false]);
        assert_eq!(looping(&RECORDED.replace("NRestarts=12\n", ""), Some(1_000)), [true, false]);
        let stopped = RECORDED.replace("=active\nSubState=running", "=inactive\nSubState=dead");
        assert_eq!(looping(&stopped, Some(1_000)), [true, false]);
        let queued = RECORDED.replace("=auto-restart", "=auto-restart-queued");
        assert_eq!(looping(&queued, None), [true, false]);
    }

    #[test]
    fn no_service_at_all_is_no_error() {
        assert_eq!(restarts("").unwrap(), []);
        assert_eq!(restarts("\n").unwrap(), []);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|LoadState|ActiveState|SubState|NRestarts)=?[a-z0-9]*\n{0,2}){0,8}") {
            if let Ok(found) = restarts(&text) {
                let _ = found.iter().any(|history| history.is_looping(Some(5)));
            }
        }
    }
}
