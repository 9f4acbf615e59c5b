//! Which generations a collection of garbage takes.

use nixi_core::CallRequest;
use nixi_core::session::CallResult;

use crate::support::{GENERATIONS, Lab, SYSTEMS, node};

/// Where a specialisation runs, nothing tells which generation it is of: none goes.
#[tokio::test]
async fn garbage_is_collected_without_the_generation_of_a_specialisation() {
    let old = "/nix/store/dddddddddddddddddddddddddddddddd-nixos-system-db-23.11.1.0";
    let newer =
        GENERATIONS.replace("system-2-link", "system-3-link").replace("system-1-link", "system-2-link");
    let generations = format!("system-1-link 1500000000.5 {old}\n{newer}");
    let collect = || CallRequest::new("nixos.collect_garbage").on("db-server");
    let lines = |result: &CallResult| -> Vec<String> {
        result.plan.as_ref().unwrap().steps.iter().map(|step| step.line.clone()).collect()
    };
    let machine = || {
        node()
            .answering("find /nix/var/nix/profiles", &generations)
            .answering("readlink -- /nix/var/nix/profiles/system", "system-3-link\n")
    };
    let removed = Lab::new(machine()).plan(collect()).await;
    assert!(lines(&removed).iter().any(|line| line.contains("--delete-generations 1")), "{removed:?}");

    let special = "/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-nixos-system-db-25.05-special\n";
    let running = format!("{special}{}", SYSTEMS.lines().next().unwrap());
    let kept =
        Lab::new(machine().answering("readlink -f -- /run/current-system", &running)).plan(collect()).await;
    assert!(!lines(&kept).iter().any(|line| line.contains("--delete-generations")), "{kept:?}");
    assert!(kept.plan.unwrap().warnings.iter().any(|warning| warning.contains("no generation is removed")));
}
