//! Secrets on the command line: read from a file or from standard input, and kept in the session.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use nixi_core::registry::{ActionSpec, Args, ParamKind};
use nixi_core::secret::{BadSecret, Secret, SecretArg};
use nixi_core::{Asker, ErrorReport, small_file};
use serde_json::Value;

use crate::usage::usage;

/// Puts a handle in place of `@FILE` and `@-` wherever the action takes a secret.
///
/// # Errors
/// A value that is written out, a file that cannot be read, or standard input asked for twice.
pub(super) fn read(asker: &Asker, spec: &ActionSpec, args: &mut Args) -> Result<(), ErrorReport> {
    let mut input = Some(io::stdin());
    for param in &spec.params {
        let Some(value) = args.get_mut(&param.name) else { continue };
        match (&param.kind, value) {
            (ParamKind::Secret, Value::String(word)) => *word = handle(asker, &param.name, word, &mut input)?,
            (ParamKind::Secrets, Value::Object(named)) => {
                for (name, value) in named {
                    if let Value::String(word) = value {
                        let name = format!("{}={name}", param.name);
                        *word = handle(asker, &name, word, &mut input)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn handle(
    asker: &Asker,
    name: &str,
    word: &str,
    input: &mut Option<io::Stdin>,
) -> Result<String, ErrorReport> {
    if word.parse::<SecretArg>().is_ok() {
        return Ok(word.to_owned());
    }
    let unusable =
        |from: &str, why: BadSecret| usage(format!("{name}: {from} cannot be used as a secret: {why}"));
    let secret = match word.strip_prefix('@') {
        None => {
            return Err(usage(format!(
                "{name}: other users of this machine see a secret that is written out, in `ps`"
            ))
            .hint(format!("give {name}=@FILE, {name}=@- for standard input, or {name}=@ask to type it")));
        }
        Some("") => {
            return Err(usage(format!("{name}: the file is not named")).hint(format!("write {name}=@FILE")));
        }
        Some("-") => {
            let Some(input) = input.take() else {
                return Err(usage(format!("{name}: standard input is read for another secret already")));
            };
            if input.is_terminal() {
                return Err(usage(format!(
                    "{name}: standard input is the terminal, which would show what is typed"
                ))
                .hint(format!("give {name}=@ask")));
            }
            Secret::new(
                all_of(input.lock())
                    .map_err(|error| usage(format!("{name}: failed to read standard input: {error}")))?,
            )
            .map_err(|why| unusable("standard input", why))?
        }
        Some(path) => {
            let most = u64::try_from(Secret::LIMIT).unwrap_or(u64::MAX);
            // One line end is no part of it.
            let file = small_file::read(Path::new(path), most + 2)
                .map_err(|why| usage(format!("{name}: cannot read {path}: {why}")))?;
            Secret::new(file.bytes).map_err(|why| unusable(path, why))?
        }
    };
    Ok(asker.keep_secret(secret).to_string())
}

/// All of it, and one byte more than a secret may have, into one place: a buffer that grows leaves copies behind.
fn all_of(mut input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; Secret::LIMIT + 3];
    let mut length = 0;
    while length < bytes.len() {
        match input.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_input_is_read_up_to_a_bound() {
        assert_eq!(all_of(&b"pw\n"[..]).unwrap(), b"pw\n");
        assert_eq!(all_of(io::repeat(b'x')).unwrap().len(), Secret::LIMIT + 3);
    }
}
