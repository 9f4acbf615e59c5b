//! `nixi ask`, and the bare request.

use std::io::{self, Read};

use nixi_core::session::{CallRequest, Interpreters};
use nixi_core::{Asker, ErrorReport, Op};

use super::Cx;
use crate::exit::Exit;
use crate::output::live::{Live, Show};
use crate::usage::usage;

/// A request on standard input is at most this long.
const MOST_BYTES: u64 = 64 * 1024;

pub(super) async fn run(cx: &Cx, words: &[String]) -> Result<Exit, ErrorReport> {
    let words = match words {
        [only] if only == "-" => from_input(&mut io::stdin().lock())?,
        words => words.join(" "),
    };
    let words = words.trim().to_owned();
    if words.is_empty() {
        return Err(usage("the request is empty").hint("nixi \"list containers on db-server\""));
    }
    let session = cx.session()?;
    let words = session.asker.without_secrets(&words);
    match calls(cx, &session.asker, &words)? {
        Some(calls) => {
            let live = cx.listen(&calls);
            Ok(session.perform(Op::Call(calls), &live).await.conclude(&live))
        }
        None => {
            let live = Live::new(&cx.screen, Show::Words);
            let op = Op::Ask { words, interpreters: cx.globals.interpreters() };
            Ok(session.perform(op, &live).await.conclude(&live))
        }
    }
}

/// What the phrasebook makes of the words, on the nodes of `--node`; nothing if that is left to a model.
fn calls(cx: &Cx, asker: &Asker, words: &str) -> Result<Option<Vec<CallRequest>>, ErrorReport> {
    let nodes = &cx.globals.nodes;
    let phrase = asker.read_phrase(words);
    if nodes.is_empty() {
        return Ok(phrase);
    }
    match phrase {
        Some(calls) if calls.iter().all(|call| call.nodes.is_empty()) => {
            let on = |call| CallRequest { nodes: nodes.clone(), ..call };
            Ok(Some(calls.into_iter().map(on).collect()))
        }
        Some(_) => Err(usage("the request names its nodes, and --node names others")
            .hint("say it once: leave out --node, or the nodes in the request")),
        None if cx.globals.interpreters() == Interpreters::PhrasebookThenModel && asker.model().is_some() => {
            Err(usage("--node cannot be added to a request that a model has to understand")
                .hint("say the node in the request: nixi \"… on web-server\""))
        }
        // Nobody will understand it; the session says so, with the nearest phrases.
        None => Ok(None),
    }
}

fn from_input(input: &mut impl Read) -> Result<String, ErrorReport> {
    let mut bytes = Vec::new();
    input
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| usage(format!("failed to read the request from standard input: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(usage("the request on standard input is longer than 64 KiB"));
    }
    String::from_utf8(bytes).map_err(|_| usage("the request on standard input is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_text_of_a_readable_size() {
        assert_eq!(from_input(&mut "list containers\n".as_bytes()).unwrap(), "list containers\n");
        assert!(from_input(&mut io::repeat(b'x')).unwrap_err().message.contains("64 KiB"));
        assert!(from_input(&mut &[b'a', 0xff][..]).unwrap_err().message.contains("UTF-8"));
    }
}
