//! What a person should know before a container is deployed.

use nixi_core::command::ImageName;
use nixi_core::{NodeName, PlanCx, Risk};

use super::super::identity::shown;
use super::super::ps::Container;
use super::args::{DeployArgs, Restart};
use super::look::{Look, has_secrets};
use super::network::Network;
use super::port::Ports;
use super::recipe::Pull;

/// What there is to warn of, and how much it can hurt.
pub(super) fn of(
    cx: &PlanCx<'_>,
    args: &DeployArgs,
    image: &ImageName,
    pull: Pull,
    look: &Look,
) -> Vec<(Risk, String)> {
    let mut warnings = Vec::new();
    let mut warn = |warning: String| warnings.push((Risk::Routine, warning));
    for port in args.ports.iter().flat_map(Ports::iter) {
        if let Some(what) = port.exposed() {
            warn(format!(
                "anybody who reaches {} reaches {what} at port {port}: give ports=127.0.0.1:{port} if only this node needs it, or ports=none",
                cx.node().name()
            ));
        }
    }
    if image.is_latest() {
        warn(format!(
            "{image} has no fixed tag: what it stands for changes; name a version, as {}:1.2",
            image.repository()
        ));
    }
    for (name, secret) in &args.secrets {
        if cx.secrets().is_default(secret) {
            warn(format!("the secret {name} is a default that attackers try first: choose another"));
        }
    }
    if !has_secrets(look.cli) && !args.secrets.is_empty() {
        let names: Vec<&str> = args.secrets.keys().map(|name| name.as_str()).collect();
        warn(format!("`docker inspect` shows {} to every user of docker on the node", names.join(", ")));
    }
    // What an image runs is known only of one that is there.
    if look.would_show(args) && (pull == Pull::Yes || look.image.is_none()) {
        let names: Vec<&str> = args.secrets.keys().map(|name| name.as_str()).collect();
        warn(format!(
            "podman before version 5.3 shows {} to root in `podman inspect` if the plan pulls the image: to keep it hidden, \
             run `sudo {} pull {image}` on {} first",
            names.join(", "),
            look.cli.program(),
            cx.node().name()
        ));
    }
    if has_secrets(look.cli) && look.network == Network::Missing {
        warn(format!(
            "containers find each other by name only if the firewall of {} lets them ask: UDP port 53 on podman's interfaces \
             (NixOS: networking.firewall.interfaces.\"podman+\".allowedUDPPorts = [ 53 ])",
            cx.node().name()
        ));
    }
    let is_kept =
        |path: &str| args.volumes.iter().any(|volume| volume.inside() == path.trim_end_matches('/'));
    let volumes = look.image.as_ref().map(|image| image.volumes.as_slice()).unwrap_or_default();
    for path in volumes.iter().filter(|path| !is_kept(path)) {
        let path = nixi_core::text::clean_line(path);
        warn(format!(
            "{path} is kept in an unnamed volume, which goes with the container: give volumes=data:{path} to keep it below /srv/{}",
            args.name
        ));
    }
    for left in &look.left {
        warn(left_behind(left, cx.node().name()));
    }
    let restarts = args.restart.unwrap_or(Restart::UnlessStopped);
    if has_secrets(look.cli)
        && matches!(restarts, Restart::Always | Restart::UnlessStopped)
        && !look.is_started_at_boot
    {
        warn(format!(
            "podman does not start it when {} boots: podman-restart.service is not enabled there",
            cx.node().name()
        ));
    }
    warnings
}

/// What an update left that was interrupted. It may hold data of its own, so a person decides what becomes of it.
pub(in crate::container) fn left_behind(left: &Container, node: &NodeName) -> String {
    let name = shown(&left.id, &left.name);
    format!(
        "{name} is what an interrupted update left of the container before, and is {}: \
         `nixi call container.remove names={name} --node {node}` removes it",
        nixi_core::text::clean_line(&left.state)
    )
}
