//! Who else declares what a request is about: found by evaluation, and in the files by reading.

use nixi_core::catalog::{file, nixos};
use nixi_core::command::FilePath;
use nixi_core::{InspectCx, ModuleEdit, ToolError};

use super::option::{FILES, Told, settings};
use super::source::Whereabouts;
use crate::nix::{MOST, OptionPath, lines_of};
use crate::reading::whole_of;

/// Where an element of a list stands in files that are not Nixi's, as `htop is in /etc/nixos/configuration.nix:31`; nothing of
/// those of which that cannot be told.
pub(crate) async fn elements<'a>(
    cx: &InspectCx<'_>,
    edits: impl IntoIterator<Item = &'a ModuleEdit>,
) -> Result<Vec<String>, ToolError> {
    let wanted: Vec<(OptionPath, &str)> = edits
        .into_iter()
        .filter_map(|edit| match edit {
            ModuleEdit::Add { option, element } | ModuleEdit::Remove { option, element } => {
                Some((option.parse().ok()?, element.strip_prefix("pkgs.").unwrap_or(element)))
            }
            ModuleEdit::Set { .. } | ModuleEdit::Unset { .. } | ModuleEdit::Rebuild | ModuleEdit::Upgrade => {
                None
            }
        })
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let whereabouts = Whereabouts::of(cx).await?;
    let mut found = Vec::new();
    for (option, element) in wanted {
        let told: Told = whereabouts.ask(cx, nixos::option, option.parts()).await?;
        let Told::Option { definitions, .. } = told else { continue };
        let places = settings(cx, &whereabouts, &option, Some(element), definitions).await?;
        let place = places.iter().find_map(|setting| Some(format!("{}:{}", setting.file, setting.line?)));
        found.extend(place.map(|place| format!("{element} is in {place}")));
    }
    Ok(found)
}

/// The same error; where it is that somebody else sets an option otherwise, with the place.
pub(super) async fn with_places(cx: &InspectCx<'_>, edits: &[ModuleEdit], error: ToolError) -> ToolError {
    let report = error.report();
    if !report.message.contains("conflicting definition values") {
        return error;
    }
    match set_at(cx, edits, &report.message).await {
        Ok(places) if !places.is_empty() => {
            let places = places.join(", ");
            ToolError::Reported(report.hint(format!(
                "Nixi does not change what stands there: {places}; change it there, or take it out"
            )))
        }
        Ok(_) | Err(_) => error,
    }
}

/// Where what a request sets is set in the files that Nix names, which are not Nixi's.
async fn set_at(cx: &InspectCx<'_>, edits: &[ModuleEdit], said: &str) -> Result<Vec<String>, ToolError> {
    let options = edits.iter().filter_map(|edit| match edit {
        ModuleEdit::Set { option, .. } => option.parse::<OptionPath>().ok(),
        ModuleEdit::Add { .. }
        | ModuleEdit::Remove { .. }
        | ModuleEdit::Unset { .. }
        | ModuleEdit::Rebuild
        | ModuleEdit::Upgrade => None,
    });
    let options: Vec<OptionPath> = options.collect();
    let whereabouts = Whereabouts::of(cx).await?;
    let files = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once("In `")?;
        let (file, _) = rest.split_once('\'')?;
        whereabouts.file_of(file).filter(|path| !path.as_str().ends_with("/nixi.nix"))
    });
    let files: Vec<FilePath> = files.take(FILES).collect();
    let answers = cx.gather_each(files.iter().map(|path| file::beginning(path, MOST + 1))).await;
    let mut places = Vec::new();
    for (path, answer) in files.iter().zip(answers) {
        let text = String::from_utf8_lossy(&whole_of(answer)?.stdout).into_owned();
        let lines = options
            .iter()
            .flat_map(|option| lines_of(&text, option, None).into_iter().map(move |line| (option, line)));
        places.extend(lines.map(|(option, line)| format!("{option} in {path}:{line}")));
    }
    Ok(places)
}
