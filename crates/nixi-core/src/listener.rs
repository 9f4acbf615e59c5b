//! Who hears what a command says while it runs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Hear = dyn FnMut(&[u8]) + Send;

/// Hears the standard error of a command piece by piece while the command runs; the output has all of it as well.
///
/// Behind all of it may come a last line of the executor's own, which is not in the output.
///
/// It is called where the bytes are read, so it must neither block nor take long.
#[derive(Clone)]
pub struct Listener(Arc<Mutex<Hear>>);

impl Listener {
    pub(crate) fn new(hear: impl FnMut(&[u8]) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(hear)))
    }

    /// One piece, which may begin and end within a line.
    pub fn hear(&self, piece: &[u8]) {
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))(piece);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
