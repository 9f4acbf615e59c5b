//! Whether podman was ever used on a node. Any call of podman by root makes its store where there is none, so a read looks
//! for the store first, in a way that makes nothing.

use nixi_core::catalog::container;
use nixi_core::command::FilePath;
use nixi_core::config::Runtime;
use nixi_core::{Command, InspectCx, Output, Read};

/// Whether root may have containers. Only a store that is certainly missing says no; whatever cannot be told is left to
/// the runtime.
pub(super) async fn may_have_containers(cx: &InspectCx<'_>) -> bool {
    let runtime = cx.settings().runtime;
    let Some(traces) = look(cx, container::traces(runtime)).await else { return true };
    if !is_missing(&traces, container::USUAL_STORE) || !is_installed(runtime, &traces) {
        return true;
    }
    let (is_podman, configuration) =
        futures_util::join!(is_podman(cx, runtime, &traces), look(cx, container::store_configuration()));
    if !is_podman {
        return true;
    }
    match configuration.map(|configuration| place(&configuration)) {
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
    let Output { stdout, stderr, truncated, .. } = cx.run(command).await.ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (!truncated).then(|| Said { stdout: text(&stdout), stderr: text(&stderr) })
}

/// The shim of Debian and Fedora is a script; that of NixOS is a link.
async fn is_podman(cx: &InspectCx<'_>, runtime: Runtime, traces: &Said) -> bool {
    match runtime {
        Runtime::Podman => true,
        Runtime::Docker if is_link_to_podman(traces) => true,
        Runtime::Docker => look(cx, container::beginning_of_docker())
            .await
            .is_some_and(|said| said.stdout.contains("#!") && said.stdout.contains("podman")),
    }
}

fn is_link_to_podman(traces: &Said) -> bool {
    let mut links = traces.stdout.lines().filter_map(|line| line.split_once("/bin/docker -> "));
    links.any(|(_, target)| target.contains("podman"))
}

fn is_installed(runtime: Runtime, traces: &Said) -> bool {
    let program = format!("/bin/{}", container::program(runtime));
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
            is_installed(Runtime::Docker, &said(nixos, ""))
                && is_installed(Runtime::Docker, &said(docker, ""))
        );
        assert!(!is_installed(Runtime::Podman, &said(docker, "")));
    }
}
