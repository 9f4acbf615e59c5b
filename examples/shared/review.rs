//! A plan, as the person who approves it has to see it.

use nixi::core::Review;

/// Prints where it runs, every command word for word, what it relies on, and how much it can hurt.
pub(crate) fn show(review: &Review) {
    println!("Plan for {} ({}): {}", review.node, review.address, review.summary);
    if let Some(key) = &review.host_key {
        println!("  host key  {key}");
    }
    for warning in &review.warnings {
        println!("  warning   {warning}");
    }
    for expected in &review.expects {
        println!("  only if   {expected}");
    }
    println!("  risk      {}", review.risk.as_str());
    for (at, step) in review.steps.iter().enumerate() {
        println!("  step {}    {step}", at + 1);
    }
}
