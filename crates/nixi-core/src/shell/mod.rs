//! The only place where words become a line for a shell.
//!
//! sshd hands one string to the login shell of the user (RFC 4254, section 6.5; sshd(8), "LOGIN PROCESS"), so a list
//! of words has to be quoted to arrive as the same list: [`word`] and [`line()`]. What else such a line holds is of our own
//! making: where programs are found and what they get of the environment, how a command is stopped, how its end is
//! witnessed, how several are told apart, and what a unit writes down of itself.

mod frames;
mod guard;
mod login;
mod quote;
mod record;
mod stop;
#[cfg(test)]
mod tests;
mod witness;
mod wrapper;

pub use frames::Frames;
pub(crate) use guard::{GUARD, guard_words};
pub use login::{SYSTEM_PROFILE, Streams, WRAPPERS};
pub(crate) use login::{bare_line, gathered_line, remote_line};
pub use quote::{Unquotable, line, word};
pub(crate) use record::{begin_record, end_record};
pub use stop::{Mark, stop_elevated};
pub use witness::Witness;
pub use wrapper::{TOGETHER, variables_from_files};
