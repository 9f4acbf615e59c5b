//! The phrasebook and the tools know each other by names alone: here they are held side by side.

use nixi_core::registry::{Access, ParamKind};
use nixi_core::session::{Phrases, Reading};
use nixi_llm::Phrasebook;

#[test]
fn every_phrase_is_a_call_that_fits() {
    let registry = nixi_tools::registry().unwrap();
    for phrase in Phrasebook::phrases() {
        let Reading::Calls(calls) = Phrasebook::new().read(phrase) else {
            panic!("not understood: {phrase}")
        };
        let meanings = calls
            .iter()
            .flat_map(|call| std::iter::once(&call.action).chain(&call.or).map(move |action| (action, call)));
        for (action, call) in meanings {
            let spec = registry.spec(action).unwrap_or_else(|error| panic!("{phrase}: {error}"));
            for (name, value) in &call.args {
                let param = spec.param(name).unwrap_or_else(|| panic!("{phrase}: {action} has no {name}"));
                let fits = match &param.kind {
                    ParamKind::List => value.is_array(),
                    ParamKind::Number => value.is_u64(),
                    ParamKind::Flag => value.is_boolean(),
                    ParamKind::Text | ParamKind::Secret => value.is_string(),
                    ParamKind::Choice(words) => words.iter().any(|word| *value == word.as_str()),
                    ParamKind::Map | ParamKind::Secrets => value.is_object(),
                };
                assert!(fits, "{phrase}: {name} = {value}");
            }
            for param in spec.params.iter().filter(|param| param.required) {
                assert!(call.args.contains_key(&param.name), "{phrase}: {} is missing", param.name);
            }
            let changes = matches!(spec.access, Access::Write(_));
            let said = phrase.replace(' ', "");
            let begins = verbs(spec.name.action()).iter().any(|verb| said.starts_with(verb));
            assert!(begins || !changes, "{phrase}: {action} is no order by its verb");
            let asked = matches!(Phrasebook::new().read(&format!("{phrase}?")), Reading::Calls(_));
            assert_eq!(asked, !changes, "{phrase}?: a question changes nothing, and may look");
        }
    }
}

/// The words for what an action does, without blanks: `channel_add` is to add.
fn verbs(action: &str) -> Vec<&str> {
    match action {
        "collect_garbage" => vec!["collect", "cleanup"],
        action => vec![action.strip_prefix("channel_").unwrap_or(action)],
    }
}
