//! The marks that models write around their thoughts, and where a mark is one.

/// What a mark does to the words behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A thought begins, which ends at any of these.
    Opens(&'static [&'static str]),
    /// A thought ends; if none was opened, all before it was one.
    Closes,
    /// It stands around an answer and says nothing.
    Frames,
}

/// Where OpenAI's open models end what is no answer.
const CHANNEL_ENDS: &[&str] =
    &["<|end|>", "<|call|>", "<|return|>", "<|channel|>final<|message|>", "<|start|>assistant"];

/// No mark begins another one that stands behind it here.
const MARKS: &[(&str, Role)] = &[
    ("<think>", Role::Opens(&["</think>"])),
    ("</think>", Role::Closes),
    ("<thinking>", Role::Opens(&["</thinking>"])),
    ("</thinking>", Role::Closes),
    ("<thought>", Role::Opens(&["</thought>"])),
    ("</thought>", Role::Closes),
    ("<reasoning>", Role::Opens(&["</reasoning>"])),
    ("</reasoning>", Role::Closes),
    ("[THINK]", Role::Opens(&["[/THINK]"])),
    ("[/THINK]", Role::Closes),
    ("<seed:think>", Role::Opens(&["</seed:think>"])),
    ("</seed:think>", Role::Closes),
    ("◁think▷", Role::Opens(&["◁/think▷"])),
    ("◁/think▷", Role::Closes),
    ("<|begin_of_thought|>", Role::Opens(&["<|end_of_thought|>"])),
    ("<|end_of_thought|>", Role::Closes),
    ("<|channel|>analysis", Role::Opens(CHANNEL_ENDS)),
    ("<|channel|>commentary", Role::Opens(CHANNEL_ENDS)),
    ("<|channel>thought", Role::Opens(&["<channel|>"])),
    ("<channel|>", Role::Closes),
    ("<|channel|>final<|message|>", Role::Frames),
    ("<|start|>assistant", Role::Frames),
    ("<|return|>", Role::Frames),
    ("<|end|>", Role::Frames),
];

/// What stands at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A whole mark of so many bytes.
    Mark(usize, Role),
    /// What more text may make a mark of.
    Half,
    /// No mark.
    Words,
}

/// Where a text may hold a mark, at the earliest.
pub(super) fn first(text: &str) -> Option<usize> {
    text.find(['<', '[', '◁'])
}

/// What the text begins with.
pub(super) fn sight(text: &str) -> Sight {
    let whole = MARKS.iter().find(|(mark, _)| text.starts_with(mark));
    match whole {
        Some((mark, role)) => Sight::Mark(mark.len(), *role),
        None if MARKS.iter().any(|(mark, _)| mark.starts_with(text)) => Sight::Half,
        None => Sight::Words,
    }
}

/// The words around a mark: where it stands as one, and where it is a word like any other. Text about a mark has blanks,
/// quotes or stops around it, or is code; a model that thinks writes its words or a line's end there.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// The last character; nothing at the beginning.
    before: Option<char>,
    /// The last two characters that are no blanks; a line's end counts.
    last: [Option<char>; 2],
    /// How many backticks stand one after the other before this place, and whether a line began with them.
    ticks: usize,
    ticks_open_line: bool,
    is_code_line: bool,
    is_code_block: bool,
}

impl Around {
    /// These words come before what comes next.
    pub(super) fn pass(&mut self, words: &str) {
        for c in words.chars() {
            if c == '`' {
                self.ticks_open_line = if self.ticks == 0 { self.is_at_line() } else { self.ticks_open_line };
                self.ticks += 1;
                self.is_code_line = !self.is_code_line;
            } else {
                if self.ticks >= 3 && self.ticks_open_line {
                    self.is_code_block = !self.is_code_block;
                }
                self.ticks = 0;
            }
            if c == '\n' {
                self.is_code_line = false;
            }
            self.before = Some(c);
            if c == '\n' || !c.is_whitespace() {
                self.last = [self.last[1], Some(c)];
            }
        }
    }

    /// Whether code goes on here, in which a mark is a word.
    pub(super) fn is_code(&self) -> bool {
        self.is_code_block || self.is_code_line
    }

    /// Whether what comes next may begin a sentence: at the beginning, on a new line, behind a full stop, but not one
    /// behind the number of a list's item.
    fn is_at_sentence(&self) -> bool {
        match self.last {
            [_, None] => true,
            [Some('0'..='9'), Some('.')] => false,
            [_, Some(last)] => matches!(last, '\n' | '.' | '!' | '?' | '…' | '。' | '！' | '？'),
        }
    }

    fn is_at_line(&self) -> bool {
        self.before.is_none_or(|c| c == '\n')
    }

    /// Whether a blank before this place makes one behind it superfluous.
    pub(super) fn is_after_blank(&self) -> bool {
        self.before.is_none_or(char::is_whitespace)
    }

    /// Whether a mark that is followed by this (nothing at the end of the text) is one here.
    ///
    /// A thought begins the answer, or a line or a sentence of it, or follows on a word without a blank, as models write
    /// it. Behind a blank in the middle of a sentence, as in `Put <think>x</think> there`, it is what the sentence is about.
    pub(super) fn is_mark(&self, role: Role, next: Option<char>) -> bool {
        if self.is_code() || !has_words(next) {
            return false;
        }
        let follows = self.before.is_some_and(|c| !c.is_whitespace() && !"`\"'“‘«([{/,:;".contains(c));
        match role {
            Role::Opens(_) => next.is_some() && (follows || self.is_after_blank() && self.is_at_sentence()),
            Role::Closes | Role::Frames => self.is_at_line() || follows,
        }
    }
}

/// Whether words follow on a mark without a blank, or its line or the text ends.
pub(super) fn has_words(next: Option<char>) -> bool {
    next.is_none_or(|c| c.is_alphanumeric() || matches!(c, '\n' | '\r' | '<' | '[' | '◁' | '*' | '#' | '|'))
}
