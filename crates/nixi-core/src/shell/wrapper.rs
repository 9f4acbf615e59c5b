//! Shells that stand before a program, which is named in the words behind, and become it.

use crate::command::EnvName;

/// The words before a program and its arguments that make one of both of its streams, where no login shell does.
pub const TOGETHER: [&str; 4] = ["/bin/sh", "-c", "exec \"$@\" 2>&1", "nixi"];

/// Where a container runtime puts the files, each by its name.
const FILES: &str = "/run/secrets";

/// The words of an entry point that puts the files of these names into variables of the same names, and then becomes the
/// program that is named behind it. The image has to have `/bin/sh` and `cat`.
///
/// It has no variables of its own, since any name may be one of these. A mark behind each value keeps the line ends in it, which
/// a shell would drop from the end.
#[must_use]
pub fn variables_from_files<'v>(names: impl IntoIterator<Item = &'v EnvName>) -> Vec<String> {
    let read = |name: &EnvName| {
        format!("{name}=$(cat {FILES}/{name} && printf .) || exit; {name}=${{{name}%.}}; export {name}; ")
    };
    let script = format!("{}exec \"$@\"", names.into_iter().map(read).collect::<String>());
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script, "nixi".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a shell has to run what is made for shells")]
    fn a_program_finds_its_secrets_in_variables() {
        let folder = tempfile::tempdir().unwrap();
        let values = [
            ("A_PASSWORD", "it's \"$x\" \\ `y` *"),
            ("B", "two\nlines\n\n"),
            ("_n", "named."),
            ("_v", ".\n"),
            ("f", "-n"),
        ];
        for (name, value) in values {
            std::fs::write(folder.path().join(name), value).unwrap();
        }
        let names: Vec<EnvName> = values.map(|(name, _)| name.parse().unwrap()).into();
        let files = folder.path().to_str().unwrap();
        let words: Vec<String> =
            variables_from_files(&names).iter().map(|word| word.replace(FILES, files)).collect();
        let run = |words: &[String]| {
            let print = "printf '%s|%s|%s|%s|%s|%s' \"$A_PASSWORD\" \"$B\" \"$_n\" \"$_v\" \"$f\" \"$1\"";
            let script = ["-c", print, "x", "a b"].map(str::to_owned);
            Command::new(&words[0]).args(&words[1..]).arg("/bin/sh").args(script).output().unwrap()
        };
        let output = run(&words);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "it's \"$x\" \\ `y` *|two\nlines\n\n|named.|.\n|-n|a b"
        );
        std::fs::remove_file(folder.path().join("B")).unwrap();
        assert!(!run(&words).status.success(), "a secret that is missing starts nothing");
    }
}
