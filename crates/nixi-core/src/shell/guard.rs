//! What a node runs to switch to another system, and to go back.

/// For a POSIX shell: switches, waits for the confirmation, and goes back without it.
pub(crate) const GUARD: &str = include_str!("guard.sh");

/// What runs the script at this path, and takes its arguments.
pub(crate) fn guard_words(script: &str) -> [&str; 2] {
    ["/bin/sh", script]
}
