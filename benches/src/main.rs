//! Nixi beside its peers, measured. `cargo xtask bench` builds this, brings the peers and starts it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench starts processes and threads; no product code is in here"
)]

mod apart;
mod benches;
mod contest;
mod figures;
mod ground;
mod machine;
mod options;
mod ours;
mod page;
mod peers;
mod report;
mod roles;
mod stage;
mod standing;

use anyhow::{Result, bail};

use benches::ALL;
use options::Options;
use stage::Stage;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((roles::WORD, role)) = words.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        println!("{}", roles::run(role)?);
        return Ok(());
    }
    let options = Options::read(words)?;
    if let Some(name) = options.names.iter().find(|name| ALL.iter().all(|(bench, _)| bench != name)) {
        let all: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        bail!("there is no bench {name}; there are: {}", all.join(", "));
    }
    let circumstances = standing::circumstances(&options.peers);
    let stage = Stage::new(options.clone())?;
    let mut failed = Vec::new();
    for (name, bench) in ALL {
        if !options.names.is_empty() && !options.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("measuring: {name}");
        match bench(&stage) {
            Ok(section) => {
                println!("{section}");
                if let Some(page) = &options.page {
                    page::write(page, &[section], &circumstances)?;
                }
            }
            // The others can be measured all the same.
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(name);
            }
        }
    }
    println!("{circumstances}");
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}
