//! Contenders that take turns.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::figures::{Sample, median, paired_ratio, quantile, short};
use crate::report::Table;

/// What a contender does in its turn; it gives what was measured.
type Turn<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// One who takes part.
pub(crate) struct Contender<'a> {
    name: String,
    every: usize,
    turn: Turn<'a>,
    values: Vec<Sample>,
    failure: Option<String>,
}

impl<'a> Contender<'a> {
    /// Takes part in every round.
    pub(crate) fn new(name: impl Into<String>, turn: impl FnMut() -> Result<f64> + 'a) -> Self {
        Self { name: name.into(), every: 1, turn: Box::new(turn), values: Vec::new(), failure: None }
    }

    /// Takes part in one round of so many: it is too slow for more, and so far off that more would tell nothing.
    pub(crate) fn every(mut self, rounds: usize) -> Self {
        self.every = rounds.max(1);
        self
    }

    fn all(&self) -> Vec<f64> {
        self.values.iter().map(|(_, value)| *value).collect()
    }
}

/// Contenders, ours first, and what they gave.
pub(crate) struct Contest<'a> {
    contenders: Vec<Contender<'a>>,
    between: Box<dyn FnMut() -> Result<()> + 'a>,
}

impl<'a> Contest<'a> {
    /// A contest of ours.
    pub(crate) fn of(ours: Contender<'a>) -> Self {
        Self { contenders: vec![ours], between: Box::new(|| Ok(())) }
    }

    /// With one more.
    pub(crate) fn with(mut self, contender: Contender<'a>) -> Self {
        self.contenders.push(contender);
        self
    }

    /// With one more, or with a row that tells why it is not there.
    pub(crate) fn with_if(self, name: &str, contender: Result<Contender<'a>>) -> Self {
        let contender = contender.unwrap_or_else(|error| {
            let mut absent = Contender::new(name, || Ok(f64::NAN));
            absent.failure = Some(format!("{error:#}"));
            absent
        });
        self.with(contender)
    }

    /// What is done before each turn, so that it starts as the others do.
    pub(crate) fn between(mut self, between: impl FnMut() -> Result<()> + 'a) -> Self {
        self.between = Box::new(between);
        self
    }

    /// Everybody's turn, round after round; each round begins with another contender. The first rounds do not count.
    ///
    /// A peer that fails is out, and its row says why; if ours fails, the bench does.
    pub(crate) fn run(&mut self, warm_up: usize, rounds: usize) -> Result<()> {
        for round in 0..warm_up + rounds {
            for place in 0..self.contenders.len() {
                let at = (place + round) % self.contenders.len();
                self.turn(at, round, warm_up)?;
            }
        }
        Ok(())
    }

    fn turn(&mut self, at: usize, round: usize, warm_up: usize) -> Result<()> {
        let Some(contender) = self.contenders.get_mut(at) else { return Ok(()) };
        let counted = round.checked_sub(warm_up);
        let due = counted.map_or(contender.every == 1, |round| round.is_multiple_of(contender.every));
        if contender.failure.is_some() || !due {
            return Ok(());
        }
        (self.between)()?;
        let begun = Instant::now();
        match (contender.turn)() {
            Ok(value) => {
                if begun.elapsed().as_secs_f64() > 1.0 {
                    eprintln!("  {}: {}", contender.name, short(value));
                }
                contender.values.extend(counted.map(|round| (round, value)));
                Ok(())
            }
            Err(error) if at == 0 => Err(error).context(contender.name.clone()),
            Err(error) => {
                eprintln!("  {} is out: {error:#}", contender.name);
                contender.failure = Some(format!("{error:#}"));
                Ok(())
            }
        }
    }

    fn find(&self, name: &str) -> Option<&Contender<'a>> {
        self.contenders.iter().find(|contender| contender.name == name)
    }

    /// What one of them gave, round by round.
    pub(crate) fn samples(&self, name: &str) -> &[Sample] {
        self.find(name).map_or(&[], |contender| &contender.values)
    }

    fn ours(&self) -> &[Sample] {
        self.contenders.first().map_or(&[], |ours| &ours.values)
    }

    /// Our own median.
    pub(crate) fn our_median(&self) -> Option<f64> {
        median(&self.ours().iter().map(|(_, value)| *value).collect::<Vec<_>>())
    }

    /// The median of one of them.
    pub(crate) fn median_of(&self, name: &str) -> Option<f64> {
        median(&self.find(name)?.all())
    }

    /// Ours to one of the others, pair by pair.
    pub(crate) fn ratio(&self, name: &str) -> Option<f64> {
        paired_ratio(self.ours(), &self.find(name)?.values)
    }

    /// The name with the lowest median among these.
    pub(crate) fn lowest(&self, names: &[&str]) -> Option<String> {
        let medians = names.iter().filter_map(|name| Some((median(&self.find(name)?.all())?, *name)));
        medians.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.to_owned())
    }

    /// All of it as a table: a row a contender.
    pub(crate) fn table(&self, unit: &str) -> Table {
        let ratio = format!("{} : it", self.contenders.first().map_or("", |ours| &ours.name));
        let head = ["", &format!("median, {unit}"), "p10", "p90", &ratio, "rounds"];
        let mut table = Table::new(&head.map(String::from));
        for contender in &self.contenders {
            if let Some(why) = &contender.failure {
                table.row([contender.name.clone(), format!("not measured: {why}")].into());
                continue;
            }
            let values = contender.all();
            let at = |part| quantile(&values, part).map_or_else(|| "-".to_owned(), short);
            let ratio =
                self.ratio(&contender.name).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
            let count = values.len().to_string();
            table.row([contender.name.clone(), at(0.5), at(0.1), at(0.9), ratio, count].into());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn they_take_turns_and_nobody_is_always_first() {
        let order = RefCell::new(String::new());
        let say = |who| {
            order.borrow_mut().push(who);
            Ok(1.0)
        };
        let mut contest =
            Contest::of(Contender::new("a", || say('a'))).with(Contender::new("b", || say('b')));
        contest.run(1, 2).unwrap();
        assert_eq!(contest.ours().len(), 2, "the warm-up does not count");
        drop(contest);
        assert_eq!(order.into_inner(), "abbaab");
    }

    #[test]
    fn a_peer_that_fails_is_told_and_ours_may_not() {
        let mut contest = Contest::of(Contender::new("ours", || Ok(2.0)))
            .with(Contender::new("slow", || Ok(4.0)).every(2))
            .with(Contender::new("broken", || anyhow::bail!("no")));
        contest.run(0, 3).unwrap();
        assert_eq!(contest.ratio("slow"), Some(0.5));
        assert_eq!(contest.ratio("broken"), None);
        assert_eq!(contest.lowest(&["slow", "broken"]).as_deref(), Some("slow"));
        let table = contest.table("s").to_string();
        assert!(table.contains("| broken | not measured: no |"), "{table}");
        assert!(table.contains("| slow | 4.00 | 4.00 | 4.00 | 0.500 | 2 |"), "{table}");
        assert!(Contest::of(Contender::new("ours", || anyhow::bail!("no"))).run(0, 1).is_err());
    }
}
