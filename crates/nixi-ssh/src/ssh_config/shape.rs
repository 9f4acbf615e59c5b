//! What may stand behind a word. What ssh does not take there is an error for every host, whoever the line is for.

use super::algorithms::{self, Kind};
use super::forward;
use super::jump;
use super::system::{System, number, port};
use super::words::Words;

/// The kinds of values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Anything, or nothing but a comment.
    Words,
    /// Words that are not empty, or nothing but a comment.
    Paths,
    /// One word.
    Text,
    /// One of these words, in letters of either case.
    OneOf(&'static [&'static str]),
    /// `yes` or `no`.
    Flag,
    /// All that is left of the line.
    Command,
    Jump,
    Port,
    /// A whole number.
    Number,
    Time,
    /// Any number of files, or `none`.
    Files,
    /// The same, at least one.
    SomeFiles,
    /// The socket of an agent.
    Agent,
    FlagOrAgent,
    Algorithms(Kind),
    AddKeys,
    Addendum,
    Cnames,
    Domains,
    DynamicForward,
    Escape,
    Keystrokes,
    LocalForward,
    Mask,
    Persist,
    Qos,
    Rekey,
    RemoteForward,
    RemoteOpen,
    SendEnv,
    SetEnv,
    Timeouts,
    TunnelDevice,
}

const FLAGS: [&str; 4] = ["yes", "no", "true", "false"];

/// What is wrong with a value: a fragment that follows on the word.
type Wrong = String;

impl Shape {
    /// Looks at what stands behind a word.
    pub(super) fn check(self, words: &Words<'_>, system: &System<'_>) -> Result<(), Wrong> {
        let given = words.arguments.as_slice();
        match self {
            Self::Words => Ok(()),
            Self::Paths => each(given, |word| if word.is_empty() { Err(EMPTY.to_owned()) } else { Ok(()) }),
            Self::Text => one(given).map(drop),
            Self::OneOf(values) => one_of(one(given)?, values),
            Self::Flag => one_of(one(given)?, &FLAGS),
            // Whatever it is, it is not empty.
            Self::Command => Ok(()),
            Self::Jump => {
                let good = jump::hops(words.rest).is_some();
                good.then_some(())
                    .ok_or_else(|| bad(words.rest, "is no list of jump hosts, [user@]host[:port]"))
            }
            Self::Port => match port(one(given)?) {
                Some(port) if port > 0 => Ok(()),
                Some(_) | None => Err(bad(one(given)?, "is no port: use 1 to 65535")),
            },
            Self::Number => match number(one(given)?, MOST) {
                Some(_) => Ok(()),
                None => Err(bad(one(given)?, "is no whole number")),
            },
            Self::Time => time_or_none(one(given)?),
            Self::Files => list(given, |_| Ok(())),
            Self::SomeFiles => some(given).and(list(given, |_| Ok(()))),
            Self::Agent => agent(one(given)?, system),
            Self::FlagOrAgent => one_of(one(given)?, &FLAGS).or_else(|_| agent(one(given)?, system)),
            Self::Algorithms(kind) => match algorithms::unknown(kind, one(given)?) {
                None => Ok(()),
                Some(name) => Err(bad(name, "is no algorithm that ssh knows")),
            },
            Self::AddKeys => add_keys(given),
            Self::Addendum => match words.rest.contains('\r') {
                true => Err("has a carriage return in it".to_owned()),
                false => Ok(()),
            },
            Self::Cnames => some(given).and(list(given, cname)),
            Self::Domains => some(given).and(list(given, domain)),
            Self::DynamicForward => {
                forward::dynamic(one(given)?, system).then_some(()).ok_or_else(|| bad(&given[0], FORWARD))
            }
            Self::Escape => escape(one(given)?),
            Self::Keystrokes => keystrokes(one(given)?),
            Self::LocalForward => match given {
                [listen, connect] if forward::local(listen, connect, system) => Ok(()),
                [_, _] => Err(bad(&given.join(" "), FORWARD)),
                _ => Err(format!("takes two words, and is given {}", given.len())),
            },
            Self::Mask => {
                let digits = one(given)?.trim_start().trim_start_matches(['+', '-']);
                let end = digits.find(|c: char| !c.is_digit(8)).unwrap_or(digits.len());
                let negative = given[0].trim_start().starts_with('-');
                let mask = u16::from_str_radix(&digits[..end], 8).ok();
                let mask = mask.filter(|mask| *mask <= 0o777 && (!negative || *mask == 0));
                mask.map(drop).ok_or_else(|| bad(&given[0], "is no mask: use octal digits"))
            }
            Self::Persist => {
                let word = one(given)?;
                if FLAGS.contains(&word) { Ok(()) } else { time(word) }
            }
            Self::Qos => match given {
                [first] | [first, _] if !is_qos(first) => Err(bad(first, QOS)),
                [_, second] if !is_qos(second) => Err(bad(second, QOS)),
                [_] | [_, _] => Ok(()),
                _ => Err(format!("takes one word or two, and is given {}", given.len())),
            },
            Self::Rekey => rekey(given),
            Self::RemoteForward => match given {
                [listen] if forward::remote(listen, None, system) => Ok(()),
                [listen, connect] if forward::remote(listen, Some(connect), system) => Ok(()),
                _ => Err(bad(&given.join(" "), FORWARD)),
            },
            Self::RemoteOpen => some(given).and(list(given, remote_open)),
            Self::SendEnv => {
                some(given).and(each(given, |word| match word.is_empty() || word.contains('=') {
                    true => Err(bad(word, "is no name of a variable")),
                    false => Ok(()),
                }))
            }
            Self::SetEnv => some(given).and(each(given, |word| match word.find('=') {
                Some(at) if at > 0 => Ok(()),
                Some(_) | None => Err(bad(word, "is not NAME=VALUE")),
            })),
            Self::Timeouts => some(given).and(list(given, |word| match word.split_once('=') {
                Some((name, value)) if !name.is_empty() => time(value),
                Some(_) | None => Err(bad(word, "is not TYPE=TIME")),
            })),
            Self::TunnelDevice => {
                let word = one(given)?;
                let good =
                    |word: &str| word.eq_ignore_ascii_case("any") || number(word, 0x7fff_fffd).is_some();
                let (local, remote) = word.split_once(':').unwrap_or((word, "any"));
                (good(local) && good(remote)).then_some(()).ok_or_else(|| bad(word, "is no tunnel device"))
            }
        }
    }
}

const EMPTY: &str = "is given an empty value";
const FORWARD: &str = "is no forwarding";
const QOS: &str = "is no quality of service that ssh knows";
/// The largest whole number.
const MOST: u64 = 0x7fff_ffff;

fn bad(word: &str, why: &str) -> Wrong {
    format!("{word:?} {why}")
}

fn one(given: &[String]) -> Result<&str, Wrong> {
    match given {
        [] => Err("is given no value".to_owned()),
        [word] if word.is_empty() => Err(EMPTY.to_owned()),
        [word] => Ok(word),
        [_, second, ..] => Err(format!("takes one value, and {second:?} stands behind it")),
    }
}

fn some(given: &[String]) -> Result<(), Wrong> {
    if given.is_empty() { Err("is given no value".to_owned()) } else { Ok(()) }
}

fn each(given: &[String], check: impl Fn(&str) -> Result<(), Wrong>) -> Result<(), Wrong> {
    given.iter().try_for_each(|word| check(word))
}

/// Words that are not empty; `none` stands alone.
fn list(given: &[String], check: impl Fn(&str) -> Result<(), Wrong>) -> Result<(), Wrong> {
    each(given, |word| match word {
        "" => Err(EMPTY.to_owned()),
        none if none.eq_ignore_ascii_case("none") => match given.len() {
            1 => Ok(()),
            _ => Err(bad(none, "stands alone or not at all")),
        },
        word => check(word),
    })
}

fn one_of(word: &str, values: &[&str]) -> Result<(), Wrong> {
    let known = values.iter().any(|value| value.eq_ignore_ascii_case(word));
    known.then_some(()).ok_or_else(|| {
        // What means the same as `yes` and `no` is taken, and need not be named.
        let named = |value: &&str| !values.contains(&"yes") || (*value != "true" && *value != "false");
        let values: Vec<&str> = values.iter().copied().filter(named).collect();
        let (last, firsts) = values.split_last().map_or(("", &[][..]), |(last, firsts)| (*last, firsts));
        format!("does not take {word:?}; use {} or {last}", firsts.join(", "))
    })
}

fn time_or_none(word: &str) -> Result<(), Wrong> {
    if word == "none" { Ok(()) } else { time(word) }
}

/// `90`, `1m30s`; newer ssh takes parts of a second too.
fn time(word: &str) -> Result<(), Wrong> {
    let wrong = || bad(word, "is no time, such as 30 or 1m30s");
    let mut total: u64 = 0;
    let mut left = word;
    if left.is_empty() {
        return Err(wrong());
    }
    while !left.is_empty() {
        let end = left.find(|c: char| !c.is_ascii_digit()).unwrap_or(left.len());
        let mut amount: u64 = left[..end].parse().map_err(|_| wrong())?;
        left = &left[end..];
        if let Some(fraction) = left.strip_prefix('.') {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            left = &fraction[end..];
            if end == 0 || !(left.is_empty() || left.starts_with(['s', 'S'])) {
                return Err(wrong());
            }
        }
        let mut unit = left.chars();
        amount = amount.saturating_mul(match unit.next().map(|c| c.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return Err(wrong()),
        });
        left = unit.as_str();
        total = total.saturating_add(amount);
    }
    if total <= MOST { Ok(()) } else { Err(wrong()) }
}

/// A path, in which every variable must be set, or `$NAME`.
fn agent(word: &str, system: &System<'_>) -> Result<(), Wrong> {
    system.variables(word).map_err(|missing| bad(&missing, "is a variable that is not set"))?;
    let name = word.strip_prefix('$').filter(|name| !name.starts_with('{'));
    let fits = name
        .is_none_or(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    fits.then_some(()).ok_or_else(|| bad(word, "is no name of a variable: in a path write ${NAME}"))
}

fn add_keys(given: &[String]) -> Result<(), Wrong> {
    let known = |word: &str| FLAGS.contains(&word) || word == "ask" || word == "confirm";
    match given {
        [word] if word.is_empty() => one(given).map(drop),
        [word] => {
            if known(&word.to_ascii_lowercase()) {
                Ok(())
            } else {
                time(word)
            }
        }
        [word, life] if word.eq_ignore_ascii_case("confirm") => time(life),
        _ => one(given).map(drop),
    }
}

fn cname(word: &str) -> Result<(), Wrong> {
    let good = word == "*" || word.split_once(':').is_some_and(|(_, target)| !target.is_empty());
    good.then_some(()).ok_or_else(|| bad(word, "is not SOURCES:TARGETS"))
}

fn domain(word: &str) -> Result<(), Wrong> {
    jump::is_domain(word).then_some(()).ok_or_else(|| bad(word, "is no domain"))
}

fn escape(word: &str) -> Result<(), Wrong> {
    let good = match word.as_bytes() {
        b"none" | [_] => true,
        [b'^', letter] => (64..128).contains(letter),
        _ => false,
    };
    good.then_some(()).ok_or_else(|| bad(word, "is no escape character"))
}

fn keystrokes(word: &str) -> Result<(), Wrong> {
    let interval = word.strip_prefix("interval:").and_then(|word| number(word, 1000));
    let good = FLAGS.contains(&word) || interval.is_some_and(|interval| interval > 0);
    good.then_some(()).ok_or_else(|| format!("does not take {word:?}; use yes, no or interval:MILLISECONDS"))
}

fn is_qos(word: &str) -> bool {
    const NAMES: [&str; 14] = [
        "none",
        "ef",
        "le",
        "va",
        "lowdelay",
        "throughput",
        "reliability",
        "cs0",
        "cs1",
        "cs2",
        "cs3",
        "cs4",
        "cs5",
        "cs6",
    ];
    let word = word.to_ascii_lowercase();
    let assured = |rest: &str| matches!(rest.as_bytes(), [b'1'..=b'4', b'1'..=b'3']);
    NAMES.contains(&word.as_str())
        || word == "cs7"
        || word.strip_prefix("af").is_some_and(assured)
        || number(&word, 255).is_some()
}

fn rekey(given: &[String]) -> Result<(), Wrong> {
    match given {
        [size] | [size, _] if !is_size(size) => Err(bad(size, "is no amount of data, such as 1G")),
        [_] => Ok(()),
        [_, life] => time_or_none(life),
        _ => Err(format!("takes one word or two, and is given {}", given.len())),
    }
}

/// `default`, or a number with a unit, which is either 0 or at least 16 bytes.
fn is_size(word: &str) -> bool {
    if word == "default" {
        return true;
    }
    let plain = word.trim_start().trim_start_matches(['+', '-']);
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
    let (digits, unit) = plain.split_at(end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // ssh stops at the unit, unless more letters follow.
    let mut letters = unit.chars();
    let power = match letters.next().map(|c| c.to_ascii_lowercase()) {
        None | Some('b') => 0,
        Some('k') => 1,
        Some('m') => 2,
        Some('g') => 3,
        Some('t') => 4,
        Some('p') => 5,
        Some('e') => 6,
        Some(_) => return false,
    };
    if letters.next().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    if word.is_empty() || fraction.contains('.') || digits.len() > 18 {
        return false;
    }
    let Ok(whole) = (if whole.is_empty() { Ok(0) } else { whole.parse::<u64>() }) else { return false };
    let bytes = u128::from(whole) << (10 * power);
    let negative = word.trim_start().starts_with('-');
    bytes <= i64::MAX as u128 && (bytes == 0 || (!negative && bytes >= 16))
}

fn remote_open(word: &str) -> Result<(), Wrong> {
    let wrong = || bad(word, "is not HOST:PORT");
    let rest = match word.strip_prefix('[') {
        Some(inner) => inner.split_once(']').ok_or_else(wrong)?.1,
        None => &word[word.find([':', '/']).unwrap_or(word.len())..],
    };
    let good = |word: &str| word == "*" || port(word).is_some_and(|port| port > 0);
    rest.strip_prefix(':').filter(|word| good(word)).map(drop).ok_or_else(wrong)
}
