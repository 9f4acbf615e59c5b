//! What a server sends beside words and calls, and wants back with the calls as it came: signatures, thoughts.

use serde_json::{Map, Value};

/// The most of it that one turn may have beside its calls, in bytes. Beyond that it is left out whole: a part of it is
/// worth nothing.
const MOST: usize = 256 * 1024;

/// Fields that this program knows nothing about.
pub(crate) type Fields = Map<String, Value>;

/// How a text joins another one under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// It comes in pieces.
    Joined,
    /// It comes whole, and may come again.
    Replaced,
}

/// What came beside a turn's words, put together.
#[derive(Debug, Default)]
pub(super) struct Beside {
    fields: Fields,
    bytes: usize,
}

impl Beside {
    pub(super) fn add(&mut self, fields: Fields) {
        self.bytes += size(&fields);
        if self.bytes > MOST {
            self.fields.clear();
        } else {
            join(&mut self.fields, fields, Texts::Joined);
        }
    }

    pub(super) fn take(&mut self) -> Fields {
        std::mem::take(&mut self.fields)
    }
}

/// Adds fields to others: lists grow, objects take in objects.
pub(super) fn join(into: &mut Fields, fields: Fields, texts: Texts) {
    for (name, value) in fields {
        match (into.get_mut(&name), value) {
            (_, Value::Null) => {}
            (Some(Value::String(before)), Value::String(more)) if texts == Texts::Joined => {
                before.push_str(&more);
            }
            (Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
            // Below the top, pieces of texts are not known to come.
            (Some(Value::Object(before)), Value::Object(more)) => join(before, more, Texts::Replaced),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// About how many bytes of a request they take.
pub(super) fn size(fields: &Fields) -> usize {
    if fields.is_empty() { 0 } else { serde_json::to_string(fields).map_or(0, |text| text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        if let Value::Object(fields) = value { fields } else { Fields::new() }
    }

    #[test]
    fn pieces_are_put_together() {
        let mut beside = Beside::default();
        for piece in [
            json!({"reasoning_content": "lo", "reasoning_details": [{"data": "a"}], "x": {"signature": "s"}}),
            json!({"reasoning_content": "ok", "reasoning_details": [{"data": "b"}], "x": {"signature": "s"}}),
            json!({"reasoning_content": null}),
        ] {
            beside.add(fields(piece));
        }
        assert_eq!(
            Value::Object(beside.take()),
            json!({"reasoning_content": "look", "reasoning_details": [{"data": "a"}, {"data": "b"}], "x": {"signature": "s"}})
        );
    }

    #[test]
    fn it_has_an_end() {
        let mut beside = Beside::default();
        for _ in 0..100 {
            beside.add(fields(json!({"reasoning": "x".repeat(MOST / 50)})));
        }
        assert_eq!(beside.take(), Fields::new());
    }
}
