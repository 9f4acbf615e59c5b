//! The canary: before the first command, the login shell must give back what it was sent.
//!
//! sshd hands a line to whatever the login shell is. One that reads it otherwise than POSIX says would run something
//! else than what was shown to a person, so such a login is refused.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use nixi_core::{ExecError, Exit, Output, paste, shell};

use crate::route::Route;

/// What is sent, and what must come back.
pub(crate) struct Canary {
    pub(crate) line: String,
    expected: String,
}

impl Canary {
    /// A new one; its number is of this connection alone.
    pub(crate) fn new() -> Self {
        let nonce = RandomState::new().hash_one(());
        let expected =
            format!("nixi {nonce:x} 'q' \"d\" $HOME `x` $(x) \\\\ \\n * ? ~ ! # & ; | < > {{a,b}} é\n\t.");
        // As with every command: variables first, then quoted words.
        let words = shell::line(["printf", "%s", &expected]).unwrap_or_default();
        Self { line: format!("LC_ALL=C.UTF-8 x=${{HOME:+1}}; export LC_ALL; {words}"), expected }
    }

    /// Whether what came back is what was sent; if not, why this login cannot be used.
    pub(crate) fn check(&self, output: &Output, route: &Route) -> Result<(), ExecError> {
        if output.exit == Exit::Code(0) && output.stdout == self.expected.as_bytes() {
            return Ok(());
        }
        let user = &route.user;
        let (why, hint) = match output.stdout.strip_suffix(self.expected.as_bytes()) {
            Some(noise) => (
                format!("its login shell prints text before every command: {}", shown(noise)),
                format!("make the shell's start-up files of {user} silent where no terminal is"),
            ),
            None => (
                format!("its login shell does not do what it is told ({}): {}", output.exit, said(output)),
                format!(
                    "give {user} a POSIX login shell (on NixOS: users.users.{}.shell = pkgs.bash), and no forced \
                     command",
                    paste::attribute(user.as_str())
                ),
            ),
        };
        Err(ExecError::Unfit {
            detail: format!("the login {user}@{} cannot be used: {why}", route.name),
            hint,
        })
    }
}

/// What the other side said instead, the complaint rather than the rest.
fn said(output: &Output) -> String {
    if output.stderr.is_empty() { shown(&output.stdout) } else { shown(&output.stderr) }
}

fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "it says nothing".to_owned();
    }
    format!("\"{}\"", crate::said::said(bytes))
}
