//! The page of figures: one section a bench, each with its own date, so that one can be measured again by itself.

use std::path::Path;

use anyhow::{Context, Result};

use crate::report::Section;

/// Everything above the first section.
const HEAD: &str = "\
# Benchmarks

Nixi beside other programs that run commands on many machines over SSH. `cargo xtask bench` measures
all of it again and writes this page (`cargo xtask bench latency` one part, and with `--write` that
part of the page); it needs `openssh-server`, `openssh-client` and `python3-venv`, as root, and for
`rebuild` what the [lab](lab.md) needs. The Python programs come from PyPI, in fixed versions, into
a virtual environment under `~/.cache/nixi`. A figure depends on the machine; **the ratios are what
counts**: all who are in a table took turns in one run, round by round, on the same sshd or machine,
and the ratio is the median over the rounds of \"Nixi's figure divided by theirs\".

What is measured of Nixi is a whole session of the library (`nixi::open_with`, one typed call, a
report as JSON), in a process that is already there; for `nixi nodes` and `rebuild` it is the
released program. `true` is no command of Nixi's, whose reads are a closed list; it runs `uname -n`,
which costs the node one more program, and the peers are measured with both. sshd and all clients
share the machine's processors, so that much of each figure is sshd's own.

Limits are no peers: they show what is possible without what Nixi does beside it. **russh** is the
least that a Rust client can be, **ssh2** a blocking loop around the library that Nixi uses too;
neither checks host keys.
";

/// Puts the sections in the page, in place of older ones of the same title; others stay.
pub(crate) fn write(path: &Path, sections: &[Section], circumstances: &str) -> Result<()> {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    let text = merged(&old, sections, circumstances);
    std::fs::write(path, text).context("cannot write the page of benchmarks")
}

fn merged(old: &str, sections: &[Section], circumstances: &str) -> String {
    let mut parts: Vec<(String, String)> = old
        .split("\n## ")
        .skip(1)
        .map(|part| {
            let title = part.lines().next().unwrap_or_default().to_owned();
            (title, format!("## {}\n", part.trim_end()))
        })
        .collect();
    for section in sections {
        let text = format!("{}\n{circumstances}\n", section.to_string().trim_end().to_owned() + "\n");
        match parts.iter_mut().find(|(title, _)| title == section.title()) {
            Some((_, part)) => *part = text,
            None => parts.push((section.title().to_owned(), text)),
        }
    }
    let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
    format!("{HEAD}\n{}", parts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, words: &str) -> Section {
        let mut section = Section::new(title);
        section.say(words);
        section
    }

    #[test]
    fn a_section_takes_the_place_of_its_older_self() {
        let both = merged("", &[section("one", "first"), section("two", "second")], "Then.");
        assert_eq!(both, format!("{HEAD}\n## one\n\nfirst\n\nThen.\n\n## two\n\nsecond\n\nThen.\n"));
        let again = merged(&both, &[section("one", "anew")], "Now.");
        assert_eq!(again, format!("{HEAD}\n## one\n\nanew\n\nNow.\n\n## two\n\nsecond\n\nThen.\n"));
    }
}
