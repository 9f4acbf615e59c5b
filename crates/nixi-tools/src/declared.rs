//! Changes that add elements to lists of options, or take them out.

use nixi_core::{ActionName, CallRequest, ModuleEdit, Plan, PlanCx, Risk, ToolError, Undo};

use crate::nixos::declared_by;
use crate::nixos::ground::{Ground, apply_all};

/// An element as a person calls it, and what declares it.
pub(crate) struct Element {
    pub(crate) word: String,
    pub(crate) edit: ModuleEdit,
}

/// What a change does with elements.
pub(crate) struct Verb {
    /// As in "install nginx".
    pub(crate) word: &'static str,
    /// As in "htop is … already".
    pub(crate) done: &'static str,
    /// What takes it back.
    pub(crate) back: ActionName,
    /// The parameter that takes the elements, there too.
    pub(crate) parameter: &'static str,
    pub(crate) risk: Risk,
}

impl Verb {
    /// Declares those for which there is something to do.
    pub(crate) async fn plan(&self, cx: &PlanCx<'_>, elements: Vec<Element>) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let ground = Ground::of(cx).await?;
        let mut module = ground.module()?;
        apply_all(&mut module, cx.declared().module())?;
        let mut changed = Vec::new();
        for element in &elements {
            if !apply_all(&mut module, [&element.edit])?.is_empty() {
                changed.push(element);
            }
        }
        let words = |elements: &[&Element]| -> Vec<String> {
            elements.iter().map(|element| element.word.clone()).collect()
        };
        if changed.is_empty() {
            let all: Vec<&Element> = elements.iter().collect();
            let nothing = format!(
                "nothing to {} on {node}: {} {} {}",
                self.word,
                and(&words(&all)),
                if all.len() == 1 { "is" } else { "are" },
                self.done
            );
            if !elements.iter().any(|element| matches!(element.edit, ModuleEdit::Remove { .. })) {
                return Ok(Plan::nothing(format!("{nothing} (rebuild to be sure that it runs)")));
            }
            // What is not Nixi's may be there all the same.
            let others = declared_by::elements(cx, elements.iter().map(|element| &element.edit)).await;
            let others: Vec<String> =
                others.unwrap_or_default().into_iter().map(|known| known.place).collect();
            return Ok(Plan::nothing(match others.is_empty() {
                true => nothing,
                false => format!("{nothing}; {}: take it out there", others.join(", ")),
            }));
        }
        ground.check(cx, &module)?;
        let back =
            CallRequest::new(self.back.to_string()).on(node.as_str()).with(self.parameter, words(&changed));
        let summary = format!("{} {} on {node}", self.word, and(&words(&changed)));
        let plan = Plan::new(summary, self.risk, Undo::Calls(vec![back]));
        Ok(changed.into_iter().fold(plan, |plan, element| plan.declare(element.edit.clone())))
    }
}

/// `a, b and c`
fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
