//! Reads of containers, by podman(1) or docker(1).
//!
//! They run as root: without root, podman shows only the login user's own containers, and an empty list would be a lie.
//! Podman makes its store at its first call by root, whatever that is: [`traces`] looks first whether it is there.

use crate::command::{
    Command, ContainerCli, ContainerId, ContainerName, FilePath, ImageName, Lines, Program, Read, TimeSpec,
};
use crate::config::Runtime;

/// A command of root's containers, which are those of the node itself.
fn ask(cli: ContainerCli, command: &str) -> Command<Read> {
    Command::read(cli.program(), []).and(cli.words(command)).by_root()
}

/// The same of a command that has commands of its own, as `network ls`.
fn ask_group(cli: ContainerCli, group: &str, command: &str) -> Command<Read> {
    Command::read(cli.program(), []).and(cli.words_of(group, command)).by_root()
}

fn names(names: &[ContainerName]) -> impl Iterator<Item = &str> {
    names.iter().map(ContainerName::as_str)
}

/// Where podman keeps root's containers, unless its configuration says otherwise.
pub const USUAL_STORE: &str = "/var/lib/containers/storage";

/// Where the program of a runtime usually is.
const fn places(runtime: Runtime) -> [&'static str; 3] {
    match runtime {
        Runtime::Podman => ["/run/current-system/sw/bin/podman", "/usr/local/bin/podman", "/usr/bin/podman"],
        Runtime::Docker => ["/run/current-system/sw/bin/docker", "/usr/local/bin/docker", "/usr/bin/docker"],
    }
}

/// Whether the runtime is installed, with the target where it is a link, and whether podman was ever used by root. Every
/// call of podman makes its store where there is none (`podman --version` makes folders too), so this is asked of ls(1).
pub fn traces(runtime: Runtime) -> Command<Read> {
    Command::read(Program::new("ls"), ["-ld", "--", USUAL_STORE]).and(places(runtime))
}

/// Whether podman was used with a store in this place.
pub fn store(at: &FilePath) -> Command<Read> {
    Command::read(Program::new("ls"), ["-ld", "--"]).and([at.as_str()])
}

/// containers-storage.conf(5): that of the machine, which holds alone where it is, and the distribution's.
pub fn store_configuration() -> Command<Read> {
    let places = ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"];
    Command::read(Program::new("cat"), ["--"]).and(places)
}

/// How the program `docker` begins: podman's shim is a script.
pub fn beginning_of_docker() -> Command<Read> {
    Command::read(Program::new("head"), ["-c", "512", "--"]).and(places(Runtime::Docker))
}

/// All containers, running or not: one JSON array (podman) or one object a line (docker).
pub fn list(cli: ContainerCli) -> Command<Read> {
    let all = ask(cli, "ps").and(["--all", "--no-trunc"]);
    match cli {
        ContainerCli::Podman => all.and(["--format", "json"]),
        // Before version 23, `json` was a text to be printed. A whole object would name each container's size, which
        // takes long to find out.
        ContainerCli::Docker | ContainerCli::Shim => all.and(["--size=false", "--format", "{{json .}}"]),
    }
}

/// Whether sudo lets the login user list all containers: the exit code is 0 if it does, and nothing is run (sudo(8), `-l`).
pub(crate) fn may_list(cli: ContainerCli) -> Command<Read> {
    let list = list(cli);
    Command::read(Program::new("sudo"), ["-n", "-l", "--", list.program().as_str()])
        .and(list.arguments().iter().map(String::as_str))
}

/// The containers with this label that an update set aside, in the form of [`list`].
pub fn set_aside(cli: ContainerCli, label: &str) -> Command<Read> {
    list(cli).and(["--filter", "name=-before$", "--filter"]).and([format!("label={label}")])
}

/// All there is to know of some containers, as a JSON array.
pub fn inspect(cli: ContainerCli, of: &[ContainerName]) -> Command<Read> {
    ask(cli, "inspect").and(["--type", "container", "--"]).and(names(of))
}

/// Which containers some names stand for: full id and name, a line each, in the order asked. docker writes the name
/// with a `/` before it.
pub fn identities(cli: ContainerCli, of: &[ContainerName]) -> Command<Read> {
    ask(cli, "inspect").and(["--type", "container", "--format", "{{.Id}} {{.Name}}", "--"]).and(names(of))
}

/// Whether the runtime removes containers when they stop: full id and `true` or `false`, a line each. docker's list does
/// not tell.
pub fn removals(cli: ContainerCli, of: &[ContainerName]) -> Command<Read> {
    let format = "{{.Id}} {{.HostConfig.AutoRemove}}";
    ask(cli, "inspect").and(["--type", "container", "--format", format, "--"]).and(names(of))
}

/// The last lines that a container wrote to its standard output and error, each with its time. `since` is a duration
/// (`90s`) or a date and time with a `T` between them, which is all that both runtimes take.
pub fn logs(cli: ContainerCli, of: &ContainerName, lines: Lines, since: Option<&TimeSpec>) -> Command<Read> {
    let mut options = vec!["--tail".to_owned(), lines.to_string()];
    if let Some(since) = since {
        options.extend(["--since".to_owned(), since.to_string()]);
    }
    ask(cli, "logs").and(["--timestamps"]).and(options).and(["--", of.as_str()])
}

/// The same without an end: the last lines, and each that follows.
pub fn follow(
    cli: ContainerCli,
    of: &ContainerName,
    lines: Lines,
    since: Option<&TimeSpec>,
) -> Command<Read> {
    let mut options = vec!["--follow".to_owned(), "--tail".to_owned(), lines.to_string()];
    if let Some(since) = since {
        options.extend(["--since".to_owned(), since.to_string()]);
    }
    ask(cli, "logs").and(["--timestamps"]).and(options).and(["--", of.as_str()])
}

/// The ids of the containers that have this very name: one at most.
pub fn named(cli: ContainerCli, name: &ContainerName) -> Command<Read> {
    // The filter is a regular expression. Docker's own names begin with a slash, which it takes with and without.
    let filter = format!("name=^{}$", name.as_str().replace('.', r"\."));
    ask(cli, "ps").and(["--all", "--no-trunc", "--quiet", "--filter"]).and([filter])
}

/// The ids of the containers in a network.
pub fn in_network(cli: ContainerCli, network: &str) -> Command<Read> {
    ask(cli, "ps").and(["--all", "--no-trunc", "--quiet", "--filter"]).and([format!("network={network}")])
}

/// An image of the machine, in one line of JSON: its id, its names, its names by digest, the volumes and ports that it
/// declares, its entry point and its command.
/// The exit code is not 0 if there is none.
pub fn image(cli: ContainerCli, image: &ImageName) -> Command<Read> {
    let format = "[{{json .ID}},{{json .RepoTags}},{{json .RepoDigests}},{{json .Config.Volumes}},{{json .Config.ExposedPorts}},\
                  {{json .Config.Entrypoint}},{{json .Config.Cmd}}]";
    ask(cli, "inspect").and(["--type", "image", "--format", format, "--"]).and([image.as_str()])
}

/// All networks: one JSON array (podman) or one object a line (docker).
pub fn networks(cli: ContainerCli) -> Command<Read> {
    let format = match cli {
        ContainerCli::Podman | ContainerCli::Shim => "json",
        ContainerCli::Docker => "{{json .}}",
    };
    ask_group(cli, "network", "ls").and(["--format", format])
}

/// Podman's version, as `5.4.1`.
pub fn version(cli: ContainerCli) -> Command<Read> {
    ask(cli, "version").and(["--format", "{{.Client.Version}}"])
}

/// The names of podman's secrets, a line each. Their values stay where they are.
pub fn secrets(cli: ContainerCli) -> Command<Read> {
    ask_group(cli, "secret", "ls").and(["--format", "{{.Name}}"])
}

/// What a container was deployed with: its id, the id of its image, its state, and the value of this label, with a newline
/// behind each.
pub fn deployed(cli: ContainerCli, of: &ContainerName, label: &str) -> Command<Read> {
    let format =
        format!("{{{{.Id}}}}\n{{{{.Image}}}}\n{{{{.State.Status}}}}\n{{{{index .Config.Labels {label:?}}}}}");
    ask(cli, "inspect").and(["--type", "container", "--format"]).and([format.as_str(), "--", of.as_str()])
}

/// Where a path leads if each missing folder on the way is made, with a NUL behind it (realpath(1)).
pub fn data_folder(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("realpath"), ["--canonicalize-missing", "--zero", "--"]).and([path.as_str()])
}

/// Whether there is anything at a path: the exit code is 0 if there is.
pub fn has_data(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("test"), ["-e"]).and([path.as_str()])
}

/// A container of root's, by its name or id, in full.
pub(crate) fn inspect_one(cli: ContainerCli, of: &ContainerName) -> Command<Read> {
    ask(cli, "inspect").and(["--type", "container", "--"]).and([of.as_str()])
}

/// The same of some containers; one that is gone is left out, and the exit code says so.
pub fn inspect_by_ids(cli: ContainerCli, of: &[ContainerId]) -> Command<Read> {
    ask(cli, "inspect").and(["--type", "container", "--"]).and(of.iter().map(ContainerId::as_str))
}

/// The last lines of a container that did not stay up, in the form of [`logs`].
pub fn last_words(cli: ContainerCli, of: &ContainerName) -> Command<Read> {
    ask(cli, "logs").and(["--timestamps", "--tail", "10", "--"]).and([of.as_str()])
}
