//! Patterns of file names, as `Include` has them: glob(7) without braces.

/// A pattern for one part of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    Any,
    Run,
    /// One of these ranges, or none of them.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Name {
    /// Reads it; nothing if it has a class of letters by name (`[[:digit:]]`), which is not read here. Whether it is a pattern at
    /// all is told by [`Name::literal`].
    pub(super) fn of(text: &str) -> Option<Self> {
        let letters: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(&c) = letters.get(at) {
            at += 1;
            parts.push(match c {
                '\\' if at < letters.len() => {
                    at += 1;
                    Part::Letter(letters[at - 1])
                }
                '*' => Part::Run,
                '?' => Part::Any,
                '[' if class(&letters[at..]).is_some() && text.contains("[:") => return None,
                '[' => match class(&letters[at..]) {
                    Some((class, length)) => {
                        at += length;
                        class
                    }
                    None => Part::Letter('['),
                },
                c => Part::Letter(c),
            });
        }
        Some(Self(parts))
    }

    /// The only name that fits, if it is no pattern.
    pub(super) fn literal(&self) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Letter(c) => Some(*c),
                Part::Any | Part::Run | Part::Class { .. } => None,
            })
            .collect()
    }

    /// Whether a name fits. One that begins with a dot fits only a pattern that does.
    pub(super) fn fits(&self, name: &str) -> bool {
        let hidden = name.starts_with('.') && self.0.first() != Some(&Part::Letter('.'));
        let name: Vec<char> = name.chars().collect();
        !hidden && fits(&self.0, &name)
    }
}

fn fits(parts: &[Part], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match parts.get(p) {
            Some(Part::Run) => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(part) if part.is(name[n]) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    parts[p..].iter().all(|part| *part == Part::Run)
}

impl Part {
    fn is(&self, letter: char) -> bool {
        match self {
            Self::Letter(c) => *c == letter,
            Self::Any => true,
            Self::Run => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter)) != *negated
            }
        }
    }
}

/// What stands behind a `[` up to its `]`, and how long that is; nothing if it is not closed.
fn class(letters: &[char]) -> Option<(Part, usize)> {
    let negated = letters.first() == Some(&'!');
    let mut at = usize::from(negated);
    // The first letter may be a `]` itself.
    letters.get(at + 1..)?.iter().position(|c| *c == ']')?;
    let mut ranges = Vec::new();
    loop {
        let from = letter(letters, &mut at)?;
        if letters.get(at) == Some(&'-') && letters.get(at + 1).is_some_and(|c| *c != ']') {
            at += 1;
            ranges.push((from, letter(letters, &mut at)?));
        } else {
            ranges.push((from, from));
        }
        if letters.get(at)? == &']' {
            return Some((Part::Class { negated, ranges }, at + 1));
        }
    }
}

fn letter(letters: &[char], at: &mut usize) -> Option<char> {
    let c = *letters.get(*at)?;
    *at += 1;
    if c == '\\' && letters.get(*at).is_some() {
        *at += 1;
        return letters.get(*at - 1).copied();
    }
    Some(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_matched_as_glob_does() {
        for (pattern, fits, not) in [
            ("[0-9]*.conf", &["1.conf", "10-x.conf"][..], &["a.conf", ".conf", "1.con"][..]),
            ("[!ab]x", &["cx", "!x"], &["ax", "x"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[a", &["[a"], &["a"]),
            ("[]", &["[]"], &["]"]),
            ("\\*", &["*"], &["a"]),
            ("**", &["a", ""], &[".a"]),
            (".*", &[".a", "."], &["a"]),
            ("{a,b}", &["{a,b}"], &["a"]),
            ("[.]a", &[], &[".a"]),
            ("\\", &["\\"], &[""]),
        ] {
            for name in fits {
                assert!(Name::of(pattern).unwrap().fits(name), "{pattern} {name}");
            }
            for name in not {
                assert!(!Name::of(pattern).unwrap().fits(name), "{pattern} {name}");
            }
        }
        assert_eq!(Name::of("a\\[b").unwrap().literal().as_deref(), Some("a[b"));
        assert_eq!(Name::of("a[b]").unwrap().literal(), None);
        assert_eq!(Name::of("[[:digit:]]*"), None);
    }

    proptest! {
        #[test]
        fn no_pattern_makes_it_fall(pattern in "\\PC{0,16}|[\\[\\]!ab*?\\\\-]{0,16}", name in "[ab\\]-]{0,8}") {
            if let Some(pattern) = Name::of(&pattern) {
                pattern.fits(&name);
            }
        }
    }
}
