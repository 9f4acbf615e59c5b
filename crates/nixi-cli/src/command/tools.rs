//! `nixi tools`: every tool and action, with access, risk and parameters.

use nixi_core::registry::{Access, ActionSpec, Param};
use nixi_core::{CallRequest, ErrorReport, Registry, Risk, Scope};
use serde_json::json;

use super::Cx;
use crate::exit::Exit;
use crate::output::{Paint, Tone};

pub(super) fn run(cx: &Cx, name: Option<&str>) -> Result<Exit, ErrorReport> {
    let session = cx.session()?;
    let specs = chosen(session.asker.registry(), name)?;
    let phrases = if name.is_none() { session.asker.phrases() } else { Vec::new() };
    let args = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
    let data = json!({ "actions": specs, "phrases": phrases });
    // In the document the text is plain, whatever the terminal shows.
    let paint = match cx.screen.format {
        crate::output::Format::Json => Paint::Plain,
        crate::output::Format::Text => cx.screen.out(),
    };
    let mut text = listing(&specs, paint);
    if !phrases.is_empty() {
        let title = paint.of(Tone::Title, "phrases that need no model:");
        text = format!("{text}\n\n{title}\n  {}", phrases.join("\n  "));
    }
    Ok(cx.done("tools", args, data, &text))
}

/// All actions, those of one tool, or one.
fn chosen<'a>(registry: &'a Registry, name: Option<&str>) -> Result<Vec<&'a ActionSpec>, ErrorReport> {
    let Some(name) = name else { return Ok(registry.specs().collect()) };
    let of_tool: Vec<&ActionSpec> = registry.specs().filter(|spec| spec.name.tool() == name).collect();
    if of_tool.is_empty() { Ok(vec![registry.spec(name)?]) } else { Ok(of_tool) }
}

fn listing(specs: &[&ActionSpec], paint: Paint) -> String {
    let widest = specs.iter().map(|spec| spec.name.action().len()).max().unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    let mut tool = "";
    for spec in specs {
        if spec.name.tool() != tool {
            tool = spec.name.tool();
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(paint.of(Tone::Title, tool));
        }
        let access = format!("{:<11}", spec.access.words());
        let access = match spec.access {
            Access::Read | Access::Rehearse => access,
            Access::Write(Risk::Routine) => paint.of(Tone::Warn, &access),
            Access::Write(Risk::Destructive) => paint.of(Tone::Bad, &access),
        };
        lines.push(format!("  {:<widest$}  {access}  {}", spec.name.action(), spec.about));
        let usage: Vec<String> = spec.params.iter().map(usage).collect();
        // A long list of choices stands out of its column.
        let widest_usage =
            usage.iter().map(|usage| usage.chars().count()).filter(|long| *long <= 32).max().unwrap_or(0);
        for (param, usage) in spec.params.iter().zip(usage) {
            let needed = if param.required { "needed. " } else { "" };
            let about = format!("{usage:<widest_usage$}  {needed}{}", param.about);
            lines.push(format!("  {:<widest$}    {}", "", about.trim_end()));
        }
        if let [_] = specs {
            lines.push(String::new());
            lines.push(format!("for example: {}", example(spec)));
        }
    }
    lines.join("\n")
}

/// The example of its card, as it is typed.
fn example(spec: &ActionSpec) -> String {
    let args = spec.example.as_object().cloned().unwrap_or_default();
    let call = CallRequest::new(spec.name.to_string()).with_args(args);
    match spec.scope {
        Scope::Node => call.on("web-server").typed(),
        Scope::Controller => call.typed(),
    }
}

fn usage(param: &Param) -> String {
    format!("{}=<{}>", param.name, param.kind.words())
}
