//! What was typed before; kept in memory only, since a line may hold what nobody else should read.

const LIMIT: usize = 500;

/// Lines typed before, and the place in them.
#[derive(Debug, Default)]
pub(crate) struct History {
    lines: Vec<String>,
    /// Which line is shown; none while the person's own draft is.
    at: Option<usize>,
    draft: String,
}

impl History {
    /// Remembers a line, unless it is the same as the last.
    pub(crate) fn remember(&mut self, line: &str) {
        self.at = None;
        if self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == LIMIT {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
    }

    /// This line held a secret: it is remembered like that.
    pub(crate) fn replace(&mut self, line: &str, shown: &str) {
        for kept in self.lines.iter_mut().filter(|kept| *kept == line) {
            shown.clone_into(kept);
        }
        if self.draft == line {
            self.draft.clear();
        }
    }

    /// One line back; `current` is what stands in the input.
    pub(crate) fn older(&mut self, current: &str) -> Option<String> {
        let at = match self.at {
            None => {
                current.clone_into(&mut self.draft);
                self.lines.len().checked_sub(1)?
            }
            Some(at) => at.checked_sub(1)?,
        };
        self.at = Some(at);
        self.lines.get(at).cloned()
    }

    /// One line forward; after the last comes the draft again.
    pub(crate) fn newer(&mut self) -> Option<String> {
        let at = self.at? + 1;
        let line = self.lines.get(at).cloned();
        self.at = line.is_some().then_some(at);
        Some(line.unwrap_or_else(|| std::mem::take(&mut self.draft)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forth_and_back_to_the_draft() {
        let mut history = History::default();
        assert_eq!(history.older("x"), None);
        assert_eq!(history.newer(), None);
        for line in ["one", "two", "two"] {
            history.remember(line);
        }
        assert_eq!(history.older("draft").as_deref(), Some("two"));
        assert_eq!(history.older("two").as_deref(), Some("one"));
        assert_eq!(history.older("one"), None);
        assert_eq!(history.newer().as_deref(), Some("two"));
        assert_eq!(history.newer().as_deref(), Some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn a_secret_is_not_remembered() {
        let mut history = History::default();
        history.remember("password hunter2");
        history.replace("password hunter2", "password secret:1");
        assert_eq!(history.older("").as_deref(), Some("password secret:1"));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut history = History::default();
        (0..LIMIT + 10).for_each(|n| history.remember(&n.to_string()));
        assert_eq!(history.lines.len(), LIMIT);
        assert_eq!(history.older("").as_deref(), Some((LIMIT + 9).to_string().as_str()));
    }
}
