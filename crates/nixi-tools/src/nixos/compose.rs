//! From all that a request declares on a node to one edit, one build and one switch.

use async_trait::async_trait;
use nixi_core::catalog::file;
use nixi_core::command::{FilePath, Program};
use nixi_core::config::{ConfigEdit, OldNode};
use nixi_core::plan::Progress;
use nixi_core::{
    Command, Compose, ModuleEdit, NewWay, Plan, PlanCx, PutFile, Replaces, Risk, Step, ToolError, Undo, Write,
};

use super::build::{Built, build};
use super::difference::Difference;
use super::ground::{Ground, apply_all, below, pinned};
use super::place::{Kind, Text, Texts};
use super::switch::Switch;
use super::way_in::Outlook;
use crate::reading::{parsed_of, whole_of};

/// The permissions of a new module.
const NEW: u32 = 0o644;

/// Makes one plan of all that a request declares on a node.
pub struct Composer;

#[async_trait]
impl Compose for Composer {
    async fn compose(&self, cx: &PlanCx<'_>, edits: &[ModuleEdit]) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let ground = Ground::of(cx).await?;
        let mut module = ground.module()?;
        let changed = apply_all(&mut module, edits)?;
        let module = (!changed.is_empty()).then_some(&module);
        let edited = match module {
            Some(module) => Some((ground.texts_or(cx, module)?, module)),
            None => None,
        };
        let Built { system, evaluated, unedited, warnings } =
            build(cx.stage(), &ground, ground.entry(cx)?, edited).await?;
        if !evaluated.switchable {
            return Err(ToolError::BadArgument {
                message: format!(
                    "the new system of {node} has nothing to switch with (system.switch.enable = false)"
                ),
                hint: Some("rebuild it the way it is deployed".to_owned()),
            });
        }
        let runs = system == ground.running;
        let boots_next = Some(&system) == ground.boots_next.as_ref();
        if runs && boots_next && module.is_none() {
            return Ok(Plan::nothing(format!("nothing to rebuild on {node}: what is declared runs already")));
        }
        let mut plan = Plan::new(format!("rebuild {node}"), Risk::Routine, Undo::Calls(Vec::new()));
        for expectation in pinned(cx, &ground, ground.entry(cx)?).await? {
            plan = plan.expect(expectation);
        }
        if let Some(in_flight) = &ground.in_flight {
            plan = plan.warn(in_flight.warning(node));
        }
        for warning in warnings {
            plan = plan.warn(warning);
        }
        if let Some(before) = unedited.as_ref().and_then(|unedited| unedited.system.as_ref()) {
            if *before != ground.running {
                let what = "what is declared is not what runs: this brings more than was asked for";
                plan = plan.warn(what).at_least(Risk::Destructive);
            }
            if *before == system {
                plan = plan.warn(
                    "the system stays as it is: what is added is declared already, or this host does not import nixi.nix",
                );
            }
        }
        if edited.is_some() && unedited.is_none() {
            plan = plan.warn("what is declared without this cannot be evaluated").at_least(Risk::Destructive);
        }
        let (mut notes, mut way) = (Vec::new(), NewWay::default());
        if !runs {
            let before = unedited.as_ref().map(|unedited| &unedited.evaluated);
            let outlook = Outlook::of(cx, before, &evaluated).await?;
            for obstacle in outlook.obstacles {
                let warning = format!("this would cut Nixi off: {obstacle}");
                plan = plan.warn(warning).at_least(Risk::Destructive);
            }
            way = outlook.way;
            let difference = Difference::of(cx, &ground.running, &system).await?;
            notes = difference.lines();
            if difference.needs_reboot {
                plan = plan.warn("a reboot is needed for the new kernel");
            }
        }
        let (files, tracked) = match edited {
            Some((texts, module)) => files(cx, ground.kind, texts, module.text()).await?,
            None => (Vec::new(), None),
        };
        let (plan, follows) = following(cx, plan, &way);
        let guard = cx.settings().guard;
        let switch = Switch {
            way,
            new: system,
            old: ground.running,
            generation: None,
            booting: ground.boots_next,
            guard,
            files,
            tracked,
            notes,
        };
        cx.stage().tell(Progress::phase("planned"));
        // What is declared of the node follows last: until then, all may be taken back.
        Ok(follows.into_iter().fold(switch.add_to(plan), Plan::step))
    }
}

/// What of Nixi's own configuration follows the node to where it is reached after the switch, and what a person is told of it.
fn following(cx: &PlanCx<'_>, plan: Plan, way: &NewWay) -> (Plan, Vec<Step>) {
    let node = cx.node();
    if way.is_the_same() {
        return (plan, Vec::new());
    }
    let plan = plan
        .warn(format!(
            "the way in changes: {} will be reached as {}, over which Nixi confirms the switch",
            node.name(),
            way.words(node)
        ))
        .at_least(Risk::Destructive);
    if !way.is_declared_otherwise() {
        return (plan, Vec::new());
    }
    if let Some(file) = cx.fleet().declared_by_nixos(node.name()) {
        let file = file.display();
        let warning =
            format!("{} is declared in {file}, which NixOS writes: change {way} there as well", node.name());
        return (plan.warn(warning), Vec::new());
    }
    let old = OldNode::of(node).map(|old| Step::Config(ConfigEdit::MoveNode(old, way.clone())));
    (plan, old.into_iter().collect())
}

/// The files to be put there; and what shows a new one to git, where that decides what a flake sees.
async fn files(
    cx: &PlanCx<'_>,
    kind: Kind,
    texts: &Texts,
    own: &str,
) -> Result<(Vec<PutFile>, Option<Command<Write>>), ToolError> {
    let [user, folder, own_rights, importer_rights] = cx
        .gather([
            file::user(),
            file::rights_of_folder(&texts.own.path),
            file::rights(&texts.own.path),
            file::rights(&texts.importer.path),
        ])
        .await;
    let user = parsed_of(user, |text| text.trim().parse::<u32>().map_err(|error| error.to_string()))?;
    let folder = parsed_of(folder, rights)?;
    let owner = Owner::of(cx, user, &folder, &texts.own.path)?;
    let own_output = whole_of(own_rights)?;
    let own_rights = match own_output.exit.is_success() {
        true => rights(&String::from_utf8_lossy(&own_output.stdout)).ok(),
        false => None,
    };
    let mut files = vec![owner.put(&texts.own, own, own_rights.as_ref(), &folder)];
    if let Some(with_import) = &texts.with_import {
        let rights = parsed_of(importer_rights, rights)?;
        files.push(owner.put(&texts.importer, with_import, Some(&rights), &folder));
    }
    let is_seen_by_git_alone = kind == Kind::Flake && texts.is_kept_by_git;
    Ok((files, is_seen_by_git_alone.then(|| owner.track(texts))))
}

/// Whose rights a folder and the files in it need.
#[derive(Clone, Copy)]
enum Owner {
    Us,
    Root,
}

/// What stat(1) tells of a file.
struct Rights {
    mode: u32,
    user: u32,
    group: u32,
}

fn rights(printed: &str) -> Result<Rights, String> {
    let odd = || "it is not the rights of a file".to_owned();
    let [mode, user, group, ""] = printed.split('\0').collect::<Vec<_>>()[..] else { return Err(odd()) };
    let mode = u32::from_str_radix(mode, 16).map_err(|_| odd())?;
    let number = |text: &str| text.parse().map_err(|_| odd());
    Ok(Rights { mode: mode & 0o777, user: number(user)?, group: number(group)? })
}

impl Owner {
    fn of(cx: &PlanCx<'_>, user: u32, folder: &Rights, path: &FilePath) -> Result<Self, ToolError> {
        match folder.user {
            owner if owner == user => Ok(Self::Us),
            0 => Ok(Self::Root),
            other => Err(ToolError::BadArgument {
                message: format!(
                    "{} on {} belongs to user {other}: neither root nor the login user may be its editor",
                    path.folder(),
                    cx.node().name()
                ),
                hint: Some("edit the configuration as its owner, or let it belong to root".to_owned()),
            }),
        }
    }

    /// Shows Nixi's module to git; what git knows already stays as it is.
    fn track(self, texts: &Texts) -> Command<Write> {
        let own = below(&texts.entry, &texts.own.path);
        let git = Command::<Write>::new(Program::new("git")).args([
            "-C",
            texts.entry.folder(),
            "add",
            "--intent-to-add",
            "--",
            own,
        ]);
        match self {
            Self::Us => git,
            Self::Root => git.elevated(),
        }
    }

    fn put(self, text: &Text, content: &str, now: Option<&Rights>, folder: &Rights) -> PutFile {
        let replaces = match &text.content {
            Some(content) => Replaces::Content(content.as_bytes().into()),
            None => Replaces::Nothing,
        };
        let put = PutFile::new(text.path.clone(), content.as_bytes(), replaces)
            .mode(now.map_or(NEW, |rights| rights.mode))
            .by_no_link();
        let Rights { user, group, .. } = now.unwrap_or(folder);
        match (self, format!("{user}:{group}").parse()) {
            (Self::Root, Ok(owner)) => put.owner(owner).elevated(),
            (Self::Root, Err(_)) => put.elevated(),
            (Self::Us, _) => put,
        }
    }
}
