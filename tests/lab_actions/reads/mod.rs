//! What looks: each report is held against what the machine says in another way, and looking changes nothing.

mod container;
mod file;
mod firewall;
mod journal;
mod network;
mod nixos;
mod node;
mod package;
mod service;
mod system;

use nixi::core::Scope;
use nixi::core::session::CallRequest;
use nixi_lab::Machine;
use serde_json::Value;

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, MONITORING, WEB};

/// A read, and what its report must be.
pub(crate) struct Read {
    pub(crate) action: &'static str,
    args: fn(&Ground, &Machine, &str) -> Value,
    check: fn(&Ground, &Machine, &Value),
}

/// All there are.
pub(crate) fn all() -> impl Iterator<Item = &'static Read> {
    let of_nodes =
        system::READS.iter().chain(&container::READS).chain(&service::READS).chain(&journal::READS);
    let of_nodes = of_nodes.chain(&network::READS).chain(&firewall::READS).chain(&nixos::READS);
    of_nodes.chain(&package::READS).chain(&node::READS).chain(&file::READS)
}

/// Those of its card.
fn example(_: &Ground, _: &Machine, action: &str) -> Value {
    nixi::tools::registry().unwrap().spec(action).unwrap().example.clone()
}

impl Read {
    fn request(&self, ground: &Ground, machine: &Machine) -> CallRequest {
        let args = (self.args)(ground, machine, self.action).as_object().unwrap().clone();
        let request = CallRequest::new(self.action).with_args(args);
        match nixi::tools::registry().unwrap().spec(self.action).unwrap().scope {
            Scope::Node => request.on(machine.name()),
            Scope::Controller => request,
        }
    }
}

/// All of them first and the checks after, for some of these leave traces.
#[tokio::test]
async fn reads_are_true_and_change_nothing() {
    let ground = Ground::of(&[WEB, MONITORING]);
    let mut reports = Vec::new();
    for machine in ground.lab.machines() {
        let unchanged = Fingerprint::of(machine);
        for read in all() {
            reports.push((read, machine, ground.report(read.request(&ground, machine)).await));
        }
        unchanged.assert_holds(machine, "all reads");
    }
    for (read, machine, report) in reports {
        (read.check)(&ground, machine, &report);
    }
}
