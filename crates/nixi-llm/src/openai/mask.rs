//! A model's words without the secrets of its endpoint, which a server may have told it.

use std::sync::Arc;

use super::secrets::Secrets;
use super::wire::Piece;
use crate::conversation::Input;

/// Takes the secrets out of words that come in pieces.
#[derive(Debug)]
pub(super) struct Mask {
    secrets: Arc<Secrets>,
    /// What may be the beginning of a secret.
    held: String,
}

impl Mask {
    pub(super) fn new(secrets: Arc<Secrets>) -> Self {
        Self { secrets, held: String::new() }
    }

    /// The piece without them.
    pub(super) fn piece(&mut self, piece: Piece) -> Piece {
        let mut inputs = Vec::with_capacity(piece.inputs.len());
        for input in piece.inputs {
            match input {
                Input::Text(text) => {
                    self.held.push_str(&text);
                    let masked = self.secrets.masked(&self.held);
                    let (words, held) = masked.split_at(masked.len() - self.secrets.begun(&masked));
                    inputs.extend((!words.is_empty()).then(|| Input::Text(words.to_owned())));
                    held.clone_into(&mut self.held);
                }
                other @ (Input::Person(_)
                | Input::Tool(_)
                | Input::Beside(_)
                | Input::Finish(_)
                | Input::StreamEnded
                | Input::StreamFailed { .. }
                | Input::Replies(_)
                | Input::Cancelled) => {
                    inputs.extend(self.rest());
                    inputs.push(other);
                }
            }
        }
        Piece { inputs, ..piece }
    }

    /// What was held back when the stream ends.
    pub(super) fn end(&mut self) -> Option<Piece> {
        self.rest().map(|rest| Piece { inputs: vec![rest], goes_on: true })
    }

    fn rest(&mut self) -> Option<Input> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty()).then_some(Input::Text(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str]) -> String {
        let mut mask = Mask::new(Arc::new(Secrets::new("http://m/v1?token=abcdefgh1", Some("sk-secret-1"))));
        let mut words = String::new();
        let text = |pieces: Piece| {
            pieces
                .inputs
                .into_iter()
                .filter_map(|input| if let Input::Text(text) = input { Some(text) } else { None })
        };
        for piece in pieces {
            let inputs = vec![Input::Text((*piece).to_owned())];
            words.extend(text(mask.piece(Piece { inputs, goes_on: true })));
        }
        words.extend(mask.end().into_iter().flat_map(text));
        words
    }

    #[test]
    fn a_key_is_masked_however_it_is_split() {
        let words = "My key is sk-secret-1, ssk-secret-1 and abcdefgh1; sk-secret-2 is none.";
        let masked = "My key is [key], s[key] and [key]; sk-secret-2 is none.";
        assert_eq!(said(&[words]), masked);
        for at in 0..words.len() {
            let (one, two) = words.split_at(at);
            assert_eq!(said(&[one, two]), masked, "{one:?} {two:?}");
        }
        let each: Vec<String> = words.chars().map(String::from).collect();
        assert_eq!(said(&each.iter().map(String::as_str).collect::<Vec<_>>()), masked);
        assert_eq!(said(&["sk-secre"]), "sk-secre");
    }
}
