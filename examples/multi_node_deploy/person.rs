//! The person at the terminal, asked once for the whole workflow.

use std::io::{self, IsTerminal, Write};

use nixi::core::{ErrorKind, ErrorReport, Review, Risk};

/// Goes on only after a clear yes. Nobody there, no answer, any other word: all of it is a no.
pub(crate) fn ask(review: &Review) -> Result<(), ErrorReport> {
    let is_destructive = review.risk == Risk::Destructive;
    if !io::stdin().is_terminal() {
        let yes = if is_destructive { "--yes=destructive" } else { "--yes" };
        let message = "the workflow needs a yes, and there is nobody to ask; nothing was changed";
        return Err(ErrorReport::new(ErrorKind::ApprovalRequired, message)
            .hint(format!("with {yes} it runs unasked")));
    }
    let risk = if is_destructive { " It is destructive." } else { "" };
    print!("Apply all of this, in this order?{risk} Type yes to go on: ");
    let mut line = String::new();
    let heard = io::stdout().flush().and_then(|()| io::stdin().read_line(&mut line));
    match heard {
        Ok(_) if review.risk.is_yes(line.trim()) => Ok(()),
        Ok(_) | Err(_) => Err(ErrorReport::new(ErrorKind::Declined, "not approved; nothing was changed")),
    }
}
