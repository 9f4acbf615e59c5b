//! What a model is offered: all of it, within its budget.

use crate::support::Lab;
use nixi_core::fleet::Probing;
use nixi_core::recording::Recording;

/// About four characters a token, as usual tokenizers have it; product limit of the whole toolset.
const TOKENS: usize = 3_000;

#[test]
fn the_toolset_fits_its_budget() {
    let tools = serde_json::to_string(&nixi_tools::registry().unwrap().toolset()).unwrap();
    assert!(
        tools.len() / 4 <= TOKENS * 8 / 10,
        "{} tokens for the tools to come to share the rest",
        tools.len() / 4
    );
}

#[test]
fn the_toolset() {
    let tools = nixi_tools::registry().unwrap().toolset();
    insta::assert_snapshot!(serde_json::to_string_pretty(&tools).unwrap());
}

/// Scripts and phrases depend on these words.
#[test]
fn actions_and_parameters() {
    let registry = nixi_tools::registry().unwrap();
    let lines: Vec<String> = registry
        .specs()
        .map(|spec| {
            let params: Vec<String> = spec
                .params
                .iter()
                .map(|param| format!("{}{}", param.name, if param.required { "" } else { "?" }))
                .collect();
            format!("{} [{}] {}", spec.name, spec.access.words(), params.join(" ")).trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    clock.now [read]
    container.deploy [change] name image? ports? env? secrets? volumes? command? restart?
    container.inspect [read] names
    container.list [read]
    container.logs [read] name lines? since? follow?
    container.pause [change] names? all?
    container.remove [destructive] names? all?
    container.restart [change] names? all?
    container.start [change] names? all?
    container.stop [change] names? all?
    container.unpause [change] names? all?
    container.update [change] name image? ports? env? secrets? volumes? command? restart?
    file.delete [destructive] path expect?
    file.list [read] path
    file.read [read] path
    file.write [change] path content mode? expect?
    firewall.close [destructive] ports
    firewall.list [read]
    firewall.open [change] ports
    log.query [read] unit? lines? since? until? priority? grep? follow?
    network.interfaces [read]
    network.ping [read] target count?
    network.ports [read]
    nixos.channel_add [change] url name
    nixos.channel_remove [change] name
    nixos.channel_update [change] names? generation?
    nixos.channels [read]
    nixos.check [rehearsal]
    nixos.collect_garbage [destructive] keep?
    nixos.diff [rehearsal]
    nixos.edit [change] option value?
    nixos.generations [read]
    nixos.option [read] option
    nixos.rebuild [destructive]
    nixos.rollback [destructive] generation?
    nixos.show [read]
    nixos.upgrade [destructive]
    node.list [read] probe?
    node.remove [destructive] name expect?
    node.status [read] names
    package.install [change] names
    package.list [read]
    package.remove [change] names
    package.search [read] query
    service.disable [change] names
    service.enable [change] names
    service.failed [read]
    service.list [read]
    service.logs [read] name lines? since? until? priority? grep? follow?
    service.reload [change] names
    service.restart [change] names
    service.start [change] names
    service.status [read] names
    service.stop [change] names
    system.info [read]
    system.poweroff [destructive]
    system.reboot [destructive]
    system.resources [read]
    ");
}

/// Core makes them for front ends, which know no action by name.
#[tokio::test]
async fn the_calls_that_core_makes_itself_are_of_actions_that_are_there() {
    let lab = Lab::new(Recording::new());
    let nodes = |probing| lab.call(nixi_core::CallRequest::list_nodes(probing));
    for probing in [Probing::Skip, Probing::Probe] {
        let listed = nodes(probing).await.data.unwrap();
        let statuses: Vec<&str> =
            listed["nodes"].as_array().unwrap().iter().filter_map(|node| node["status"].as_str()).collect();
        let remote = if probing == Probing::Probe { "online" } else { "unprobed" };
        assert_eq!(statuses, ["online", remote, remote]);
    }
    assert!(lab.plan(nixi_core::CallRequest::remove_node("monitoring")).await.plan.is_some());
}

#[tokio::test]
async fn unknown_parameters_are_refused_before_anything_runs() {
    let lab = Lab::new(Recording::new());
    let call = nixi_core::CallRequest::new("container.remove").on("db-server").with("purge", true);
    let outcome = lab.perform(call, nixi_core::Intent::Perform).await;
    assert_eq!(outcome.exit_code(), 2);
    assert_eq!(lab.nodes.seen(), []);
}
