//! Containers that are deployed and updated: what a plan of that does, refuses and warns of.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, CallResult};
use serde_json::json;

use crate::support::{GREETER, Lab, as_shown, node};

/// What a container was deployed with.
const DEPLOYED: &str =
    "sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}}\n{{.Image}}";

async fn planned(on: Recording, call: CallRequest) -> CallResult {
    Lab::new(on).plan(call.on("db-server")).await
}

fn update() -> CallRequest {
    CallRequest::new("container.update").with("name", "greeter").with("env", json!({"LANG": "C.UTF-8"}))
}

/// The commands that run if all goes well.
fn commands(result: &CallResult) -> Vec<String> {
    let plan = result.plan.as_ref().unwrap_or_else(|| panic!("{result:?}"));
    let is_step = |line: &String| !line.starts_with("if a later step fails");
    plan.lines().map(as_shown).filter(is_step).collect()
}

/// A process that goes on would write to the same data as the new container, and outlive the record of the old one.
#[tokio::test]
async fn the_old_container_is_stopped_unless_it_surely_has_no_process() {
    for (state, is_stopped) in [
        ("running", true),
        ("stopping", true),
        ("restarting", true),
        ("initialized", true),
        ("removing", true),
        ("unknown", true),
        ("exited", false),
        ("stopped", false),
        ("dead", false),
        ("created", false),
        ("configured", false),
    ] {
        let on = node().answering(DEPLOYED, &GREETER.replace("running", state));
        let commands = commands(&planned(on, update()).await);
        let at = |word: &str| commands.iter().position(|command| command.contains(word));
        assert_eq!(at(" podman stop ").is_some(), is_stopped, "{state}: {commands:?}");
        assert!(at(" podman stop ") < at(" podman rename "), "{state}: {commands:?}");
    }
}
