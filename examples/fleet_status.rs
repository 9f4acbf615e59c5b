//! Every node of a configuration in one table: whether it answers, uptime, memory, disk, containers.
//!
//! All nodes are asked at once; a dead one takes its connect timeout and holds up no other. Nothing here can change
//! a node: the half of the session that could approve a change is dropped at once.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

#[path = "shared/cli.rs"]
mod cli;

use std::process::ExitCode;

use nixi::core::text::{pad, width};
use nixi::core::{CallRequest, CallResult, ErrorKind, ErrorReport, Intent, Mode, Node, Op, StepStatus};
use serde_json::Value;

const USAGE: &str = "usage: fleet_status [--config FILE] [NODE|@TAG|GLOB …]   (all nodes, unless told)";

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(USAGE, &[], run).await
}

async fn run(cli: cli::Cli) -> Result<u8, ErrorReport> {
    let (asker, _) = nixi::open(&cli.setup()?)?;
    let wanted = if cli.words.is_empty() { vec!["all".to_owned()] } else { cli.words };

    // Two reads, each on every node. Reads of one operation are on their way at the same time.
    let calls = ["system.info", "container.list"]
        .map(|action| CallRequest { nodes: wanted.clone(), ..CallRequest::new(action) });
    let mut outcome = asker.perform(Op::Call(calls.into()), Intent::Perform, &(), &Default::default()).await;
    if let Some(error) = outcome.error {
        return Err(error);
    }

    let nodes = asker.nodes()?;
    let (infos, lists): (Vec<&CallResult>, Vec<&CallResult>) =
        outcome.results.iter().partition(|result| result.tool == "system.info");
    let mut table =
        vec![["NODE", "MODE", "STATUS", "UPTIME", "MEMORY", "DISK /", "CONTAINERS"].map(String::from)];
    for (info, list) in infos.into_iter().zip(lists) {
        let node = nodes.iter().find(|node| node.name().as_str() == info.node);
        let (memory, disk) = (&data(info)["memory"], &data(info)["root_disk"]);
        table.push([
            info.node.clone(),
            // The controller is in no list of nodes; it is always managed.
            node.map_or(Mode::Managed, Node::mode).to_string(),
            status(info),
            uptime(&data(info)["uptime_seconds"]),
            part(used_memory(memory), memory),
            part(disk["used_bytes"].as_u64(), disk),
            containers(list),
        ]);
    }
    print(&table);

    // A node without a container runtime is as it should be; whatever else was not answered is told, and is the exit code.
    outcome.results.retain(|result| !lacks_program(result));
    for result in &outcome.results {
        if let Some(error) = &result.error {
            eprintln!("{}: {}: {error}", result.node, result.tool);
        }
    }
    Ok(outcome.exit_code())
}

/// The typed report as JSON, the same as `nixi call --json` prints; null if there is none.
fn data(result: &CallResult) -> &Value {
    result.data.as_ref().unwrap_or(&Value::Null)
}

fn status(info: &CallResult) -> String {
    match (info.status, &info.error) {
        (StepStatus::Done, _) => "online".to_owned(),
        (status, Some(error)) => format!("{} ({})", status.as_str(), kind(error)),
        (status, None) => status.as_str().to_owned(),
    }
}

/// The word of the CLI contract: `timeout`, `host_key_changed`, …
fn kind(error: &ErrorReport) -> String {
    serde_json::to_value(error.kind).ok().as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn lacks_program(result: &CallResult) -> bool {
    result.error.as_ref().is_some_and(|error| error.kind == ErrorKind::ProgramMissing)
}

fn containers(list: &CallResult) -> String {
    let Some(found) = data(list)["containers"].as_array() else {
        return if lacks_program(list) { "no runtime" } else { "-" }.to_owned();
    };
    let name = |container: &Value| match (container["name"].as_str(), container["state"].as_str()) {
        (Some(name), Some("running")) => name.to_owned(),
        (name, state) => format!("{} ({})", name.unwrap_or("?"), state.unwrap_or("?")),
    };
    let names: Vec<String> = found.iter().map(name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn uptime(seconds: &Value) -> String {
    match seconds.as_u64() {
        Some(seconds) => {
            format!("{}d {:02}h {:02}m", seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
        }
        None => "-".to_owned(),
    }
}

fn used_memory(memory: &Value) -> Option<u64> {
    memory["total_bytes"].as_u64()?.checked_sub(memory["available_bytes"].as_u64()?)
}

fn part(used: Option<u64>, of: &Value) -> String {
    let gib = |bytes: u64| format!("{}.{}", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024);
    match (used, of["total_bytes"].as_u64()) {
        (Some(used), Some(total)) => format!("{} of {} GiB", gib(used), gib(total)),
        _ => "-".to_owned(),
    }
}

fn print(table: &[[String; 7]]) {
    let widest = |column: usize| table.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    for row in table {
        let cells: Vec<String> = row.iter().enumerate().map(|(at, cell)| pad(cell, widest(at))).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}
