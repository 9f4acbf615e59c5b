//! A plan, as a person sees it before saying yes or no.

use nixi_core::{Origin, Review, Risk};

use super::{Paint, Tone};

/// The whole plan: where, who asked, how risky, every step as it will run.
pub(crate) fn lines(review: &Review, paint: Paint) -> String {
    let risk = match review.risk {
        Risk::Routine => paint.of(Tone::Warn, review.risk.as_str()),
        Risk::Destructive => paint.of(Tone::Bad, review.risk.as_str()),
    };
    let title = format!("Plan for {} ({}): {}", review.node, review.address, review.summary);
    let mut lines = vec![paint.of(Tone::Title, &title)];
    let asked = match review.origin {
        Origin::Person => "you",
        Origin::Model => "a model, out of your words",
    };
    let mut fact = |name: &str, value: &str| lines.push(format!("  {name:<9} {value}"));
    fact("action", &review.action.to_string());
    fact("risk", &risk);
    fact("asked by", asked);
    if let Some(key) = &review.host_key {
        fact("host key", key.as_str());
    }
    lines.push("  steps".to_owned());
    lines.extend(review.steps.iter().enumerate().map(|(at, step)| format!("    {}. {step}", at + 1)));
    if !review.expects.is_empty() {
        lines.push("  runs only while".to_owned());
        lines.extend(review.expects.iter().map(|expected| format!("    - {expected}")));
    }
    lines.extend(
        review.warnings.iter().map(|warning| format!("  {} {warning}", paint.of(Tone::Bad, "warning:"))),
    );
    lines.join("\n")
}

/// What is asked below a plan.
pub(crate) fn question(risk: Risk) -> &'static str {
    match risk {
        Risk::Routine => "Apply this? [y/N]",
        Risk::Destructive => "Apply this? It is destructive; type `yes` to go on:",
    }
}
