//! What the command line says.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// All that may be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Which benches; none means all.
    pub(crate) names: Vec<String>,
    /// How much of everything.
    pub(crate) sizes: Sizes,
    /// The page to write.
    pub(crate) page: Option<PathBuf>,
    /// The `bin` of the virtual environment with the peers.
    pub(crate) peers: PathBuf,
    /// The released `nixi`.
    pub(crate) nixi: PathBuf,
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Rounds of the latency bench, and those before them.
    pub(crate) pairs: usize,
    pub(crate) warm_up: usize,
    /// In how many of those rounds a peer of seconds takes part.
    pub(crate) slow: usize,
    /// Rounds of the benches that take seconds a turn.
    pub(crate) rounds: usize,
    /// Commands of each contender in the throughput bench, and of ours after it, to see whether one is lost.
    pub(crate) commands: usize,
    pub(crate) soak: Option<usize>,
    /// Hosts of the fan-outs.
    pub(crate) cold: usize,
    pub(crate) warm: usize,
    /// Hosts behind a slow link, and rounds over one that is up.
    pub(crate) far: usize,
    pub(crate) far_rounds: usize,
    /// Rounds of rebuilding a whole machine: of nothing changed, and of a package more or less.
    pub(crate) rebuilds: usize,
    pub(crate) changes: usize,
    /// Nodes of the fleet, and how many of them are black holes.
    pub(crate) nodes: usize,
    pub(crate) holes: usize,
    /// Idle sessions.
    pub(crate) idle: usize,
    /// Bytes of output.
    pub(crate) bulk: u64,
}

impl Sizes {
    const FULL: Self = Self {
        pairs: 300,
        warm_up: 20,
        slow: 5,
        rounds: 5,
        commands: 2_000,
        soak: None,
        cold: 300,
        warm: 500,
        far: 20,
        far_rounds: 40,
        rebuilds: 20,
        changes: 5,
        nodes: 200,
        holes: 40,
        idle: 1_000,
        bulk: 1 << 30,
    };

    /// Whether it works at all; no figure of it means anything.
    const SMOKE: Self = Self {
        pairs: 4,
        warm_up: 1,
        slow: 1,
        rounds: 1,
        commands: 64,
        soak: None,
        cold: 6,
        warm: 6,
        far: 3,
        far_rounds: 3,
        rebuilds: 1,
        changes: 1,
        nodes: 6,
        holes: 2,
        idle: 6,
        bulk: 8 << 20,
    };
}

impl Options {
    /// Reads the words after the program's name.
    pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut words = words.into_iter();
        let mut options = Self {
            names: Vec::new(),
            sizes: Sizes::FULL,
            page: None,
            peers: PathBuf::new(),
            nixi: PathBuf::new(),
        };
        let mut soak = None;
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--smoke" => options.sizes = Sizes::SMOKE,
                "--soak" => soak = Some(value()?.parse().context("--soak takes a number of commands")?),
                "--page" => options.page = Some(value()?.into()),
                "--peers" => options.peers = value()?.into(),
                "--nixi" => options.nixi = value()?.into(),
                flag if flag.starts_with('-') => bail!("there is no option {flag}"),
                name => options.names.push(name.to_owned()),
            }
        }
        options.sizes.soak = soak;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options> {
        Options::read(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn names_and_options_stand_in_any_order() {
        let options = read(&["latency", "--soak", "100000", "--smoke", "bulk"]).unwrap();
        assert_eq!(options.names, ["latency", "bulk"]);
        assert_eq!((options.sizes.soak, options.sizes.cold), (Some(100_000), 6));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(read(&["--quick"]).is_err());
        assert!(read(&["--soak"]).is_err());
        assert!(read(&["--soak", "many"]).is_err());
    }
}
