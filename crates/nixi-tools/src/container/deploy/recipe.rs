//! The steps that make a container and start it, and those that take each of them back.

use nixi_core::command::{ContainerCli, ContainerName, EnvName, FilePath, ImageName};
use nixi_core::{
    Command, EndState, HandOver, Plan, PlanCx, Program, Rescue, Risk, SecretArg, Settle, Step, Thing,
    ToolError, Write,
};

use nixi_core::shell;
use serde_json::json;

use super::address::resolved;
use super::args::{CommandLine, DeployArgs, Restart};
use super::label::{LABEL, label};
use super::look::{Image, Look, has_secrets};
use super::network::{Network, OWN};
use super::port::Ports;
use super::secret_name::{secret_name, secrets_of};
use super::warnings;

/// How long an image may take to arrive: some GiB over a slow line.
const PULL: std::time::Duration = std::time::Duration::from_secs(3600);

/// All that a container is made of, looked up and checked.
pub(super) struct Recipe<'a> {
    pub(super) args: &'a DeployArgs,
    /// As the container is made of it.
    pub(super) image: ImageName,
    /// Whether it has to be pulled first.
    pub(super) pull: Pull,
    pub(super) look: Look,
    env: Vec<(&'a EnvName, String)>,
    remarks: Vec<(Risk, String)>,
}

/// Whether an image is fetched from its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    Yes,
    No,
}

/// Steps, and the rescues that belong to them.
#[derive(Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
    rescues: Vec<(usize, Command<Write>)>,
    /// The step that tells whether the container is up.
    settled: usize,
}

impl Steps {
    /// One more step; its place among them.
    pub(super) fn add(&mut self, step: impl Into<Step>) -> usize {
        self.steps.push(step.into());
        self.steps.len() - 1
    }

    /// One more step, and what takes it back if a later one fails.
    pub(super) fn add_rescued(&mut self, step: impl Into<Step>, back: Command<Write>) -> usize {
        let at = self.add(step);
        self.rescues.push((at, back));
        at
    }

    /// The plan with all of them: the rescues stand at its end, that of the newest step first.
    pub(super) fn put_into(self, plan: Plan) -> Plan {
        let plan = self.steps.into_iter().fold(plan, Plan::step);
        let until = self.settled;
        self.rescues.into_iter().rev().fold(plan, |plan, (at, back)| plan.step(Rescue::of(at, until, back)))
    }
}

impl<'a> Recipe<'a> {
    pub(super) fn new(
        cx: &PlanCx<'_>,
        args: &'a DeployArgs,
        image: ImageName,
        pull: Pull,
        look: Look,
    ) -> Result<Self, ToolError> {
        let mut remarks = warnings::of(cx, args, &image, pull, &look);
        let mut env = Vec::with_capacity(args.env.len());
        for (name, value) in &args.env {
            let (value, remark) = resolved(cx, name, value)?;
            remarks.extend(remark.map(|remark| (Risk::Routine, remark)));
            env.push((name, value));
        }
        let recipe = Self { args, image, pull, look, env, remarks };
        recipe.check_secrets(cx)?;
        Ok(recipe)
    }

    /// Whether each secret is in this session or on the node already.
    fn check_secrets(&self, cx: &PlanCx<'_>) -> Result<(), ToolError> {
        let secrets = cx.secrets();
        let missing: Vec<String> = self
            .args
            .secrets
            .iter()
            .filter(|(name, secret)| !secrets.has(secret) && !self.is_on_node(name, secret))
            .map(|(name, _)| name.to_string())
            .collect();
        if !missing.is_empty() {
            return Err(ToolError::SecretsNeeded(missing));
        }
        let lines = self.args.secrets.iter().find(|(_, secret)| secrets.has_lines(secret));
        match lines {
            Some((name, _)) if !has_secrets(self.look.cli) => Err(ToolError::BadArgument {
                message: format!(
                    "the secret {name} has more than one line, which docker's variables cannot hold"
                ),
                hint: Some("put it into a file below /srv, and give that as a volume".to_owned()),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn is_on_node(&self, name: &EnvName, secret: &SecretArg) -> bool {
        let wanted = secret_name(&self.args.name, name, secret);
        has_secrets(self.look.cli) && self.look.secrets.lines().any(|name| name == wanted)
    }

    fn cli(&self) -> ContainerCli {
        self.look.cli
    }

    fn name(&self) -> &'a ContainerName {
        &self.args.name
    }

    /// A command of the runtime, by root.
    pub(super) fn run(&self, command: &str) -> Command<Write> {
        let cli = self.cli();
        Command::<Write>::new(cli.program()).args(cli.words(command)).elevated()
    }

    /// The steps before the container itself is made: nothing that runs notices them.
    pub(super) fn prepare(&self, steps: &mut Steps) {
        if self.pull == Pull::Yes {
            let pull = self.run("pull").args(["--quiet", "--", self.image.as_str()]);
            steps.add(pull.lasting(PULL));
        }
        if self.look.network == Network::Missing {
            steps.add_rescued(Network::create(self.cli()), Network::remove(self.cli()));
        }
        let new = self.new_folders();
        if let Some(remove) = rmdir(&new) {
            let make = Command::<Write>::new(Program::new("mkdir")).args(["-p", "--"]).elevated();
            // The deepest are made with those above them.
            let deepest =
                self.look.folders.iter().filter(|folder| !folder.is_there && folder.is_for_a_volume);
            steps.add_rescued(deepest.fold(make, |make, folder| make.arg(folder.path.as_str())), remove);
        }
        if !has_secrets(self.cli()) {
            return;
        }
        for (variable, secret) in &self.args.secrets {
            if self.is_on_node(variable, secret) {
                continue;
            }
            let (name, cli) = (secret_name(self.name(), variable, secret), self.cli());
            let create = Command::<Write>::new(cli.program()).args(cli.words_of("secret", "create"));
            let remove = Command::<Write>::new(cli.program()).args(cli.words_of("secret", "rm")).elevated();
            let create = create.args(["--", &name, "-"]);
            steps.add_rescued(
                HandOver::on_input(create, variable.as_str(), secret.clone()),
                remove.args(["--", &name]),
            );
        }
    }

    /// The steps that make the container, start it and wait for it.
    pub(super) fn make(&self, steps: &mut Steps) {
        let remove = self.run("rm").args(["--force", "--volumes", "--", self.name().as_str()]);
        match (has_secrets(self.cli()), self.args.secrets.is_empty()) {
            (true, _) | (false, true) => steps.add_rescued(self.create(None), remove),
            (false, false) => {
                let secrets =
                    self.args.secrets.iter().map(|(name, secret)| (name.to_string(), secret.clone()));
                steps
                    .add_rescued(HandOver::in_file(secrets.collect(), |file| self.create(Some(file))), remove)
            }
        };
        let start = steps.add(self.run("start").args(["--", self.name().as_str()]));
        steps.settled =
            steps.add(Settle::container(self.cli(), self.name().clone(), self.name().as_str(), start));
    }

    fn create(&self, file_of_secrets: Option<&str>) -> Command<Write> {
        let restart = self.args.restart.unwrap_or(Restart::UnlessStopped).as_str();
        let mut create = self
            .run("create")
            .args([
                "--name",
                self.name().as_str(),
                "--network",
                self.look.network.name(),
                "--restart",
                restart,
            ])
            // What was shown is what runs: nothing is fetched here.
            .args(["--pull", "never", "--label"])
            .arg(format!("{LABEL}={}", label(self.args)));
        for port in self.args.ports.iter().flat_map(Ports::iter) {
            create = create.args(["--publish".to_owned(), port.to_string()]);
        }
        let folders = self.look.folders.iter().filter(|folder| folder.is_for_a_volume);
        for (volume, folder) in self.args.volumes.iter().zip(folders) {
            create = create.args(["--volume".to_owned(), volume.word(&folder.path)]);
        }
        for (name, value) in &self.env {
            create = create.args(["--env".to_owned(), format!("{name}={value}")]);
        }
        let command = self.args.command.as_ref().map(CommandLine::words);
        let image = self.image.as_str();
        match (file_of_secrets, self.image_for_files()) {
            (Some(file), _) => {
                create.args(["--env-file", file, "--", image]).args(command.unwrap_or_default())
            }
            (None, Some(known)) => {
                let create = self.with_secrets(create, |name, variable| format!("{name},target={variable}"));
                let command = command.unwrap_or(&known.command);
                let entry_point = json!(shell::variables_from_files(self.args.secrets.keys())).to_string();
                create
                    .args(["--entrypoint", &entry_point, "--", image])
                    .args(known.entry_point.iter().chain(command))
            }
            (None, None) => self
                .with_secrets(create, |name, variable| format!("{name},type=env,target={variable}"))
                .args(["--", image])
                .args(command.unwrap_or_default()),
        }
    }

    fn with_secrets(
        &self,
        create: Command<Write>,
        word: impl Fn(&str, &EnvName) -> String,
    ) -> Command<Write> {
        self.args.secrets.iter().fold(create, |create, (variable, secret)| {
            let name = secret_name(self.name(), variable, secret);
            create.args(["--secret".to_owned(), word(&name, variable)])
        })
    }

    /// The image, if secrets are handed over as files that its entry point reads into variables: before podman 5.3,
    /// `podman inspect` would show the variables.
    fn image_for_files(&self) -> Option<&Image> {
        let is_needed = self.look.would_show(self.args);
        self.look.image.as_ref().filter(|_| is_needed && self.pull == Pull::No)
    }

    /// The plan with all that a person should know first, and what is relied on.
    pub(super) fn remarked(self, mut plan: Plan) -> Plan {
        for (risk, remark) in self.remarks {
            plan = plan.at_least(risk).warn(remark);
        }
        for pin in self.look.pins {
            plan = plan.expect(pin);
        }
        if self.look.network != Network::Default {
            plan = plan.leaves(Thing::Network(OWN), EndState::Is("there"));
        }
        plan.leaves(Thing::NewContainer(self.args.name.clone()), EndState::Is("running"))
    }

    /// The folders that are made for it, the deepest first.
    pub(super) fn new_folders(&self) -> Vec<FilePath> {
        let new = self.look.folders.iter().filter(|folder| !folder.is_there);
        let mut paths: Vec<FilePath> = new.map(|folder| folder.path.clone()).collect();
        paths.sort_by_key(|path| std::cmp::Reverse(path.as_str().matches('/').count()));
        paths
    }

    /// What of podman's secrets belongs to it already.
    pub(super) fn secrets_there(&self) -> Vec<String> {
        secrets_of(self.name(), &self.look.secrets)
    }
}

/// What removes these folders again, in this order, as far as they are empty: what holds data stays. Nothing if there are
/// none.
pub(super) fn rmdir(folders: &[FilePath]) -> Option<Command<Write>> {
    let rmdir =
        Command::<Write>::new(Program::new("rmdir")).args(["--ignore-fail-on-non-empty", "--"]).elevated();
    (!folders.is_empty()).then(|| rmdir.args(folders.iter().map(FilePath::as_str)))
}
