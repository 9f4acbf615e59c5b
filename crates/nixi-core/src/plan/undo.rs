//! How a change is taken back.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::call::CallRequest;

/// How a change is taken back. Every plan says it; there is no default.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// By these calls, in this order. They are planned against what is there then, asked about and applied like any
    /// others.
    Calls(Vec<CallRequest>),
    /// Not at all, for this reason: half a sentence about what is lost.
    Cannot(String),
}

impl Undo {
    /// Why not, in words.
    pub fn cannot(why: impl Into<String>) -> Self {
        Self::Cannot(why.into())
    }
}

/// `{"calls": ["nixi call …"]}`, or `{"cannot": "…"}`.
impl Serialize for Undo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Calls(calls) => {
                let typed: Vec<String> = calls.iter().map(CallRequest::typed).collect();
                map.serialize_entry("calls", &typed)?;
            }
            Self::Cannot(why) => map.serialize_entry("cannot", why)?,
        }
        map.end()
    }
}
