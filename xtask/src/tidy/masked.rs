//! Rust text with comments, and with strings, blanked out: enough of a lexer for the rules, no more.

/// Two views of the same text, line for line.
#[derive(Debug)]
pub(crate) struct Masked {
    /// Neither comments nor what strings and characters hold.
    pub(crate) code: String,
    /// No comments; strings as they are written.
    pub(crate) strings: String,
}

impl Masked {
    pub(crate) fn of(text: &str) -> Self {
        let mut lexer =
            Lexer { rest: text.chars().collect(), at: 0, code: String::new(), strings: String::new() };
        lexer.run();
        Self { code: lexer.code, strings: lexer.strings }
    }
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    code: String,
    strings: String,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn is_done(&self) -> bool {
        self.at >= self.rest.len()
    }

    /// Takes one character into the views that show it; the others get a blank. At the end, nothing.
    fn take(&mut self, in_code: bool, in_strings: bool) {
        let Some(&c) = self.rest.get(self.at) else { return };
        let blank = if c == '\n' { '\n' } else { ' ' };
        self.code.push(if in_code { c } else { blank });
        self.strings.push(if in_strings { c } else { blank });
        self.at += 1;
    }

    fn run(&mut self) {
        while !self.is_done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => self.line_comment(),
                ('/', '*') => self.block_comment(),
                ('"', _) => self.quoted(),
                ('r', '"' | '#') if !self.follows_word() && self.raw_hashes().is_some() => self.raw_string(),
                ('\'', '\\') => self.quoted(),
                ('\'', _) if self.peek(2) == '\'' => self.quoted(),
                _ => self.take(true, true),
            }
        }
    }

    fn line_comment(&mut self) {
        while !self.is_done() && self.peek(0) != '\n' {
            self.take(false, false);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while !self.is_done() {
            let step = match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    2
                }
                ('*', '/') => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
            for _ in 0..step {
                self.take(false, false);
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// A string or a character, from one quote to the next.
    fn quoted(&mut self) {
        let quote = self.peek(0);
        self.take(true, true);
        while !self.is_done() && self.peek(0) != quote {
            if self.peek(0) == '\\' {
                self.take(false, true);
            }
            self.take(false, true);
        }
        self.take(true, true);
    }

    /// `br` and `cr` begin a raw string too.
    fn follows_word(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|at| self.rest.get(at)).copied();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match before(1) {
            Some('b' | 'c') => word(before(2)),
            other => word(other),
        }
    }

    fn raw_hashes(&self) -> Option<usize> {
        let hashes = (1..).take_while(|&ahead| self.peek(ahead) == '#').count();
        (self.peek(hashes + 1) == '"').then_some(hashes)
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or_default();
        for _ in 0..hashes + 2 {
            self.take(true, true);
        }
        while !self.is_done() {
            let ends = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            if ends {
                for _ in 0..=hashes {
                    self.take(true, true);
                }
                return;
            }
            self.take(false, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Masked::of(text).code
    }

    #[test]
    fn comments_vanish_and_lines_stay() {
        assert_eq!(code("a // b\nc /* d /* e */\n f */ g"), "a     \nc             \n      g");
        assert_eq!(Masked::of("\"// no\" // yes").strings, "\"// no\"       ");
    }

    #[test]
    fn strings_keep_their_quotes() {
        assert_eq!(code(r#"f("a\"b", 'c', '"', '\'', 'x)"#), r#"f("    ", ' ', ' ', '  ', 'x)"#);
        assert_eq!(code("r#\"a\"b\"# br\"c\" bar\"d\""), "r#\"   \"# br\" \" bar\" \"");
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn text_that_ends_early_is_no_trouble() {
        for text in ["\"", "'\\", "/*", "r#\"", "\"\\", "r#", "'"] {
            assert_eq!(code(text).chars().count(), text.chars().count(), "{text}");
        }
    }
}
