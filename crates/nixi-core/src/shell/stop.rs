//! How a command that runs is stopped.

use super::login::{SYSTEM_PROFILE, find_sudo, in_chosen_environment};
use crate::environment::MARK;

/// By what a command that runs on a node is found again, to be stopped: closing its channel alone leaves it running.
///
/// A command of the login user carries the mark in its environment, which costs nothing. sudo hides its environment
/// from the user, so the shell that becomes sudo says first, on standard error, which process group it leads (sshd
/// makes each of its commands a session of its own).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// A mark; the number is of one command alone.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    pub(super) fn variable(&self) -> String {
        format!("{MARK}={}", self.0)
    }

    pub(super) fn announced(&self) -> String {
        format!("printf '%s %d\\n' {} $$ >&2", self.0)
    }

    /// The process group that an elevated command said it leads, and where in this standard error it said so.
    #[must_use]
    pub fn announcement(&self, stderr: &[u8]) -> Option<(u32, std::ops::Range<usize>)> {
        let start = stderr.windows(self.0.len()).position(|word| word == self.0.as_bytes())?;
        let said = stderr.get(start + self.0.len()..)?.strip_prefix(b" ")?;
        let digits = said.iter().position(|byte| *byte == b'\n')?;
        let group = std::str::from_utf8(said.get(..digits)?).ok()?.parse().ok()?;
        (group > 1).then_some((group, start..start + self.0.len() + digits + 2))
    }

    /// The line that stops a command of the login user: politely, and after two seconds by force. One that has not
    /// come so far that it can be found is looked for a little longer. The mark can be read by every user of the node, so
    /// that processes of others do not count.
    #[must_use]
    pub fn stop(&self) -> String {
        let (mark, kill) = (self.variable(), stop_group("kill", "$g"));
        script(&format!(
            "n=0; while [ $n -lt 10 ]; do f=0; \
             for e in $(grep -lsxz {mark} /proc/[0-9]*/environ); do e=${{e%/environ}}; [ -O $e ] || continue; \
             g=$(ps -o pgid= -p ${{e#/proc/}}); g=$((g)); \
             if [ $g -gt 1 ]; then f=1; {kill} fi; done; \
             [ $f = 1 ] && break; n=$((n+1)); sleep 0.1; done"
        ))
    }
}

/// The line that stops the process group of an elevated command, as [`Mark::stop`] does. For what runs as root it needs a
/// sudo rule for `kill`; others in the group, such as the shell that would go on with the next of several reads, are the
/// login user's own.
#[must_use]
pub fn stop_elevated(group: u32) -> String {
    let group = group.to_string();
    let [own, roots] = ["kill", "$s -n -- kill"].map(|kill| stop_group(kill, &group));
    script(&format!("{}; {own} {roots}", find_sudo()))
}

/// A script of ours, none of which holds a single quote, in the environment that commands get.
fn script(text: &str) -> String {
    in_chosen_environment(SYSTEM_PROFILE, &format!("sh -c '{text}'"))
}

fn stop_group(kill: &str, group: &str) -> String {
    format!(
        "{kill} -s TERM -- -{group}; {{ sleep 2; {kill} -s KILL -- -{group}; }} </dev/null >/dev/null 2>&1 &"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Elevation, Program};
    use crate::shell::tests::{ran, shells};
    use crate::shell::{Streams, remote_line};

    /// What was started is stopped, with all that it started, and nothing else.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
    fn what_is_marked_is_stopped_and_nothing_else() {
        use std::os::unix::process::{CommandExt, ExitStatusExt};
        let start = |shell: &str, mark: &Mark, script: &str| {
            let args = ["-c".to_owned(), script.to_owned()];
            let line =
                remote_line(Program::new("sh"), &args, Elevation::LoginUser, mark, Streams::Apart).unwrap();
            let mut child = std::process::Command::new(shell);
            child.args(["-c", &line]).env("PATH", "/usr/bin:/bin").process_group(0).spawn().unwrap()
        };
        let here = u128::from(std::process::id()) << 8;
        for (at, shell) in (0..).zip(shells()) {
            let [mark, other] = [1, 2].map(|n| Mark::new(here + 2 * at + n + 0xff00));
            let mut kept = start(shell, &other, "sleep 60 & wait");
            let mut stopped = start(shell, &mark, "sleep 60 & wait");
            let (_, _, said) = ran(shell, &mark.stop(), "/usr/bin:/bin");
            assert_eq!(
                stopped.wait().unwrap().signal(),
                Some(15),
                "{shell}: {}",
                String::from_utf8_lossy(&said)
            );
            assert_eq!(kept.try_wait().unwrap(), None, "{shell}");
            // One that does not listen to the polite word.
            let mut deaf = start(shell, &mark, "trap '' TERM; sleep 60; sleep 60");
            std::thread::sleep(std::time::Duration::from_millis(200));
            ran(shell, &mark.stop(), "/usr/bin:/bin");
            assert_eq!(deaf.wait().unwrap().signal(), Some(9), "{shell}");
            ran(shell, &other.stop(), "/usr/bin:/bin");
            kept.wait().unwrap();
        }
    }

    #[test]
    fn an_announcement_is_found_behind_noise() {
        let mark = Mark::new(0xab);
        let said = |group: &str| format!("noise\n{:032x} {group}\nerror", 0xab);
        let (group, own) = mark.announcement(said("4711").as_bytes()).unwrap();
        assert_eq!((group, &said("4711")[own]), (4711, &*format!("{:032x} 4711\n", 0xab)));
        for none in ["", "1", "0", "-5", "x", "99999999999"] {
            assert_eq!(mark.announcement(said(none).as_bytes()), None, "{none}");
        }
        assert_eq!(mark.announcement(format!("{:032x} 47", 0xab).as_bytes()), None);
        assert!(stop_elevated(4711).contains("$s -n -- kill -s TERM -- -4711; "));
    }
}
