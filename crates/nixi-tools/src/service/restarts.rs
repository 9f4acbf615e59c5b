//! How often services were restarted by systemd itself, and whether they stay up.

use super::show::{Block, blocks_of_any};
use super::unit::{Unit, is_failing};
use crate::rows::{Rows, Sifted};

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
        self.is_restarted_often() && age.is_some_and(|age| age < LATELY)
    }

    /// Whether it is on its way and was restarted so often that it matters for how long it has been up.
    pub(super) fn is_restarted_often(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading")
            && self.restarts.is_some_and(|restarts| restarts >= OFTEN)
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

/// `systemctl show` of all services.
pub(crate) fn restarts(text: &str) -> Result<Sifted<Restarts>, String> {
    let name = |at, block: &Block<'_>| block.get("Id").map_or_else(|| format!("unit {at}"), str::to_owned);
    Rows::Units.sift(blocks_of_any(text), |block| history(block.whole()?), name)
}

fn history(block: &Block<'_>) -> Result<Restarts, String> {
    let word = |key| block.get(key).map(str::to_owned);
    let up_at = block.number("ActiveEnterTimestampMonotonic").filter(|at| *at > 0);
    Ok(Restarts {
        unit: block.needed("Id")?,
        description: word("Description").unwrap_or_default(),
        load: block.needed("LoadState")?,
        active: block.needed("ActiveState")?,
        sub: block.needed("SubState")?,
        restarts: block.number("NRestarts"),
        since: word("StateChangeTimestamp").filter(|time| time != "n/a"),
        result: word("Result"),
        up_at: up_at.map(|at| at / 1_000_000),
    })
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
        restarts(text).unwrap().rows.iter().map(|history| history.is_looping(uptime)).collect()
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
        assert_eq!(restarts("").unwrap(), Sifted::none());
        assert_eq!(restarts("\n").unwrap(), Sifted::none());
    }

    #[test]
    fn an_odd_block_hides_no_other_and_is_named() {
        for (odd, name) in [
            (RECORDED.replace("Id=bot.service\n", ""), "unit 2"),
            (RECORDED.replace("NRestarts=12", "garbage"), "bot.service"),
            (RECORDED.replace("SubState=running", "SubState="), "bot.service"),
        ] {
            let found = restarts(&odd).unwrap();
            assert_eq!((found.rows.len(), found.left_out.len()), (1, 1), "{odd}");
            assert_eq!(found.left_out[0].what, name);
        }
        assert!(restarts("hello\n").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|LoadState|ActiveState|SubState|NRestarts)=?[a-z0-9]*\n{0,2}){0,8}") {
            if let Ok(found) = restarts(&text) {
                let _ = found.rows.iter().any(|history| history.is_looping(Some(5)));
            }
        }
    }
}
