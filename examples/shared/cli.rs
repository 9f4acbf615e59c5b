//! What every example does with its command line, and how it ends.

use std::process::ExitCode;

use nixi::Setup;
use nixi::core::{ErrorKind, ErrorReport, Outcome};

/// What was typed: words, and options that begin with `--`.
pub(crate) struct Cli {
    pub(crate) words: Vec<String>,
    options: Vec<(String, String)>,
}

/// Runs an example and turns what became of it into an exit code: the codes of `nixi` itself.
///
/// `known` are the options that it takes; one that ends in `=` needs a value. All take `--config FILE` and `--help`.
pub(crate) async fn main(
    usage: &str,
    known: &[&str],
    example: impl AsyncFnOnce(Cli) -> Result<u8, ErrorReport>,
) -> ExitCode {
    if std::env::args().any(|word| word == "--help") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    let ended = match Cli::read(std::env::args().skip(1), known) {
        Ok(cli) => example(cli).await,
        Err(message) => Err(ErrorReport::new(ErrorKind::Usage, message).hint(usage)),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(Outcome::error(error).exit_code())
        }
    }
}

impl Cli {
    fn read(args: impl Iterator<Item = String>, known: &[&str]) -> Result<Self, String> {
        let (mut args, mut cli) = (args, Self { words: Vec::new(), options: Vec::new() });
        while let Some(arg) = args.next() {
            if !arg.starts_with("--") {
                cli.words.push(arg);
                continue;
            }
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (arg, None),
            };
            let needs_value = name == "--config" || known.contains(&format!("{name}=").as_str());
            if !needs_value && !known.contains(&name.as_str()) {
                return Err(format!("there is no option {name}"));
            }
            let value = match value {
                None if needs_value => args.next().ok_or_else(|| format!("{name} needs a value"))?,
                value => value.unwrap_or_default(),
            };
            cli.options.push((name, value));
        }
        Ok(cli)
    }

    /// The value of an option, if it was given; empty where it was given none.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }

    /// The configuration that the example works with: `--config`, or the user's own.
    pub(crate) fn setup(&self) -> Result<Setup, ErrorReport> {
        let config = self.option("--config").map(std::path::PathBuf::from);
        match &config {
            Some(file) if !file.is_file() => {
                let message = format!("there is no file {}", file.display());
                Err(ErrorReport::new(ErrorKind::Config, message))
            }
            _ => Ok(Setup { config, ..Setup::default() }),
        }
    }
}
