//! The quoting, held against real shells: what is sent arrives as the same list of words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail there and then")]

use std::path::Path;
use std::process::Command;

use nixi_core::shell;
use proptest::prelude::*;

/// Every shell of the list that this machine has. `sh` is there on any machine that runs the tests.
fn shells() -> Vec<&'static str> {
    let all = ["/bin/sh", "/bin/dash", "/bin/bash", "/usr/bin/zsh", "/bin/busybox"];
    all.into_iter().filter(|shell| Path::new(shell).exists()).collect()
}

/// What a shell makes of a line: each word that it hands to a program, NUL-separated.
#[expect(clippy::disallowed_methods, reason = "a real shell is what the quoting is held against")]
fn split_by(shell: &str, line: &str) -> Vec<Vec<u8>> {
    let mut command = Command::new(shell);
    if shell.ends_with("busybox") {
        command.arg("sh");
    }
    let script = format!("for w in {line}; do printf '%s\\0' \"$w\"; done");
    let output = command.arg("-c").arg(script).env_clear().env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{shell}: {line}: {}", String::from_utf8_lossy(&output.stderr));
    let mut words: Vec<Vec<u8>> = output.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(words.pop(), Some(Vec::new()), "the output ends in NUL");
    words
}

fn arrives(words: &[String]) {
    let line = shell::line(words.iter().map(String::as_str)).unwrap();
    for shell in shells() {
        let arrived = split_by(shell, &line);
        let sent: Vec<Vec<u8>> = words.iter().map(|word| word.clone().into_bytes()).collect();
        assert_eq!(arrived, sent, "{shell}: {line}");
    }
}

#[test]
fn the_words_that_shells_love() {
    let words = [
        "",
        " ",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "$HOME",
        "`id`",
        "$(id)",
        "!!",
        "~",
        "~root",
        "*",
        "?",
        "[a]",
        "{a,b}",
        "a\nb",
        "\n",
        "\t",
        "#",
        "&",
        ";",
        "|",
        "<",
        ">",
        "(",
        ")",
        "-n",
        "--",
        "=",
        "A=b",
        "%s",
        "\u{1b}[2J",
        "é",
        "日本",
        "a'b'c",
        "\r\n",
        "if",
        "done",
        "in",
    ];
    for word in words {
        arrives(&[word.to_owned()]);
    }
    arrives(&words.map(str::to_owned));
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_words_arrive_as_they_were_sent(
        words in prop::collection::vec(prop_oneof!["[^\\x00]{0,20}", "['\"\\\\$`!*?~ \n;&|<>(){}\\[\\]#=-]{0,12}"], 1..12)
    ) {
        arrives(&words);
    }
}
