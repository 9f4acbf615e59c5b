//! The modules of a machine in a flake of the user's.

use rnix::ast;
use rowan::ast::AstNode;

use super::imports::{Import, add_to_value};
use super::module::{body, bound_in, set_within};
use super::source::{Source, with_room};
use super::{EditError, Expr};

/// The text of a `flake.nix` in which a machine has one more module, by its path from there; nothing if it has it.
///
/// # Errors
/// When the machine's modules are not written out as the argument of a `nixosSystem`.
pub fn add_module(text: &str, machine: &str, path: &str) -> Result<Option<(String, Import)>, EditError> {
    with_room(text, || {
        let source = Source::parse(text)?;
        add_to_value(&source, &modules(&source, machine)?, &Expr::parse(path)?, &[])
    })
}

/// The list of modules of a machine.
fn modules(source: &Source<'_>, machine: &str) -> Result<ast::Expr, EditError> {
    let flake = body(source)?;
    let missing = |what: &str| source.unfit(flake.syntax(), what);
    let value = |set: &ast::AttrSet, name: &[&str]| {
        let name: Vec<String> = name.iter().map(|part| (*part).to_owned()).collect();
        Ok(bound_in(source, set, &name)?.and_then(|binding| binding.value()))
    };
    let outputs = value(&flake, &["outputs"])?.ok_or_else(|| missing("the flake has no outputs"))?;
    let outputs = set_within(&outputs)
        .ok_or_else(|| source.unfit(outputs.syntax(), "the outputs of the flake are computed"))?;
    let system = value(&outputs, &["nixosConfigurations", machine])?
        .ok_or_else(|| missing(&format!("the flake does not write out nixosConfigurations.{machine}")))?;
    let computed = || source.unfit(system.syntax(), format!("the modules of {machine} are computed"));
    let ast::Expr::Apply(call) = unwrapped(&system) else { return Err(computed()) };
    let (function, argument) = call.lambda().zip(call.argument()).ok_or_else(computed)?;
    let is_system = function.syntax().text().to_string().ends_with("nixosSystem");
    let ast::Expr::AttrSet(arguments) = unwrapped(&argument) else { return Err(computed()) };
    if !is_system {
        return Err(computed());
    }
    value(&arguments, &["modules"])?.ok_or_else(computed)
}

fn unwrapped(expr: &ast::Expr) -> ast::Expr {
    let ast::Expr::Paren(paren) = expr else { return expr.clone() };
    paren.expr().map_or_else(|| expr.clone(), |inner| unwrapped(&inner))
}
