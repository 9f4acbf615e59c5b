//! The shells of this machine, for tests.

/// The code, standard output and standard error of a line.
#[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
pub(super) fn ran(shell: &str, line: &str, path: &str) -> (Option<i32>, Vec<u8>, Vec<u8>) {
    let output = std::process::Command::new(shell).args(["-c", line]).env("PATH", path).output().unwrap();
    (output.status.code(), output.stdout, output.stderr)
}

pub(super) fn shells() -> impl Iterator<Item = &'static str> {
    let known =
        ["/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/mksh", "/usr/bin/ksh", "/bin/ash"];
    known.into_iter().filter(|shell| std::path::Path::new(shell).exists())
}
