//! The first look at a path of which something is to be changed: one command.

use nixi_core::catalog::file;
use nixi_core::command::FilePath;
use nixi_core::{PlanCx, ToolError};

use super::login::Login;
use super::place::{There, real_told, there_told};

/// What a path is before it is changed, and who would change it.
pub(super) struct Ground {
    pub(super) at: At,
    /// Whether the path itself is a link, wherever it leads.
    pub(super) is_link: bool,
    pub(super) login: Result<Login, ToolError>,
}

/// What a path leads to.
pub(super) enum At {
    /// To this.
    Thing(There),
    /// To nothing; its folder without links, if that is there.
    Nothing(Option<FilePath>),
}

impl Ground {
    pub(super) async fn look(cx: &PlanCx<'_>, path: &FilePath) -> Result<Self, ToolError> {
        let [real, facts, folder, link, user, groups] = cx
            .gather([
                file::real(path),
                file::facts(path),
                file::real_folder(path),
                file::is_link(path),
                file::user(),
                file::groups(),
            ])
            .await;
        let at = match there_told(cx, path, real, facts)? {
            Some(found) => At::Thing(found),
            None => At::Nothing(real_told(cx, path, folder)?),
        };
        let is_link = link.output()?.exit.is_success();
        Ok(Self { at, is_link, login: Login::told(user, groups) })
    }
}
