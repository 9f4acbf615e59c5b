//! `nixi call`: one typed call.

use nixi_core::registry::{ActionSpec, Args};
use nixi_core::session::CallRequest;
use nixi_core::text::excerpt;
use nixi_core::{ErrorReport, Op, paste};
use serde_json::Value;

use super::{Cx, secrets};
use crate::exit::Exit;
use crate::usage::usage;

pub(super) async fn run(
    cx: &Cx,
    action: &str,
    words: &[String],
    json: Option<&str>,
) -> Result<Exit, ErrorReport> {
    let session = cx.session()?;
    let spec = session.asker.registry().spec(action)?;
    let mut args = args(spec, words, json)?;
    secrets::read(&session.asker, spec, &mut args)?;
    let mut call = CallRequest::new(action).with_args(args);
    match (call.nodes.is_empty(), cx.globals.nodes.is_empty()) {
        (false, false) => return Err(usage("the node is named twice: by --node and in --args")),
        (true, _) => call.nodes.clone_from(&cx.globals.nodes),
        (false, true) => {}
    }
    let calls = vec![call];
    let live = cx.listen(&calls);
    Ok(session.perform(Op::Call(calls), &live).await.conclude(&live))
}

/// The parameters of both ways to write them; one that is written both ways is an error.
fn args(spec: &ActionSpec, words: &[String], json: Option<&str>) -> Result<Args, ErrorReport> {
    if let Some(word) = words.iter().find(|word| word.starts_with("node=")) {
        let word = excerpt(word);
        return Err(usage(format!("{word:?} is not a parameter: every action takes its node by --node"))
            .hint(format!(
                "nixi call {} --node {}",
                spec.name,
                paste::word(word.trim_start_matches("node="))
            )));
    }
    let mut args = spec.parse_words(words)?;
    for (key, value) in json.map(object).transpose()?.unwrap_or_default() {
        if args.insert(key.clone(), value).is_some() {
            let key = excerpt(&key);
            return Err(usage(format!("{key} is given twice: as {key}=… and in --args")));
        }
    }
    Ok(args)
}

fn object(json: &str) -> Result<Args, ErrorReport> {
    let hint = "write --args '{\"names\":[\"nginx\"]}', in single quotes for the shell";
    match serde_json::from_str(json) {
        Ok(Value::Object(args)) => Ok(args),
        Ok(_) => Err(usage("--args takes a JSON object").hint(hint)),
        Err(error) => Err(usage(format!("--args is not JSON: {error}")).hint(hint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn args_are_one_json_object() {
        assert_eq!(object(r#"{"a":1}"#).unwrap()["a"], 1);
        for bad in ["", "[]", "1", "{\"a\":1", "names=a"] {
            assert!(object(bad).unwrap_err().hint.is_some(), "{bad}");
        }
    }
}
