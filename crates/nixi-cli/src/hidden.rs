//! What a person types without seeing it: a secret.

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use nixi_core::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The terminal as it was before it was told to show nothing. It is put back when the line has been read, and when the program
/// ends before that.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal shows nothing of what is typed, until this goes.
pub(crate) struct Hidden(());

impl Hidden {
    /// From here on. Before the person is asked, so that nothing they type is shown.
    pub(crate) fn begin() -> io::Result<Self> {
        let shown = tcgetattr(io::stdin())?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // A newline is still shown: the cursor leaves the line.
        hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        let begun = Self(());
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden)?;
        Ok(begun)
    }

    /// One line. Nothing at the end of the input, after an error, or if the line is empty.
    pub(crate) fn read_line(self, input: &mut impl Read) -> Option<Secret> {
        line(input).and_then(|line| Secret::new(line).ok())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        restore();
    }
}

/// The terminal shows again what is typed. Does nothing if it does already.
pub(crate) fn restore() {
    if let Some(shown) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &shown);
    }
}

/// One whole line without its end, byte by byte, into a place that does not grow; nothing if it is cut off or too long.
fn line(input: &mut impl Read) -> Option<Vec<u8>> {
    let (mut line, mut byte, mut is_short) = (Vec::with_capacity(Secret::LIMIT), [0], true);
    loop {
        match input.read(&mut byte) {
            Ok(1) if byte == *b"\n" => return is_short.then_some(line),
            Ok(1) if line.len() < Secret::LIMIT => line.extend(byte),
            Ok(1) => is_short = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_line_is_one() {
        assert_eq!(line(&mut &b"Hunter 2 \nx"[..]).unwrap(), b"Hunter 2 ");
        assert_eq!(line(&mut &b"cut off"[..]), None);
        assert_eq!(line(&mut io::repeat(b'x').take(100_000).chain(&b"\n"[..])), None);
    }
}
