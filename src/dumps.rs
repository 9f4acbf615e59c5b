//! No copy of this process's memory on a disk: it holds keys.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit for core dumps as it was found.
static FOUND: OnceLock<Rlimit> = OnceLock::new();

/// Turns core dumps of this process off, and with them the right of the same user's other programs to look into its
/// memory. To be called first thing. A program that this one runs begins anew, with the limit as it was found.
pub fn leave_no_dumps() {
    let found = FOUND.get_or_init(|| getrlimit(Resource::Core));
    // Where a kernel refuses one, the other stands.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..*found });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// The limit for the programs that this process runs, if it changed its own.
pub(crate) fn limit_of_others() -> Option<Rlimit> {
    FOUND.get().copied()
}
