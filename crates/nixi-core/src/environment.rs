//! The environment that commands run in: Nixi chooses it, on the controller and on nodes alike.
//!
//! What else is set around Nixi or on a node reaches neither a command nor the sudo that runs one. A `DOCKER_HOST` or a
//! `DBUS_SYSTEM_BUS_ADDRESS` would have it act on another machine, and a `TZ` or a `SYSTEMD_COLORS` would have it say
//! something else than what is read. sudo and PAM then make an environment of their own for root, and keep none of this: what
//! a command must not depend on stands in its words ([`crate::command::ContainerCli`]).
//!
//! The page `docs/ssh.md` has a row for each variable here, which a test holds it to.

/// Variables that a command gets as it finds them, where they are set.
pub const PASSED: [&str; 3] = ["HOME", "LOGNAME", "USER"];

/// Variables that every command gets, whatever stood there.
pub const SET: [(&str, &str); 1] = [("LC_ALL", "C")];

/// Variables that lead a command to another machine. Where an environment cannot be chosen as a whole, these are taken out.
pub(crate) const LEADING_AWAY: [&str; 3] = ["DOCKER_HOST", "CONTAINER_HOST", "CONTAINER_CONNECTION"];

/// The variable that a command is found by, to be stopped.
pub(crate) const MARK: &str = "NIXI_MARK";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_what_passes_and_nothing_else() {
        let page = include_str!("../../../docs/ssh.md");
        let (_, chapter) = page.split_once("\n## The environment of commands\n").unwrap();
        let chapter = chapter.split("\n## ").next().unwrap();
        let rows = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let mut listed: Vec<&str> = rows.collect();
        let mut all = vec!["PATH", MARK];
        all.extend(PASSED);
        all.extend(SET.iter().map(|(name, _)| *name));
        listed.sort_unstable();
        all.sort_unstable();
        assert_eq!(listed, all);
    }
}
