//! Who else declares what a request is about: found by evaluation, and in the files by reading.

use std::collections::BTreeMap;

use nixi_core::catalog::{file, nixos};
use nixi_core::command::FilePath;
use nixi_core::{InspectCx, ModuleEdit, ToolError};

use super::option::{FILES, Told, texts_of};
use super::source::Whereabouts;
use crate::nix::{MOST, OptionPath, lines_of};
use crate::reading::whole_of;

/// An element of a list that stands in a file which is not Nixi's.
pub(crate) struct Known<'a> {
    /// What asks for it, or takes it away.
    pub(crate) edit: &'a ModuleEdit,
    /// As `htop is in /etc/nixos/configuration.nix:31`.
    pub(crate) place: String,
}

/// Those elements of lists that somebody else declares; nothing of those of which the place cannot be told.
pub(crate) async fn elements<'a>(
    cx: &InspectCx<'_>,
    edits: impl IntoIterator<Item = &'a ModuleEdit>,
) -> Result<Vec<Known<'a>>, ToolError> {
    let edits: Vec<&ModuleEdit> = edits.into_iter().collect();
    elements_in(cx, &Whereabouts::of(cx).await?, &edits).await
}

/// The same in a configuration that was found already.
pub(super) async fn elements_in<'a>(
    cx: &InspectCx<'_>,
    whereabouts: &Whereabouts,
    edits: &[&'a ModuleEdit],
) -> Result<Vec<Known<'a>>, ToolError> {
    let mut wanted: BTreeMap<OptionPath, Vec<(&'a ModuleEdit, &'a str)>> = BTreeMap::new();
    for edit in edits {
        if let ModuleEdit::Add { option, element } | ModuleEdit::Remove { option, element } = edit
            && let Ok(option) = option.parse()
        {
            let word = element.strip_prefix("pkgs.").unwrap_or(element);
            wanted.entry(option).or_default().push((edit, word));
        }
    }
    let mut known = Vec::new();
    for (option, elements) in wanted {
        let told: Told = whereabouts.ask(cx, nixos::option, option.parts()).await?;
        let Told::Option { definitions, .. } = told else { continue };
        let files = texts_of(cx, whereabouts, &definitions).await?;
        for (edit, element) in elements {
            let place = files.iter().filter(|(path, _)| !path.as_str().ends_with("/nixi.nix")).find_map(
                |(path, text)| {
                    let line = lines_of(text, &option, Some(element)).first().copied()?;
                    Some(format!("{element} is in {path}:{line}"))
                },
            );
            known.extend(place.map(|place| Known { edit, place }));
        }
    }
    Ok(known)
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
