//! Several reads on their way to one node.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::command::{Command, Elevation, Read};
use crate::exec::{ExecError, Executor, Invocation, Output};
use crate::node::{Node, UserName};
use crate::shell::{self, Frames, Mark};

/// Reads of one action on one node, which may go out as one command.
///
/// **Invariant.** There is no way to make one but from catalogued reads: what changes a node is never gathered.
#[derive(Debug)]
pub struct Gathered {
    node: Node,
    cancel: CancellationToken,
    reads: Vec<Invocation>,
}

impl Gathered {
    pub(crate) fn new(
        node: &Node,
        commands: &[Command<Read>],
        deadline: Duration,
        cancel: &CancellationToken,
    ) -> Self {
        let read = |command| Invocation::read(node, command, deadline, cancel.clone());
        Self { node: node.clone(), cancel: cancel.clone(), reads: commands.iter().map(read).collect() }
    }

    /// The node that they are for.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Fires when nobody waits for the answers any more.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// The reads, each by itself.
    #[must_use]
    pub fn each(&self) -> &[Invocation] {
        &self.reads
    }

    /// The same, to be sent one by one.
    #[must_use]
    pub fn into_each(self) -> Vec<Invocation> {
        self.reads
    }

    /// Runs them as commands of their own, each when the one before it has ended. Behind one that did not end in time
    /// nothing is run.
    pub async fn in_turn(self, executor: &(impl Executor + ?Sized)) -> Vec<Result<Output, ExecError>> {
        let (mut ends, mut late) = (Vec::new(), None);
        for read in self.reads {
            let end = match &late {
                Some(late) => Err(ExecError::clone(late)),
                None => executor.exec(read).await,
            };
            if let Err(error @ ExecError::Deadline(_)) = &end {
                late = Some(error.clone());
            }
            ends.push(end);
        }
        ends
    }

    /// Those behind the first so many.
    #[must_use]
    pub fn behind(mut self, first: usize) -> Self {
        self.reads.drain(..first.min(self.reads.len()));
        self
    }

    /// The reads in groups, each of which fits into one line of so many bytes for the login shell of a remote node. One
    /// that does not fit into any, or cannot be sent at all, is a group of its own.
    #[must_use]
    pub fn by_line(self, login: &UserName, longest: usize) -> Vec<Self> {
        let mut groups: Vec<(usize, Self)> = Vec::new();
        for read in self.reads {
            // The marks take as many bytes in every command.
            let line = read.bare_line(login, &Mark::new(0)).map(|line| framed(&[line]).len());
            let length = line.unwrap_or(longest);
            match groups.last_mut() {
                Some((taken, group)) if *taken + length <= longest => {
                    *taken += length;
                    group.reads.push(read);
                }
                Some(_) | None => {
                    let (node, cancel) = (self.node.clone(), self.cancel.clone());
                    groups.push((length, Self { node, cancel, reads: vec![read] }));
                }
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Whose rights they have to be given where this user logs in: those of root, if one of them needs these.
    #[must_use]
    pub fn elevation_for(&self, login: &UserName) -> Elevation {
        let is_roots = |read: &Invocation| read.elevation_for(login) == Elevation::Root;
        if self.reads.iter().any(is_roots) { Elevation::Root } else { Elevation::LoginUser }
    }

    /// One line for the login shell of a remote node, and whether all of it may be sent to a shell that nobody has seen yet
    /// ([`Invocation::is_plain_read`]). By the mark they are found again, if they have to be stopped: all at once.
    ///
    /// # Errors
    /// [`shell::Unquotable`] if an argument holds a NUL byte.
    pub fn remote_line(
        &self,
        login: &UserName,
        mark: &Mark,
        frames: &Frames,
    ) -> Result<String, shell::Unquotable> {
        let lines: Result<Vec<String>, _> =
            self.reads.iter().map(|read| read.bare_line(login, mark)).collect();
        Ok(shell::gathered_line(&lines?, self.elevation_for(login), mark, frames))
    }
}

fn framed(lines: &[String]) -> String {
    shell::gathered_line(lines, Elevation::Root, &Mark::new(0), &Frames::new(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{clock, service, system};
    use crate::command::{Program, UnitName};

    fn reads(commands: &[Command<Read>]) -> Gathered {
        Gathered::new(&Node::controller(), commands, Duration::from_secs(1), &CancellationToken::new())
    }

    #[test]
    fn each_group_fits_into_a_line() {
        let user = "ann".parse().unwrap();
        let units: Vec<UnitName> = (0..40).map(|n| format!("unit-{n}").parse().unwrap()).collect();
        let commands: Vec<_> = units.iter().map(|unit| service::show(std::slice::from_ref(unit))).collect();
        let (mark, frames) = (Mark::new(1), Frames::new(2));
        for longest in [0, 1_000, 2_500, 10_000, 1_000_000] {
            let groups = reads(&commands).by_line(&user, longest);
            let shown = |reads: &[Invocation]| reads.iter().map(ToString::to_string).collect::<Vec<_>>();
            let all: Vec<String> = groups.iter().flat_map(|group| shown(group.each())).collect();
            assert_eq!(all, shown(reads(&commands).each()), "all of them, in their order");
            for group in &groups {
                let line = group.remote_line(&user, &mark, &frames).unwrap();
                assert!(group.each().len() == 1 || line.len() <= longest, "{longest}: {}", line.len());
            }
        }
        assert_eq!(reads(&commands).by_line(&user, 1_000_000).len(), 1);
        assert_eq!(reads(&commands).by_line(&user, 0).len(), 40);
    }

    #[test]
    fn one_that_cannot_be_sent_is_alone() {
        let odd = Command::read(Program::new("cat"), ["a\0b"]);
        let groups = reads(&[clock::date(), odd, clock::uptime()]).by_line(&"ann".parse().unwrap(), 10_000);
        let sizes: Vec<usize> = groups.iter().map(|group| group.each().len()).collect();
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn one_of_roots_makes_all_of_them_roots_to_stop() {
        let mixed = reads(&[clock::date(), crate::catalog::log::access_as_root()]);
        assert_eq!(mixed.elevation_for(&"ann".parse().unwrap()), Elevation::Root);
        assert_eq!(mixed.elevation_for(&"root".parse().unwrap()), Elevation::LoginUser);
        let plain = reads(&[clock::date(), system::load()]);
        assert_eq!(plain.elevation_for(&"ann".parse().unwrap()), Elevation::LoginUser);
    }

    #[test]
    fn only_words_that_every_shell_reads_alike_are_plain() {
        let is_plain = |command: Command<Read>| reads(&[command]).each()[0].is_plain_read();
        for plain in [clock::date(), system::kernel(), system::disks(), service::list(), system::processes()]
        {
            assert!(is_plain(plain.clone()), "{plain}");
        }
        for word in
            ["", "a b", "a;b", "$x", "a&b", "x\ny", "*", "{a,b}", "'", "\"", "`x`", "a|b", "~", "é", "!", "#"]
        {
            assert!(!is_plain(Command::read(Program::new("cat"), ["-v"]).and([word])), "{word}");
        }
    }

    /// Tells when each read begins and ends; a read of `cat` does not end in time.
    #[derive(Default)]
    struct Slow(std::sync::Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl Executor for Slow {
        async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
            self.0.lock().unwrap().push(format!("begin {}", run.program()));
            tokio::task::yield_now().await;
            self.0.lock().unwrap().push(format!("end {}", run.program()));
            let (stdout, stderr) = (Vec::new(), Vec::new());
            match run.program().as_str() {
                "cat" => Err(ExecError::Deadline(run.deadline())),
                _ => Ok(Output { exit: crate::exec::Exit::Code(0), stdout, stderr, truncated: false }),
            }
        }

        async fn reach(
            &self,
            _: &Node,
            _: &CancellationToken,
        ) -> Result<Option<crate::arrival::Arrival>, ExecError> {
            Ok(None)
        }

        async fn reach_anew(
            &self,
            node: &Node,
            cancel: &CancellationToken,
        ) -> Result<Option<crate::arrival::Arrival>, ExecError> {
            self.reach(node, cancel).await
        }
    }

    #[tokio::test]
    async fn each_begins_when_the_one_before_it_has_ended() {
        let slow = Slow::default();
        let ends = slow.gather(reads(&[clock::date(), clock::uptime(), system::kernel()])).await;
        assert!(
            matches!(ends[..], [Ok(_), Err(ExecError::Deadline(_)), Err(ExecError::Deadline(_))]),
            "{ends:?}"
        );
        assert_eq!(*slow.0.lock().unwrap(), ["begin date", "end date", "begin cat", "end cat"]);
    }
}
