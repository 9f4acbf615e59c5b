//! What a read of containers has to know first, found out in a way that makes nothing: whether `docker` is podman, and whether
//! podman was ever used on the node. Any call of podman by root makes its store where there is none.

use nixi_core::catalog::container;
use nixi_core::command::{ContainerCli, FilePath};
use nixi_core::config::Runtime;
use nixi_core::{Command, InspectCx, Output, Read, ReadAnswer};

/// What was found out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    /// By what containers are asked for.
    pub cli: ContainerCli,
    /// Whether root may have any. Only a store that is certainly missing says no; whatever cannot be told is left to the
    /// runtime.
    pub may_have_containers: bool,
}

/// Looks at the node. A `docker` that is taken for the wrong one refuses its words, or asks a socket of the same node.
pub(super) async fn ground(cx: &InspectCx<'_>) -> Ground {
    let traces = container::traces(cx.settings().runtime);
    let (cli, traces) = match cx.settings().runtime {
        Runtime::Podman => (ContainerCli::Podman, look(cx, traces).await),
        Runtime::Docker => {
            let [traces, beginning] = cx.gather([traces, container::beginning_of_docker()]).await.map(said);
            let is_shim = traces.as_ref().is_some_and(is_link_to_podman)
                || beginning.as_ref().is_some_and(is_script_of_podman);
            (if is_shim { ContainerCli::Shim } else { ContainerCli::Docker }, traces)
        }
    };
    let may_have_containers = match (cli, traces) {
        (ContainerCli::Docker, _) | (_, None) => true,
        (ContainerCli::Podman | ContainerCli::Shim, Some(traces)) => may_have(cx, cli, &traces).await,
    };
    Ground { cli, may_have_containers }
}

async fn may_have(cx: &InspectCx<'_>, cli: ContainerCli, traces: &Said) -> bool {
    if !is_missing(traces, container::USUAL_STORE) || !is_installed(cli, traces) {
        return true;
    }
    match look(cx, container::store_configuration()).await.map(|configuration| place(&configuration)) {
        Some(Place::Usual) => false,
        Some(Place::At(at)) => {
            let found = look(cx, container::store(&at)).await;
            !found.is_some_and(|found| is_missing(&found, at.as_str()))
        }
        Some(Place::Unknown) | None => true,
    }
}

/// What a program printed to standard output and error.
struct Said {
    stdout: String,
    stderr: String,
}

async fn look(cx: &InspectCx<'_>, command: Command<Read>) -> Option<Said> {
    let [answer] = cx.gather([command]).await;
    said(answer)
}

fn said(answer: ReadAnswer) -> Option<Said> {
    let Output { stdout, stderr, truncated, .. } = answer.output().ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (!truncated).then(|| Said { stdout: text(&stdout), stderr: text(&stderr) })
}

/// The shim of Debian and Fedora is a script; that of NixOS is a link.
fn is_script_of_podman(beginning: &Said) -> bool {
    beginning.stdout.contains("#!") && beginning.stdout.contains("podman")
}

fn is_link_to_podman(traces: &Said) -> bool {
    let mut links = traces.stdout.lines().filter_map(|line| line.split_once("/bin/docker -> "));
    links.any(|(_, target)| target.contains("podman"))
}

fn is_installed(cli: ContainerCli, traces: &Said) -> bool {
    let program = format!("/bin/{}", cli.program());
    traces.stdout.lines().any(|line| line.ends_with(&program) || line.contains(&format!("{program} -> ")))
}

/// `ls: cannot access '/var/lib/containers/storage': No such file or directory`; BusyBox has neither `cannot access` nor
/// quotes.
fn is_missing(said: &Said, at: &str) -> bool {
    said.stderr.lines().any(|line| {
        line.strip_suffix(": No such file or directory")
            .is_some_and(|line| line.trim_end_matches('\'').ends_with(at))
    })
}

/// Where the store is by configuration.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Usual,
    At(FilePath),
    Unknown,
}

/// The first `graphroot` counts: the machine's file comes before the distribution's.
fn place(configuration: &Said) -> Place {
    // A file that is there and cannot be read may say anything.
    if configuration.stderr.lines().any(|line| !line.ends_with(": No such file or directory")) {
        return Place::Unknown;
    }
    let mut values = configuration.stdout.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim().trim_matches('"') == "graphroot").then(|| value.trim())
    });
    let Some(value) = values.next() else { return Place::Usual };
    let quoted = |quote: char| Some(value.strip_prefix(quote)?.split_once(quote)?.0);
    match quoted('"').or_else(|| quoted('\'')).map(|path| path.trim_end_matches('/')) {
        Some("") => Place::Usual,
        Some(path) if path == container::USUAL_STORE => Place::Usual,
        Some(path) => path.parse().map_or(Place::Unknown, Place::At),
        None => Place::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str, stderr: &str) -> Said {
        Said { stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    #[test]
    fn the_store_is_where_the_configuration_says() {
        let none = "cat: /usr/share/containers/storage.conf: No such file or directory\n";
        for (text, right) in [
            ("", Place::Usual),
            ("[storage]\ndriver = \"overlay\"\n# graphroot = \"/x\"\n", Place::Usual),
            ("[storage]\ngraphroot = \"/var/lib/containers/storage/\"\n", Place::Usual),
            (
                "[storage]\n  graphroot=\"/srv/containers\" # big\n",
                Place::At("/srv/containers".parse().unwrap()),
            ),
            ("\"graphroot\" = '/srv/a b'\ngraphroot = \"/other\"\n", Place::At("/srv/a b".parse().unwrap())),
            ("graphroot = \"$HOME/x\"\n", Place::Unknown),
            ("graphroot = \"/a/../b\"\n", Place::Unknown),
            ("graphroot = [\n", Place::Unknown),
        ] {
            assert_eq!(place(&said(text, none)), right, "{text}");
        }
        let denied = "cat: /etc/containers/storage.conf: Permission denied\n";
        assert_eq!(place(&said("", denied)), Place::Unknown);
    }

    #[test]
    fn only_a_store_that_is_certainly_missing_is_missing() {
        for (stderr, missing) in [
            ("ls: cannot access '/var/lib/containers/storage': No such file or directory\n", true),
            ("ls: /var/lib/containers/storage: No such file or directory\n", true),
            ("ls: cannot access '/var/lib/containers/storage': Permission denied\n", false),
            ("ls: cannot access '/usr/bin/podman': No such file or directory\n", false),
            ("sh: ls: not found\n", false),
            ("", false),
        ] {
            assert_eq!(is_missing(&said("", stderr), container::USUAL_STORE), missing, "{stderr}");
        }
    }

    #[test]
    fn a_shim_is_told_by_where_it_leads() {
        let nixos = "lrwxrwxrwx 1 root root 71 Jan  1  1970 /run/current-system/sw/bin/docker -> /nix/store/abc-podman-docker-compat-5.2.3/bin/docker\n";
        let docker = "-rwxr-xr-x 1 root root 41251 Jan  1  2025 /usr/bin/docker\n";
        assert!(is_link_to_podman(&said(nixos, "")) && !is_link_to_podman(&said(docker, "")));
        assert!(
            is_installed(ContainerCli::Shim, &said(nixos, ""))
                && is_installed(ContainerCli::Shim, &said(docker, ""))
        );
        assert!(!is_installed(ContainerCli::Podman, &said(docker, "")));
    }
}
