//! Answers of many rows. One odd row hides no other: the rest is shown, and the odd one is named under `left_out`.

use std::collections::BTreeMap;
use std::fmt;

use nixi_core::text::{clean_line, fit};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::reading::json;

/// A part of an answer that is missing from the report, because it could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The row or part, by its name or its number.
    pub what: String,
    /// Why it could not be read.
    pub why: String,
}

impl LeftOut {
    /// What is longer than a person reads is cut.
    pub(crate) fn new(what: &str, why: &str) -> Self {
        Self { what: fit(&clean_line(what.trim()), 60), why: fit(&clean_line(why.trim()), 200) }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", clean_line(&self.what), clean_line(&self.why))
    }
}

/// What is left out, below the text of a report: at most two lines, each beginning with a line break.
pub(crate) fn write_left_out(f: &mut fmt::Formatter<'_>, left_out: &[LeftOut]) -> fmt::Result {
    let (shown, more) = match left_out {
        [first, _, _, ..] => (std::slice::from_ref(first), left_out.len() - 1),
        few => (few, 0),
    };
    for odd in shown {
        write!(f, "\nleft out: {odd}")?;
    }
    if more > 0 { write!(f, "\nleft out: {more} more (--json names them)") } else { Ok(()) }
}

macro_rules! kinds {
    ($($kind:ident $noun:literal,)+) => {
        /// Every kind of row that is read. A test replaces each row of each kind by garbage, so a new kind needs an
        /// example there.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Rows {
            $($kind,)+
        }

        impl Rows {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$kind,)+];

            fn noun(self) -> &'static str {
                match self {
                    $(Self::$kind => $noun,)+
                }
            }
        }
    };
}

kinds! {
    Channels "a channel",
    Containers "a container",
    Details "a container",
    Disks "a file system",
    Files "a file or folder",
    Generations "a generation",
    Interfaces "a network interface",
    Listeners "a socket",
    Packages "a package",
    Pasts "a container",
    Units "a unit",
}

/// The rows that could be read, in their order, and the others by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sifted<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) left_out: Vec<LeftOut>,
}

impl<T> Sifted<T> {
    /// No rows, and none left out.
    pub(crate) fn none() -> Self {
        Self { rows: Vec::new(), left_out: Vec::new() }
    }
}

impl Rows {
    /// Reads lines, the empty ones aside. An odd line is quoted, so this is not for lines that may hold a secret.
    ///
    /// # Errors
    /// If there are lines and none of them can be read.
    pub(crate) fn of_lines<'a, T>(
        self,
        lines: impl IntoIterator<Item = &'a str>,
        read: impl Fn(&'a str) -> Option<T>,
    ) -> Result<Sifted<T>, String> {
        let lines = lines.into_iter().filter(|line| !line.trim().is_empty());
        let read = |line: &&'a str| read(line).ok_or_else(|| format!("it is not {}", self.noun()));
        self.sift(lines, read, |at, line| format!("row {at}: {line}"))
    }

    /// Reads the elements of a JSON array. An odd element is named by the first of these fields that it has as text or
    /// as a list of texts, and nothing else of it is quoted.
    ///
    /// # Errors
    /// If it is not a JSON array, or has elements and none of them can be read.
    pub(crate) fn of_json<T>(
        self,
        text: &str,
        named_by: &[&str],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Sifted<T>, String> {
        self.of_values(json::<Vec<&RawValue>>(text)?.into_iter().map(RawValue::get), named_by, read)
    }

    /// The same for JSON values that were told apart already, such as one on each line.
    ///
    /// # Errors
    /// If there are values and none of them can be read.
    pub(crate) fn of_values<'a, T>(
        self,
        values: impl IntoIterator<Item = &'a str>,
        named_by: &[&str],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Sifted<T>, String> {
        let name = |at, value: &&str| name(value, named_by).unwrap_or_else(|| format!("row {at}"));
        self.sift(values, |value| read(value), name)
    }

    /// The same rows.
    ///
    /// # Errors
    /// If some are left out and none is there.
    pub(crate) fn readable<T>(self, sifted: Sifted<T>) -> Result<Sifted<T>, String> {
        match sifted.left_out.first() {
            Some(first) if sifted.rows.is_empty() => Err(format!("no row of it is {}; {first}", self.noun())),
            Some(_) | None => Ok(sifted),
        }
    }

    /// The same for rows of any other form.
    ///
    /// # Errors
    /// If there are rows and none of them can be read.
    pub(crate) fn sift<R, T>(
        self,
        rows: impl IntoIterator<Item = R>,
        read: impl Fn(&R) -> Result<T, String>,
        name: impl Fn(usize, &R) -> String,
    ) -> Result<Sifted<T>, String> {
        let mut sifted = Sifted::none();
        for (at, row) in rows.into_iter().enumerate() {
            match read(&row) {
                Ok(row) => sifted.rows.push(row),
                Err(why) => sifted.left_out.push(LeftOut::new(&name(at + 1, &row), &why)),
            }
        }
        self.readable(sifted)
    }
}

/// A row's own name, whatever else is odd about it.
fn name(value: &str, named_by: &[&str]) -> Option<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(value).ok()?;
    let text = |field: &&&str| {
        let value = fields.get(**field)?.get();
        let first = || serde_json::from_str::<Vec<String>>(value).ok()?.into_iter().next();
        serde_json::from_str::<String>(value).ok().or_else(first).filter(|name| !name.trim().is_empty())
    };
    named_by.iter().find_map(|field| text(&field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{container, file, network, nixos, package, service, system};
    use nixi_core::config::Runtime;
    use proptest::prelude::*;

    /// Rows as a program prints them, and how they are put together and read.
    struct Example {
        rows: Vec<&'static str>,
        form: Form,
        read: fn(&str) -> Result<Told, String>,
    }

    /// What was read, a text for each row, and how many were left out.
    type Told = (Vec<String>, usize);

    #[derive(Clone, Copy)]
    enum Form {
        /// A line each, below a header.
        Lines(&'static str),
        /// Elements of an array.
        Array,
        /// With a NUL and a newline behind each.
        Records,
    }

    fn told<T: fmt::Debug>(sifted: &Sifted<T>) -> Told {
        (sifted.rows.iter().map(|row| format!("{row:?}")).collect(), sifted.left_out.len())
    }

    fn example(rows: Rows) -> Example {
        match rows {
            Rows::Channels => Example {
                rows: nixos::channel::tests::ROWS.into(),
                form: Form::Lines(""),
                read: |text| nixos::channel::listed(text).map(|found| told(&found)),
            },
            Rows::Containers => Example {
                rows: container::ps::tests::SHIM.into(),
                form: Form::Lines(""),
                read: |text| container::ps::containers(Runtime::Docker, text).map(|found| told(&found)),
            },
            Rows::Details => Example {
                rows: container::details::tests::ROWS.into(),
                form: Form::Array,
                read: |text| container::details::details(text).map(|found| told(&found)),
            },
            Rows::Disks => Example {
                rows: system::disk::tests::ROWS.into(),
                form: Form::Lines("Filesystem 1-blocks Used Available Capacity Mounted on\n"),
                read: |text| system::disk::disks(text).map(|found| told(&found)),
            },
            Rows::Files => Example {
                rows: file::entry_tests::ROWS.into(),
                form: Form::Records,
                read: file::entry_tests::told,
            },
            Rows::Generations => Example {
                rows: nixos::generation::tests::ROWS.into(),
                form: Form::Lines(""),
                read: |text| nixos::generation::generations(text, None, None).map(|found| told(&found)),
            },
            Rows::Packages => Example {
                rows: package::list::tests::ROWS.into(),
                form: Form::Lines(""),
                read: |text| package::list::installed(text).map(|found| told(&found)),
            },
            Rows::Interfaces => Example {
                rows: network::interfaces::tests::ROWS.into(),
                form: Form::Array,
                read: |text| network::interfaces::interfaces(text).map(|found| told(&found)),
            },
            Rows::Listeners => Example {
                rows: network::ports::tests::ROWS.into(),
                form: Form::Lines(""),
                read: |text| network::ports::listeners(text).map(|found| told(&found)),
            },
            Rows::Pasts => Example {
                rows: container::failing::tests::ROWS.into(),
                form: Form::Array,
                read: |text| container::failing::pasts_of(text).map(|found| told(&found)),
            },
            Rows::Units => Example {
                rows: service::unit::tests::rows(),
                form: Form::Array,
                read: |text| service::unit::units(text).map(|found| told(&found)),
            },
        }
    }

    impl Form {
        fn whole(self, rows: &[String]) -> String {
            match self {
                Self::Lines(header) => format!("{header}{}\n", rows.join("\n")),
                Self::Array => format!("[{}]\n", rows.join(",\n")),
                Self::Records => file::entry_tests::printed(rows),
            }
        }

        /// What cannot be a row, and still leaves the others apart.
        fn garbage(self) -> BoxedStrategy<String> {
            let line = prop_oneof!["[^\n\r\u{2028}]{1,60}", "([a-z/0-9%:{}\"-]{1,9} ){1,9}x"];
            match self {
                Self::Lines(_) | Self::Records => {
                    line.prop_filter("a blank line is no row", |line| !line.trim().is_empty()).boxed()
                }
                Self::Array => prop_oneof![
                    line.prop_map(|text| serde_json::Value::from(text).to_string()),
                    "-?[1-9][0-9]{0,30}e?[1-9]{1,4}",
                    Just("null".to_owned()),
                    Just("[]".to_owned()),
                    Just(r#"{"Id":"\ud800","Names":[3],"ifname":1e999,"unit":[[[]]]}"#.to_owned()),
                    (1..400_usize).prop_map(|deep| "[".repeat(deep) + &"]".repeat(deep)),
                ]
                .boxed(),
            }
        }
    }

    proptest! {
        #[test]
        fn one_row_of_garbage_loses_only_itself(
            (rows, place, garbage) in prop::sample::select(Rows::ALL).prop_flat_map(|rows| {
                (Just(rows), any::<prop::sample::Index>(), example(rows).form.garbage())
            }),
        ) {
            let Example { rows: recorded, form, read } = example(rows);
            let mut lines: Vec<String> = recorded.iter().map(|row| (*row).to_owned()).collect();
            let (whole, none) = read(&form.whole(&lines)).unwrap();
            prop_assert!(whole.len() >= 3 && whole.len() == lines.len() && none == 0, "{rows:?}");
            let at = place.index(lines.len());
            lines.remove(at);
            let others = read(&form.whole(&lines)).unwrap().0;
            lines.insert(at, garbage);
            let (left, out) = read(&form.whole(&lines)).unwrap();
            prop_assert!(others.iter().all(|row| left.contains(row)), "{rows:?}: {left:?}");
            prop_assert_eq!(left.len() + out, lines.len());
        }

        #[test]
        fn nothing_but_garbage_is_no_answer(
            (rows, garbage) in prop::sample::select(Rows::ALL)
                .prop_flat_map(|rows| (Just(rows), prop::collection::vec(example(rows).form.garbage(), 1..4))),
        ) {
            let Example { form, read, .. } = example(rows);
            if let Ok((rows, _)) = read(&form.whole(&garbage)) {
                prop_assert!(!rows.is_empty(), "{rows:?}");
            }
        }
    }

    #[test]
    fn an_odd_row_is_named_by_its_name_or_its_number() {
        let read = |text: &str| json::<u8>(text);
        let rows =
            r#"[1, {"Names": ["web"], "secret": 2}, {"Names": "db"}, {"Names": [], "Id": "0f"}, {"Id": 7}]"#;
        let sifted = Rows::Listeners.of_json(rows, &["Names", "Id"], read).unwrap();
        let named: Vec<&str> = sifted.left_out.iter().map(|odd| odd.what.as_str()).collect();
        assert_eq!((sifted.rows, named), (vec![1], vec!["web", "db", "0f", "row 5"]));
        assert!(!format!("{:?}", sifted.left_out).contains("secret"));
    }

    #[test]
    fn what_is_left_out_takes_two_lines_at_most() {
        struct Shown(Vec<LeftOut>);
        impl fmt::Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_left_out(f, &self.0)
            }
        }
        let odd = |number: usize| {
            Shown((0..number).map(|at| LeftOut::new(&format!("row {at}"), "it is odd")).collect())
        };
        assert_eq!(odd(0).to_string(), "");
        assert_eq!(odd(2).to_string(), "\nleft out: row 0: it is odd\nleft out: row 1: it is odd");
        assert_eq!(odd(9).to_string(), "\nleft out: row 0: it is odd\nleft out: 8 more (--json names them)");
        let long = LeftOut::new(&"x\n".repeat(500), &"y\n".repeat(500)).to_string();
        assert!(long.len() < 300 && !long.contains('\n'), "{long}");
    }
}
