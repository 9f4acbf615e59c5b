//! What may run on a managed node before anybody is asked, since nothing of a running system sees it.
//!
//! **Invariant.** This is the only place where a [`Command<Scratch>`] is made. An entry writes into the folder of a
//! [`Stage`](crate::Stage) or into the Nix store and nowhere else, runs as the login user, and takes operands that were
//! parsed.

use crate::command::{Command, Program, Scratch, ScratchFolder, ScratchPath};

/// What makes the folder of a stage, and all folders in it.
pub(crate) const MAKES_FOLDERS: Program = Program::new("mkdir");

/// Makes the folder of a stage, closed to all others. Fails if anything of that name is there.
pub(crate) fn make(folder: &ScratchFolder) -> Command<Scratch> {
    Command::scratch(MAKES_FOLDERS, ["-m", "0700", "--", folder.as_str()])
}

/// Removes it, and all that is in it; does not follow links.
pub(crate) fn remove(folder: &ScratchFolder) -> Command<Scratch> {
    Command::scratch(Program::new("rm"), ["-rf", "--", folder.as_str()])
}

/// Writes what comes on its standard input.
pub(crate) fn write(path: &ScratchPath) -> Command<Scratch> {
    let to = format!("of={path}");
    Command::scratch(Program::new("dd"), ["bs=64K", "iflag=fullblock", "oflag=nofollow", "status=none", &to])
}

/// Makes a folder on a stage, and those above it that are missing.
pub fn folder(path: &ScratchPath) -> Command<Scratch> {
    Command::scratch(MAKES_FOLDERS, ["-p", "--", path.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is run, to the letter. Changing a line here changes what runs unasked on other people's managed machines.
    #[test]
    fn every_argv() {
        let stage = ScratchFolder::new();
        let path = |name: &str| stage.path(&name.parse().unwrap());
        let all = [make(&stage), write(&path("a b.nix")), folder(&path("hosts/web")), remove(&stage)];
        let shown: Vec<String> =
            all.iter().map(|command| command.to_string().replace(stage.as_str(), "/STAGE")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        mkdir -m 0700 -- /STAGE
        dd 'bs=64K' 'iflag=fullblock' 'oflag=nofollow' 'status=none' 'of=/STAGE/a b.nix'
        mkdir -p -- /STAGE/hosts/web
        rm -rf -- /STAGE
        ");
    }
}
