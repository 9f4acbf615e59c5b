//! Building the machines' file tree, and telling how it goes.

use std::time::Instant;

use anyhow::{Context as _, Result};
use nixi_lab::{BaseTree, Variant};

use crate::say::tell;
use crate::test::debian;

/// Brings all that tests need.
pub(crate) fn bring() -> Result<()> {
    bring_variant(Variant::Docker)
}

/// Brings the tree, and what building and running machines needs. Says nothing if all is there.
pub(crate) fn bring_variant(variant: Variant) -> Result<()> {
    debian::bring_for_machines()?;
    if BaseTree::cached(variant)?.is_some() {
        return Ok(());
    }
    tell("building the machines' file tree; it takes some minutes once, and is kept in the user's cache");
    let begun = Instant::now();
    let mut step: Option<(String, Instant)> = None;
    let mut begin = |name: &str| {
        finish(step.replace((name.to_owned(), Instant::now())));
        tell(format_args!("  {name} …"));
    };
    let built = BaseTree::bring(variant, &mut begin);
    built.context("the lab has no machines to offer")?;
    finish(step);
    tell(format_args!("built in {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(())
}

fn finish(step: Option<(String, Instant)>) {
    if let Some((name, begun)) = step {
        tell(format_args!("  {name}: {:.0} s", begun.elapsed().as_secs_f64()));
    }
}
