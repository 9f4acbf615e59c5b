//! How much of what a model asks for is held in memory: so much at a time, so much of one result, so much of all.
//!
//! A person who asks for ten thousand lines gets them. A model may ask for them sixty-four times in one turn, and reads
//! some hundred of them.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::calls::Checked;
use super::protocol::CallResult;
use crate::outputs::Outputs;

/// How many results one turn may have: a call on a node is one.
pub(super) const MOST_RESULTS: usize = 2048;

/// Places for reads that run at the same time; one of so many lines takes so many of them.
const PLACES: u32 = 32;
const FEW_LINES: u64 = 100;
const MANY_LINES: u64 = 1000;

/// The most of one result that is held, in bytes: of its text, and of its data.
const TEXT: usize = 64 * 1024;
const DATA: usize = 256 * 1024;
/// The most of all results of one request. Beyond that, each is held in a few words.
const ALL: usize = 8 * 1024 * 1024;
const FEW_WORDS: usize = 2 * 1024;

/// What one request of a person may still have of a model's results.
#[derive(Debug)]
pub(super) struct ResultBudget {
    places: Semaphore,
    left: Mutex<usize>,
}

impl Default for ResultBudget {
    fn default() -> Self {
        Self { places: Semaphore::new(PLACES as usize), left: Mutex::new(ALL) }
    }
}

impl ResultBudget {
    /// Waits until a read may run. Nothing, if nobody may wait any more.
    pub(super) async fn place(&self, call: &Checked) -> Option<SemaphorePermit<'_>> {
        let lines = call.understood.get("lines").and_then(Value::as_u64);
        let places = match lines {
            None | Some(0..=FEW_LINES) => 1,
            Some(0..=MANY_LINES) => 4,
            Some(_) => PLACES / 2,
        };
        self.places.acquire_many(places).await.ok()
    }

    /// The result as it is held and shown: whole where it is short, else its beginning and its end, with where the rest is.
    pub(super) async fn held(&self, mut result: CallResult, outputs: Option<&dyn Outputs>) -> CallResult {
        let data = result.data.as_ref().map_or(0, weight);
        let Some(room) = self.room(result.text.as_ref().map_or(0, String::len), data) else { return result };
        result.data = None;
        result.text = match result.text.take() {
            Some(text) if text.len() > room => {
                let cut = in_the_middle(&text, room, "");
                let kept = match outputs {
                    Some(outputs) => Some(outputs.keep(text).await),
                    None => None,
                };
                let place = match kept {
                    Some(Ok(place)) => format!("all of it is kept in {place}, for a person to read"),
                    Some(Err(why)) => format!("the rest is not kept: {why}"),
                    None => "the rest is not kept".to_owned(),
                };
                Some(format!("{cut}\n({place})"))
            }
            text => text,
        };
        result
    }

    /// How many bytes of its text a result may keep, which are taken; nothing if it may stay as it is.
    fn room(&self, text: usize, data: usize) -> Option<usize> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if text <= TEXT && data <= DATA && text + data <= *left {
            *left -= text + data;
            return None;
        }
        let room = if *left > TEXT { TEXT } else { FEW_WORDS };
        *left = left.saturating_sub(text.min(room));
        Some(room)
    }
}

/// The beginning and the end of a text, `room` bytes of it in all, by whole lines where that can be; between them, how
/// much is left out and what to do about it.
pub(super) fn in_the_middle(text: &str, room: usize, hint: &str) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let head = &text[..floor(text, room / 2)];
    let head = head.rfind('\n').map_or(head, |at| &head[..at]);
    let tail = &text[ceiling(text, text.len() - room / 2)..];
    let tail = tail.find('\n').map_or(tail, |at| &tail[at + 1..]);
    let left_out = &text[head.len()..text.len() - tail.len()];
    let lines = left_out.lines().filter(|line| !line.is_empty()).count();
    let bytes = left_out.len();
    format!("{head}\n(… {lines} lines, {bytes} bytes, are left out here{hint} …)\n{tail}")
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ceiling(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// About how many bytes of memory a value takes.
fn weight(value: &Value) -> usize {
    let own = size_of::<Value>();
    own + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| 2 * own + name.len() + weight(value)).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;

    use super::*;

    struct Kept(Mutex<Vec<String>>);

    #[async_trait]
    impl Outputs for Kept {
        async fn keep(&self, text: String) -> Result<String, String> {
            let mut kept = self.0.lock().unwrap();
            kept.push(text);
            Ok(format!("file-{}", kept.len()))
        }
    }

    fn result(text: String, data: Value) -> CallResult {
        CallResult {
            text: Some(text),
            data: Some(data),
            ..CallResult::new(crate::CallId::default(), "log.query", "web", Value::Null)
        }
    }

    #[tokio::test]
    async fn a_short_result_is_held_as_it_is() {
        let short = result("a\n".repeat(100), json!({"entries": ["a"]}));
        assert_eq!(ResultBudget::default().held(short.clone(), None).await, short);
    }

    #[tokio::test]
    async fn a_long_result_keeps_its_ends_and_says_where_the_rest_is() {
        let kept = Kept(Mutex::default());
        let text: String = (0..10_000).map(|at| format!("line {at} é{}\n", "x".repeat(90))).collect();
        let held = ResultBudget::default().held(result(text.clone(), Value::Null), Some(&kept)).await;
        let words = held.text.unwrap();
        assert!(words.starts_with("line 0 é") && words.contains("line 9999 é"), "{words}");
        assert!(words.ends_with("\n(all of it is kept in file-1, for a person to read)"), "{words}");
        assert!(words.contains(" lines, ") && words.len() < TEXT + 300, "{}", words.len());
        assert_eq!((kept.0.lock().unwrap().as_slice(), held.data), ([text].as_slice(), None));
        let held = ResultBudget::default().held(result("x".repeat(TEXT + 1), Value::Null), None).await;
        assert!(held.text.unwrap().ends_with("\n(the rest is not kept)"));
    }

    #[tokio::test]
    async fn all_results_of_a_request_have_an_end() {
        let result_budget = ResultBudget::default();
        let text = || (0..10_000).map(|at| format!("line {at}\n")).collect::<String>();
        let mut bytes = 0;
        for _ in 0..MOST_RESULTS {
            let held = result_budget.held(result(text(), json!(text())), None).await;
            bytes += held.text.unwrap().len() + held.data.map_or(0, |data| weight(&data));
        }
        assert!(bytes < ALL + MOST_RESULTS * (FEW_WORDS + 300), "{bytes}");
    }

    /// Another read goes on while a result is written down, however long that takes.
    #[tokio::test]
    async fn a_result_that_is_being_kept_holds_up_no_other() {
        struct Slow;

        #[async_trait]
        impl Outputs for Slow {
            async fn keep(&self, _: String) -> Result<String, String> {
                std::future::pending().await
            }
        }

        let result_budget = ResultBudget::default();
        let long = result_budget.held(result("x".repeat(TEXT + 1), Value::Null), Some(&Slow));
        let short = result_budget.held(result("short".into(), Value::Null), Some(&Slow));
        tokio::select! {
            biased;
            _ = long => unreachable!("it is never kept"),
            held = short => assert_eq!(held.text.as_deref(), Some("short")),
        }
    }

    #[tokio::test]
    async fn large_data_goes_though_its_text_is_short() {
        let held = ResultBudget::default().held(result("short".into(), json!("x".repeat(DATA))), None).await;
        assert_eq!((held.text.as_deref(), held.data), (Some("short"), None));
    }

    #[test]
    fn a_cut_is_made_at_lines_and_characters() {
        let cut = in_the_middle("aaaa\nbbbb\ncccc\ndddd\neeee", 12, ": ask for less");
        assert_eq!(cut, "aaaa\n(… 3 lines, 16 bytes, are left out here: ask for less …)\neeee");
        for room in 0..60 {
            let text = "é".repeat(40);
            assert!(in_the_middle(&text, room, "").contains("left out"), "{room}");
        }
    }
}
