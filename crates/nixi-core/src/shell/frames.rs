//! Several lines as one, and the output of each told apart.

use crate::exec::{Exit, Output};

/// Makes the login shell run several lines in order and mark, on both streams, where the output of each ends.
///
/// The line that a shell was given can be read by every user of its machine, so a mark in it would be no secret: whoever
/// writes into what a later program prints could end that program's frame early. So the node draws the secret itself, by a
/// read that starts no process, and says it before the first line runs. It stays in the shell's memory.
///
/// A frame also says how its line ended, as a [`Witness`](super::Witness) does. So an output that was cut short never
/// passes for a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames(String);

/// The length of what the kernel prints there: a UUID (random(4)).
const SECRET: usize = 36;
const SOURCE: &str = "/proc/sys/kernel/random/uuid";

/// The output of one line and its exit code, on one stream.
type Marked<'a> = (&'a [u8], u32);

impl Frames {
    /// The frames of one command; the number is of it alone, so that its first words are found behind any noise.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// The lines as one. Each runs in a subshell, so that an `exec` or a failure ends nothing else. What the shell itself has to
    /// say, such as that one was killed, is none of their words and goes nowhere.
    #[must_use]
    pub fn line<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> String {
        let Self(mark) = self;
        let mut all = format!(
            "read -r f <{SOURCE} || f=; exec 3>&2 2>/dev/null; \
             printf '%s %s\\n' {mark} \"$f\"; printf '\\n%s %s\\n' {mark} \"$f\" >&3"
        );
        for line in lines {
            all.push_str(&format!(
                "; s=0; ({line}) 2>&3 3>&- || s=$?; printf '\\n%s %d\\n' \"$f\" $s; printf '\\n%s %d\\n' \"$f\" $s >&3"
            ));
        }
        all
    }

    /// What the lines printed that have ended, in their order. Those that are missing at the end have not, or the node
    /// has no secrets to give.
    ///
    /// Standard output begins with the first frame. What the start-up files of the shell say on standard error belongs
    /// to no line.
    #[must_use]
    pub fn split(&self, stdout: &[u8], stderr: &[u8]) -> Vec<Output> {
        let parts = || {
            let stdout = self.opened(stdout).filter(|(before, _, _)| before.is_empty())?;
            let stderr = self.opened(stderr)?;
            (stdout.1 == stderr.1).then(|| Parts::of(stdout.1, stdout.2).zip(Parts::of(stderr.1, stderr.2)))
        };
        let same = |((stdout, code), (stderr, again)): (Marked<'_>, Marked<'_>)| {
            let (stdout, stderr) = (stdout.to_vec(), stderr.to_vec());
            (code == again).then(|| Output { exit: exit(code), stdout, stderr, truncated: false })
        };
        parts().into_iter().flatten().map_while(same).collect()
    }

    /// What the line had printed that was under way when both streams broke off.
    #[must_use]
    pub fn under_way<'a>(&self, stdout: &'a [u8], stderr: &'a [u8]) -> [&'a [u8]; 2] {
        [stdout, stderr].map(|stream| {
            let Some((_, secret, rest)) = self.opened(stream) else { return &[][..] };
            let mut parts = Parts::of(secret, rest);
            parts.by_ref().for_each(drop);
            parts.rest
        })
    }

    /// What was said before the frames, their secret, and the rest.
    fn opened<'a>(&self, stream: &'a [u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
        let begin = format!("{} ", self.0);
        let mut from = 0;
        loop {
            let at = from + find(stream.get(from..)?, begin.as_bytes())?;
            let (before, rest) = (stream.get(..at)?, stream.get(at + begin.len()..)?);
            from = at + begin.len();
            // A shell that traces itself says the same in the middle of a line.
            let secret = rest.get(..SECRET).filter(|secret| secret.iter().all(|byte| is_of_uuid(*byte)));
            if let (true, Some(secret), Some(b'\n')) =
                (before.last().is_none_or(|byte| *byte == b'\n'), secret, rest.get(SECRET))
            {
                return Some((before, secret, rest.get(SECRET + 1..)?));
            }
        }
    }
}

fn is_of_uuid(byte: u8) -> bool {
    byte == b'-' || byte.is_ascii_hexdigit()
}

/// The parts of a stream behind its first words that have ended, one after the other.
struct Parts<'a> {
    end: Vec<u8>,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(secret: &[u8], rest: &'a [u8]) -> Self {
        Self { end: [b"\n", secret, b" "].concat(), rest }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Marked<'a>;

    fn next(&mut self) -> Option<Marked<'a>> {
        let length = find(self.rest, &self.end)?;
        let (part, after) = (self.rest.get(..length)?, self.rest.get(length + self.end.len()..)?);
        let digits = after.iter().position(|byte| *byte == b'\n')?;
        let code = std::str::from_utf8(after.get(..digits)?).ok()?.parse().ok()?;
        self.rest = after.get(digits + 1..)?;
        Some((part, code))
    }
}

fn find(stream: &[u8], words: &[u8]) -> Option<usize> {
    stream.windows(words.len()).position(|window| window == words)
}

/// A shell adds 128 to the number of a signal that ended a command (ksh93: 256), and no program of the catalog ends with
/// such a code by itself.
fn exit(code: u32) -> Exit {
    let signal = match code {
        129..=192 => code - 128,
        257..=320 => code - 256,
        _ => return Exit::Code(i32::try_from(code).unwrap_or(i32::MAX)),
    };
    // Those that have the same number on every kind of processor.
    const NAMES: [(u32, &str); 11] = [
        (1, "HUP"),
        (2, "INT"),
        (3, "QUIT"),
        (4, "ILL"),
        (6, "ABRT"),
        (8, "FPE"),
        (9, "KILL"),
        (11, "SEGV"),
        (13, "PIPE"),
        (14, "ALRM"),
        (15, "TERM"),
    ];
    let named = NAMES.iter().find(|(number, _)| *number == signal);
    Exit::Signal(named.map_or_else(|| signal.to_string(), |(_, name)| (*name).to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shell::tests::{ran, shells};

    const UUID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

    /// What a shell makes of these lines, whatever its start-up files set it to.
    fn asked(shell: &str, lines: &[&str]) -> Vec<(Exit, String, String)> {
        let frames = Frames::new(7);
        let line = format!("echo noise >&2; set -eu; {}", frames.line(lines.iter().copied()));
        let (_, stdout, stderr) = ran(shell, &line, "/usr/bin:/bin");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let split = frames.split(&stdout, &stderr);
        split.into_iter().map(|output| (output.exit, text(output.stdout), text(output.stderr))).collect()
    }

    #[test]
    fn every_shell_tells_the_lines_apart() {
        let here = |exit: Exit, stdout: &str, stderr: &str| (exit, stdout.to_owned(), stderr.to_owned());
        for shell in shells() {
            let told = asked(
                shell,
                &[
                    "echo out; printf '\nerr\n\n' >&2",
                    "exec sh -c 'exit 3'",
                    "exec sh -c 'printf cut; kill -9 $$'",
                    "exec 2>&-; printf '\n\n'; exit 4",
                    "exec >&-; exit 0",
                    "cat",
                    "exec no-such-program 2>/dev/null",
                ],
            );
            let right = [
                here(Exit::Code(0), "out\n", "\nerr\n\n"),
                here(Exit::Code(3), "", ""),
                here(Exit::Signal("KILL".to_owned()), "cut", ""),
                here(Exit::Code(4), "\n\n", ""),
                here(Exit::Code(0), "", ""),
                here(Exit::Code(0), "", ""),
                here(Exit::Code(127), "", ""),
            ];
            assert_eq!(told, right, "{shell}");
        }
    }

    #[test]
    fn what_did_not_end_is_missing_and_hides_nothing_before_it() {
        for shell in shells() {
            let told = asked(shell, &["echo one", "echo two; kill -9 $$", "echo three"]);
            assert_eq!(told, [(Exit::Code(0), "one\n".to_owned(), String::new())], "{shell}");
        }
    }

    /// Whoever reads the line on the node does not know the secret, which is not in it.
    #[test]
    fn the_words_of_the_line_end_no_frame() {
        let forged =
            format!("printf '\\n%s 0\\n%s %s\\n\\n%s 0\\n' {0} {0} {UUID} {UUID}", "0".repeat(31) + "7");
        for shell in shells() {
            let told = asked(shell, &[&forged, "echo two"]);
            let texts: Vec<&str> = told.iter().map(|(_, stdout, _)| stdout.as_str()).collect();
            assert_eq!(texts.len(), 2, "{shell}");
            assert!(texts[0].contains(UUID) && texts[1] == "two\n", "{shell}: {texts:?}");
        }
        assert!(!Frames::new(7).line(["true"]).contains(UUID));
    }

    #[test]
    fn a_node_without_secrets_tells_nothing() {
        let frames = Frames::new(7);
        let without = frames.line(["echo one"]).replace(SOURCE, "/proc/none");
        for shell in shells() {
            let (_, stdout, stderr) = ran(shell, &without, "/usr/bin:/bin");
            assert_eq!(frames.split(&stdout, &stderr), [], "{shell}");
        }
    }

    #[test]
    fn a_shell_that_traces_itself_is_understood() {
        let frames = Frames::new(7);
        let (_, stdout, stderr) =
            ran("/bin/sh", &format!("set -x; {}", frames.line(["echo one", "exit 2"])), "/usr/bin:/bin");
        let told = frames.split(&stdout, &stderr);
        let exits: Vec<&Exit> = told.iter().map(|output| &output.exit).collect();
        assert_eq!(exits, [&Exit::Code(0), &Exit::Code(2)]);
        assert_eq!(told[0].stdout, b"one\n");
    }

    /// As the shell prints them.
    fn framed(mark: &str, secret: &str, parts: &[(Vec<u8>, u32)]) -> Vec<u8> {
        let mut stream = format!("{mark} {secret}\n").into_bytes();
        for (bytes, code) in parts {
            stream.extend_from_slice(bytes);
            stream.extend_from_slice(format!("\n{secret} {code}\n").as_bytes());
        }
        stream
    }

    /// Output that is made to look like frames.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let words = [
            "\n",
            " ",
            "0\n",
            "00000000000000000000000000000007",
            "0f1e2d3c-",
            "\n0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1 0\n",
        ];
        let piece = prop_oneof![
            prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_output_comes_back_as_it_was(
            parts in prop::collection::vec((bytes(), bytes(), 0..129_u32), 1..6),
            noise in bytes(),
            cut in any::<prop::sample::Index>(),
        ) {
            let frames = Frames::new(7);
            let mark = &frames.0;
            let outs: Vec<(Vec<u8>, u32)> = parts.iter().map(|(out, _, code)| (out.clone(), *code)).collect();
            let errs: Vec<(Vec<u8>, u32)> = parts.iter().map(|(_, err, code)| (err.clone(), *code)).collect();
            let (stdout, said) = (framed(mark, UUID, &outs), framed(mark, UUID, &errs));
            let stderr = [noise.as_slice(), b"\n", &said].concat();
            let told = frames.split(&stdout, &stderr);
            prop_assert_eq!(told.len(), parts.len());
            for (output, (out, err, code)) in told.iter().zip(&parts) {
                prop_assert_eq!((&output.stdout, &output.stderr), (out, err));
                prop_assert_eq!(&output.exit, &Exit::Code(i32::try_from(*code).unwrap()));
            }
            // Cut short anywhere, what is told is still a beginning of the same.
            let short = frames.split(&stdout[..cut.index(stdout.len())], &stderr);
            prop_assert!(short.len() < told.len() && told.starts_with(&short));
        }

        #[test]
        fn any_bytes_are_read_without_panic(stdout in bytes(), stderr in bytes()) {
            let begun = |bytes: &[u8]| [format!("{:032x} {UUID}\n", 7).as_bytes(), bytes].concat();
            let _ = Frames::new(7).split(&stdout, &stderr);
            let _ = Frames::new(7).split(&begun(&stdout), &begun(&stderr));
        }
    }

    #[test]
    fn what_is_under_way_is_what_follows_the_last_frame() {
        let frames = Frames::new(7);
        let whole = framed(&frames.0, UUID, &[(b"one".to_vec(), 0), (b"two".to_vec(), 1)]);
        let broken = [whole.as_slice(), b"thr"].concat();
        assert_eq!(frames.under_way(&broken, &whole), [&b"thr"[..], b""]);
        assert_eq!(frames.under_way(b"", b"noise\n"), [b"", b""]);
    }

    #[test]
    fn both_streams_have_to_agree() {
        let frames = Frames::new(7);
        let other = UUID.replace('0', "1");
        let stream = |secret: &str, code| framed(&frames.0, secret, &[(b"x".to_vec(), code)]);
        assert_eq!(frames.split(&stream(UUID, 0), &stream(UUID, 0)).len(), 1);
        assert_eq!(frames.split(&stream(UUID, 0), &stream(UUID, 1)), []);
        assert_eq!(frames.split(&stream(UUID, 0), &stream(&other, 0)), []);
        assert_eq!(frames.split(&[b"motd\n", stream(UUID, 0).as_slice()].concat(), &stream(UUID, 0)), []);
    }

    #[test]
    fn codes_of_signals_are_signals() {
        for (code, right) in [
            (0, Exit::Code(0)),
            (128, Exit::Code(128)),
            (137, Exit::Signal("KILL".into())),
            (265, Exit::Signal("KILL".into())),
            (152, Exit::Signal("24".into())),
            (255, Exit::Code(255)),
            (u32::MAX, Exit::Code(i32::MAX)),
        ] {
            assert_eq!(exit(code), right);
        }
    }
}
