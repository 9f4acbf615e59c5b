//! What sudo(8), its like and shells say on standard error: the one table of their words.
//!
//! Standard error is no data, and its words alone are no proof: a line here counts only where the command failed, where
//! sudo was to run it, and where nobody spoke after sudo. The sentences are those of sudo 1.8.3 to 1.9.17 (its
//! `src/sudo.c`, `src/tgetpass.c`, `plugins/sudoers/{sudoers,logging,policy}.c` and `auth/pam.c`), of sudo-rs 0.2.0
//! to 0.2.14 (`src/common/error.rs`, `src/pam/error.rs`), of OpenDoas and of run0 (by way of polkit). All commands run
//! with `LC_ALL=C`, which both kinds of sudo speak in; one that speaks another language is told by its own words.

mod shell;

use crate::exec::{Exit, Output};
use crate::text::{clean_line, fit};

/// Why sudo did not run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It asks for a password, which nobody can type.
    Password,
    /// It has no rule for the command, or for the user.
    NotAllowed,
    /// It wants a terminal (`requiretty`).
    Terminal,
    /// The account is locked, or its password is too old.
    Account,
    /// It cannot work at all: not setuid, no readable rules, a broken plugin.
    Broken,
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Password => {
                "give the login user a passwordless sudo rule for it (NixOS: security.sudo.extraRules); \
                 `nixi setup`, which will do that, is not built yet"
            }
            Self::NotAllowed => {
                "allow it for the login user in sudoers, without a password (NixOS: security.sudo.extraRules), \
                 or log in as a user who may"
            }
            Self::Terminal => {
                "turn requiretty off for the login user: run `sudo visudo` on the node and add \
                 `Defaults:USER !requiretty` (NixOS: security.sudo.extraConfig)"
            }
            Self::Account => {
                "unlock the login user's account on the node or renew its password: `chage -l USER` tells \
                 which it is"
            }
            Self::Broken => {
                "repair sudo on the node as root: `visudo -c` checks its rules, `ls -l $(command -v sudo)` its rights"
            }
        }
    }
}

/// Who a line of the table is said by.
#[derive(Clone, Copy)]
enum By {
    Sudo,
    Doas,
    /// A line that names nobody.
    Anyone,
}

/// What a line means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Refused(Refusal),
    /// Something beside the point: the command runs all the same.
    Remark,
}

const PASSWORD: Means = Means::Refused(Refusal::Password);
const NOT_ALLOWED: Means = Means::Refused(Refusal::NotAllowed);
const TERMINAL: Means = Means::Refused(Refusal::Terminal);
const ACCOUNT: Means = Means::Refused(Refusal::Account);
const BROKEN: Means = Means::Refused(Refusal::Broken);

/// By whom, how the rest of the line begins (or, after `…`, what is in it), in lower case, and what it means. The first
/// that fits counts.
const TABLE: &[(By, &str, Means)] = &[
    // No rule. (Before the passwords: sudo-rs before 0.2.5 put "authentication failed:" in front of both.)
    (By::Sudo, "…i'm afraid i can't do that", NOT_ALLOWED),
    (By::Anyone, "sorry, user ", NOT_ALLOWED),
    (By::Sudo, "sorry, user ", NOT_ALLOWED),
    (By::Anyone, "…is not in the sudoers file", NOT_ALLOWED),
    (By::Anyone, "…is not allowed to run sudo on ", NOT_ALLOWED),
    (By::Sudo, "…you are not permitted to ", NOT_ALLOWED),
    (By::Sudo, "…you are not allowed ", NOT_ALLOWED),
    (By::Sudo, "sudoers specifies that root is not allowed to sudo", NOT_ALLOWED),
    (By::Sudo, "…command rejected by ", NOT_ALLOWED),
    (By::Doas, "operation not permitted", NOT_ALLOWED),
    // A terminal, though no password.
    (By::Sudo, "…you must have a tty to run sudo", TERMINAL),
    // The account.
    (By::Sudo, "account validation failure", ACCOUNT),
    (By::Sudo, "account or password is expired", ACCOUNT),
    (By::Sudo, "account expired or pam config", ACCOUNT),
    (By::Sudo, "password expired, contact", ACCOUNT),
    (By::Sudo, "unable to change expired password", ACCOUNT),
    (By::Sudo, "pam account management error", ACCOUNT),
    // A password.
    (By::Sudo, "…a password is required", PASSWORD),
    (By::Sudo, "a terminal is required to ", PASSWORD),
    (By::Sudo, "no tty present and no askpass program specified", PASSWORD),
    (By::Sudo, "no askpass program specified", PASSWORD),
    (By::Sudo, "no password was provided", PASSWORD),
    (By::Sudo, "timed out reading password", PASSWORD),
    (By::Sudo, "…interactive authentication is required", PASSWORD),
    (By::Sudo, "interaction is required", PASSWORD),
    (By::Sudo, "authentication required but not attempted", PASSWORD),
    (By::Sudo, "authentication failed", PASSWORD),
    (By::Sudo, "…incorrect authentication attempt", PASSWORD),
    (By::Sudo, "…incorrect password attempt", PASSWORD),
    (By::Doas, "a tty is required", PASSWORD),
    (By::Doas, "authentication required", PASSWORD),
    (By::Doas, "authorization required", PASSWORD),
    (By::Doas, "authentication failed", PASSWORD),
    (By::Anyone, "…transient service unit: interactive authentication required", PASSWORD),
    (By::Anyone, "…transient service unit: access denied", NOT_ALLOWED),
    // sudo itself.
    (By::Sudo, "…must be owned by uid 0 and have the setuid bit set", BROKEN),
    (By::Sudo, "must be setuid root", BROKEN),
    (By::Sudo, "effective uid is not 0", BROKEN),
    (By::Sudo, "the \"no new privileges\" flag is set", BROKEN),
    (By::Sudo, "no valid sudoers sources found", BROKEN),
    (By::Sudo, "…invalid configuration:", BROKEN),
    (By::Sudo, "fatal error, unable to load plugins", BROKEN),
    (By::Sudo, "unable to initialize policy plugin", BROKEN),
    (By::Sudo, "error initializing ", BROKEN),
    (By::Sudo, "policy plugin ", BROKEN),
    (By::Sudo, "unable to initialize pam", BROKEN),
    (By::Sudo, "pam authentication error", BROKEN),
    (By::Sudo, "pam error:", BROKEN),
    (By::Sudo, "you do not exist in the ", BROKEN),
    (By::Sudo, "sudo-rs needs a linux kernel", BROKEN),
    (By::Doas, "doas is not enabled", BROKEN),
    // What changes nothing.
    (By::Sudo, "unable to resolve host ", Means::Remark),
    (By::Sudo, "setrlimit(", Means::Remark),
    (By::Sudo, "unable to send audit message", Means::Remark),
    (By::Sudo, "unable to open log file", Means::Remark),
    (By::Sudo, "unable to write log file", Means::Remark),
    (By::Sudo, "unable to open /run/sudo", Means::Remark),
    (By::Sudo, "unable to open /var/", Means::Remark),
    (By::Sudo, "unable to stat ", Means::Remark),
    (By::Sudo, "unable to get time of day", Means::Remark),
    (By::Sudo, "unable to determine tty", Means::Remark),
    (By::Sudo, "unable to send mail", Means::Remark),
    (By::Sudo, "ignoring lecture file", Means::Remark),
    (By::Sudo, "ldap_", Means::Remark),
    (By::Sudo, "could not update session record file", Means::Remark),
    (By::Sudo, "could not use session information", Means::Remark),
    (By::Sudo, "unexpected error while reading session information", Means::Remark),
    (By::Sudo, "if sudo is running in a container", Means::Remark),
    (By::Sudo, "configuration to disable the flag", Means::Remark),
    (By::Sudo, "warning: ", Means::Remark),
    (By::Anyone, "this incident will be reported", Means::Remark),
    (By::Anyone, "this incident has been reported", Means::Remark),
    // Shells, sshd and PAM modules.
    (By::Anyone, "…warning: setlocale: ", Means::Remark),
    (By::Anyone, "…cannot change locale", Means::Remark),
    (By::Anyone, "…can't set the locale", Means::Remark),
    (By::Anyone, "…cannot set locale", Means::Remark),
    (By::Anyone, "…cannot set lc_", Means::Remark),
    (By::Anyone, "perl: warning: ", Means::Remark),
    (By::Anyone, "could not chdir to home directory ", Means::Remark),
    (By::Anyone, "…cannot set terminal process group", Means::Remark),
    (By::Anyone, "…no job control in this shell", Means::Remark),
    (By::Anyone, "stdin: is not a tty", Means::Remark),
    (By::Anyone, "mesg: ttyname failed", Means::Remark),
    (By::Anyone, "warning: ", Means::Remark),
    (By::Anyone, "warn[", Means::Remark),
    (By::Anyone, "info[", Means::Remark),
    // podman, docker and journalctl.
    (By::Anyone, "emulate docker cli using podman", Means::Remark),
    (By::Anyone, "…level=warning ", Means::Remark),
    (By::Anyone, "…level=info ", Means::Remark),
    (By::Anyone, "…level=debug ", Means::Remark),
    (By::Anyone, "hint: you are currently not seeing messages from", Means::Remark),
    (By::Anyone, "users in groups '", Means::Remark),
    (By::Anyone, "users in the '", Means::Remark),
    (By::Anyone, "pass -q to turn off this notice", Means::Remark),
    (By::Anyone, "turn off this notice", Means::Remark),
    (By::Anyone, "…, ignoring file", Means::Remark),
];

/// The rest of a line that sudo begins with its name.
fn of_sudo(line: &str) -> Option<&str> {
    ["sudo: ", "sudo-rs: "].iter().find_map(|name| line.strip_prefix(name))
}

/// The end of what was said, and the beginning of a line of it: a node may say much, and nobody that is known says more
/// than this before it comes to the point.
const SAID: usize = 64 * 1024;
const LINE: usize = 1024;

fn end_of(stderr: &str) -> &str {
    let mut start = stderr.len().saturating_sub(SAID);
    while !stderr.is_char_boundary(start) {
        start += 1;
    }
    stderr.get(start..).unwrap_or_default()
}

fn beginning_of(line: &str) -> &str {
    let mut end = line.len().min(LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or_default()
}

fn meaning(line: &str) -> Option<Means> {
    let line = beginning_of(line.trim()).to_ascii_lowercase();
    let fits = |by: By, words: &str| {
        let rest = match by {
            By::Sudo => of_sudo(&line),
            By::Doas => line.strip_prefix("doas: "),
            By::Anyone => Some(line.as_str()),
        };
        rest.is_some_and(|rest| match words.strip_prefix('…') {
            Some(words) => rest.contains(words),
            None => rest.starts_with(words),
        })
    };
    TABLE.iter().find(|(by, words, _)| fits(*by, words)).map(|(_, _, means)| *means)
}

/// Whether a line of standard error is known to say nothing about how the command ended.
#[must_use]
pub fn is_remark(line: &str) -> bool {
    line.trim().is_empty() || meaning(line) == Some(Means::Remark)
}

/// Whether a line has the form in which sudo and the others speak beside what a command prints. Whoever wrote the line can
/// have borrowed it. An empty line has none.
#[must_use]
pub fn is_beside(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && (is_remark(line) || of_sudo(line).is_some() || line.starts_with("doas: "))
}

/// Whether journalctl says that the user does not see the whole journal. It shows the rest then, or nothing.
#[must_use]
pub fn hides_journal(stderr: &[u8]) -> bool {
    let stderr = String::from_utf8_lossy(stderr);
    stderr
        .lines()
        .any(|line| line.contains("not seeing messages from") || line.contains("insufficient permissions"))
}

/// What was said without the remarks; all of it, if nothing else was said.
#[must_use]
pub fn reason(stderr: &str) -> String {
    let stderr = end_of(stderr);
    let lines: Vec<&str> = stderr.lines().filter(|line| !is_remark(line)).collect();
    if lines.is_empty() { stderr.trim().to_owned() } else { lines.join("\n") }
}

/// Why sudo did not run a command that was to run by it, and the line in which it says so, without its name. It speaks
/// last when it refuses: whatever else is said after that, somebody ran.
#[must_use]
pub fn refusal(output: &Output) -> Option<(Refusal, String)> {
    if output.exit != Exit::Code(1) {
        return None;
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    for line in end_of(&stderr).lines().rev().filter(|line| !is_remark(line)) {
        match meaning(line) {
            Some(Means::Refused(why)) => {
                let said = of_sudo(line).unwrap_or(line).trim();
                return Some((why, fit(&clean_line(said), 300)));
            }
            Some(Means::Remark) => {}
            None if of_sudo(line).is_some() => {}
            None => return None,
        }
    }
    None
}

/// Whether the last that was said was said by sudo, in words that are not in the table.
pub(crate) fn ends_with_sudo(stderr: &str) -> bool {
    let last = stderr.lines().rev().find(|line| !is_remark(line));
    last.is_some_and(|line| of_sudo(line).is_some())
}

/// Whether this says that a program is not there. A shell ends with 127 then, which is also what a container's own missing
/// program makes podman end with, and sudo's 1 says anything: only the sentence of a shell or of sudo counts.
pub(crate) fn is_missing(program: &str, elevated: bool, output: &Output) -> bool {
    let by_shell = output.exit == Exit::Code(127);
    let by_sudo = elevated && matches!(output.exit, Exit::Code(1 | 126 | 127));
    String::from_utf8_lossy(&output.stderr).lines().map(beginning_of).any(|line| {
        (by_shell && shell::misses(line, program)) || (by_sudo && shell::sudo_misses(line, program))
    })
}

/// Whether this says that a program is there and may not be run.
pub(crate) fn is_forbidden(program: &str, output: &Output) -> bool {
    output.exit == Exit::Code(126)
        && String::from_utf8_lossy(&output.stderr).lines().any(|line| shell::forbids(line, program))
}

/// Whether the program itself says that a file is not there.
#[must_use]
pub fn has_no_file(program: &str, stderr: &[u8]) -> bool {
    String::from_utf8_lossy(stderr).lines().any(|line| {
        line.split_once(": ").is_some_and(|(by, rest)| {
            by.rsplit('/').next() == Some(program) && rest.contains("No such file or directory")
        })
    })
}

#[cfg(test)]
mod tests;
