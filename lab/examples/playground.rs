//! Two hosts to try Nixi on by hand: real sshds on loopback with stub programs, and an address where nobody answers.
//!
//! `cargo run -p nixi-lab --example playground` prints what to type, and ends both with Enter.
#![allow(clippy::print_stdout, reason = "it is for people")]

use std::fs;
use std::io::{self, BufRead};

use anyhow::Result;
use nixi_lab::{BlackHole, Sshd};

fn main() -> Result<()> {
    let mut hosts = Vec::new();
    for _ in 0..2 {
        let sshd = Sshd::builder().record_commands().start()?;
        sshd.stub_programs()?;
        for (name, running) in [("redis", true), ("cache", true), ("old", false)] {
            sshd.container(name, "docker.io/library/busybox:1.37", running)?;
        }
        sshd.unit("nginx.service", "active")?;
        sshd.unit("backup.service", "failed")?;
        sshd.journal("nginx.service", "GET / 200")?;
        hosts.push(sshd);
    }
    let [managed, monitored] = hosts.as_slice() else { return Ok(()) };
    let dead = BlackHole::start()?;

    // Whichever way this ends, the hosts' folders go.
    let config = managed.dir().join("config.toml");
    let known_hosts = managed.dir().join("known_hosts");
    let keys = [managed.identity(), monitored.identity()];
    fs::write(&config, format!("[ssh]\nknown_hosts = {known_hosts:?}\nidentity = {keys:?}\n"))?;
    println!("export NIXI_CONFIG={}", config.display());
    let adopt = |name: &str, host: &str, port: u16, user: &str, mode: &str| {
        println!("nixi adopt {name} {host} {user} {mode} --port {port}");
    };
    adopt("web-server", managed.host(), managed.port(), managed.user(), "managed");
    adopt("monitoring", monitored.host(), monitored.port(), monitored.user(), "monitored");
    println!(
        "printf '\\n[[nodes]]\\nname = \"dead\"\\nhost = \"127.0.0.1\"\\nport = {}\\n' >> $NIXI_CONFIG",
        dead.port()
    );
    println!("# what reached web-server: cat {}/argv.log", managed.home().display());
    println!("# what reached monitoring: cat {}/argv.log", monitored.home().display());
    println!("# Enter ends it.");
    io::stdin().lock().lines().next();
    Ok(())
}
