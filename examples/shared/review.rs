//! A part of a plan, as the person who approves it has to see it.

use nixi::core::Part;

/// Prints where it runs, every command word for word, how files change, what it relies on, and how much it can hurt.
pub(crate) fn show(part: &Part) {
    println!("Plan for {} ({}): {}", part.node, part.address, part.summary);
    if let Some(key) = &part.host_key {
        println!("  host key  {key}");
    }
    for warning in &part.warnings {
        println!("  warning   {warning}");
    }
    for expected in &part.expects {
        println!("  only if   {expected}");
    }
    println!("  risk      {}", part.risk.as_str());
    for (at, step) in part.steps.iter().enumerate() {
        println!("  step {}    {}", at + 1, step.line);
        if let Some(diff) = &step.diff {
            diff.to_string().lines().for_each(|line| println!("            | {line}"));
        }
    }
}
