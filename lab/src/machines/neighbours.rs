//! How the machines of one lab know each other's names: as hosts of their configuration, there being no name server.

use std::fs;

use anyhow::{Context, Result};

use super::world::{World, write_down as write};

/// The file of a lab's folder that tells all addresses and names, as hosts(5).
const HOSTS: &str = "hosts";

pub(super) fn write_down<'a>(world: &World, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let lines = (0..).zip(names).map(|(number, name)| format!("{} {name}\n", world.machine_address(number)));
    write(&world.folder(), HOSTS, &lines.collect::<String>())
}

/// Adds all but the machine itself to its hardware-configuration.nix, which says what a machine finds around it.
pub(super) fn known_in(hardware: &str, world: &World, machine: &str) -> Result<String> {
    let hosts = fs::read_to_string(world.folder().join(HOSTS)).context("cannot read the lab's hosts")?;
    add(hardware, &hosts, machine)
}

fn add(hardware: &str, hosts: &str, machine: &str) -> Result<String> {
    let others = hosts.lines().filter_map(|line| line.split_once(' ')).filter(|(_, name)| *name != machine);
    let others: String =
        others.map(|(address, name)| format!("    \"{address}\" = [ \"{name}\" ];\n")).collect();
    if others.is_empty() {
        return Ok(hardware.to_owned());
    }
    let (before, after) =
        hardware.rsplit_once('}').context("the hardware's configuration has no closing brace")?;
    Ok(format!("{before}\n  networking.hosts = {{\n{others}  }};\n}}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_knows_the_others_and_alone_nobody() {
        let hosts = "10.0.0.10 web\n10.0.0.11 db\n";
        assert_eq!(
            add("{ }: {\n  a = { };\n}\n", hosts, "web").unwrap(),
            "{ }: {\n  a = { };\n\n  networking.hosts = {\n    \"10.0.0.11\" = [ \"db\" ];\n  };\n}\n"
        );
        assert_eq!(add("{ }\n", "10.0.0.10 web\n", "web").unwrap(), "{ }\n");
    }
}
