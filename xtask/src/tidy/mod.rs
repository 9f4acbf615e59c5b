//! `cargo xtask tidy`: what the compiler does not check. One file a rule.

mod action_names;
mod binaries;
mod circles;
mod file_length;
mod lab_rows;
mod links;
mod lint_table;
mod machine_paths;
mod markdown;
mod masked;
mod private_keys;
mod prose_width;
mod quiet_core;
mod reasons;
mod registries;
mod shell_strings;
mod star;
mod tree;
mod unfinished;
mod uses;

use anyhow::{Result, bail};

use tree::{Finding, Tree};

struct Rule {
    name: &'static str,
    mend: &'static str,
    check: fn(&Tree) -> Result<Vec<Finding>>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "dependency-star",
        mend: "let the parts meet in the facade (src/wire.rs); ARCHITECTURE.md says who may know whom",
        check: star::check,
    },
    Rule {
        name: "action-name",
        mend: "ask the card: a result and an event bring its Presentation; core makes the calls on the list of nodes",
        check: action_names::check,
    },
    Rule {
        name: "quiet-core",
        mend: "nixi-core prints, spawns and opens nothing: take the value as an argument, or make it a trait",
        check: quiet_core::check,
    },
    Rule {
        name: "shell-strings",
        mend: "build a Command of arguments; what a login shell must see is made in crates/nixi-core/src/shell/",
        check: shell_strings::check,
    },
    Rule {
        name: "circle",
        mend: "have one of them ask by a trait of its own for what it needs of the next, as connect/jump_hosts.rs does",
        check: circles::check,
    },
    Rule { name: "file-length", mend: "split the file by its nouns", check: file_length::check },
    Rule {
        name: "machine-path",
        mend: "write a path that holds everywhere, such as /home/nixi or a temporary folder",
        check: machine_paths::check,
    },
    Rule {
        name: "registry",
        mend: "packages come from crates.io by name; settings of one machine stay on it",
        check: registries::check,
    },
    Rule {
        name: "private-key",
        mend: "make keys at run time, in a temporary folder; treat this one as lost",
        check: private_keys::check,
    },
    Rule { name: "binary-file", mend: "commit the source it is made of", check: binaries::check },
    Rule {
        name: "link",
        mend: "point the link at a file (and a heading) that is there; name a symbol, never a line",
        check: links::check,
    },
    Rule { name: "prose-width", mend: "wrap the paragraph at 100 columns", check: prose_width::check },
    Rule {
        name: "lab-row",
        mend: "give the test a row in docs/lab.md, or the row a test: the page is what the machines are held to",
        check: lab_rows::check,
    },
    Rule {
        name: "reason",
        mend: "say why: reason = \"…\" in the attribute, or a comment on the line before",
        check: reasons::check,
    },
    Rule {
        name: "lint-table",
        mend: "add to the manifest: [lints] workspace = true",
        check: lint_table::check,
    },
    Rule {
        name: "unfinished",
        mend: "finish it, or say in the documents that it is not built",
        check: unfinished::check,
    },
];

/// Applies every rule to the checkout; prints each finding with the way to mend it.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::of_checkout()?;
    let mut count = 0;
    for rule in RULES {
        for finding in (rule.check)(&tree)? {
            eprintln!("{finding}\n    {}: {}", rule.name, rule.mend);
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} finding{}", if count == 1 { "" } else { "s" });
    }
    println!("tidy: {} files keep all {} rules", tree.files().len(), RULES.len());
    Ok(())
}
