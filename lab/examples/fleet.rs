//! A fleet to measure with: hosts of their own on 127.0.0.0/8 behind one sshd, and among them some where nobody answers.
//!
//! `cargo run -p nixi-lab --example fleet -- 200 40` makes 200 nodes, every fifth of them a black hole, all host keys
//! known; it prints what to type, and ends with Enter.
#![allow(clippy::print_stdout, reason = "it is for people")]

use std::fs;
use std::io::{self, BufRead};

use anyhow::{Context, Result, ensure};
use nixi_lab::{BlackHole, Sshd};

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<usize>());
    let mut number =
        |or| numbers.next().unwrap_or(Ok(or)).context("say how many nodes, and how many black holes");
    let (nodes, holes) = (number(200)?, number(40)?);
    ensure!(holes <= nodes, "there cannot be more black holes than nodes");
    let sshd = Sshd::builder().every_loopback_address().start()?;
    sshd.stub_programs()?;
    sshd.container("redis", "docker.io/library/busybox:1.37", true)?;
    let hole = BlackHole::on_every_loopback_address()?;

    let folder = tempfile::tempdir()?;
    let (config, known_hosts) = (folder.path().join("config.toml"), folder.path().join("known_hosts"));
    let mut text = format!("[ssh]\nknown_hosts = {known_hosts:?}\nidentity = [{:?}]\n", sshd.identity());
    let mut known = String::new();
    for at in 0..nodes {
        let address = format!("127.0.{}.{}", 1 + at / 250, 1 + at % 250);
        // Spread evenly: so many holes up to here.
        let is_hole = (at + 1) * holes / nodes > at * holes / nodes;
        let (kind, port) = if is_hole { ("hole", hole.port()) } else { ("web", sshd.port()) };
        text.push_str(&format!(
            "\n[[nodes]]\nname = \"{kind}-{at}\"\nhost = \"{address}\"\nport = {port}\nuser = {:?}\ntags = [{kind:?}]\n",
            sshd.user()
        ));
        if !is_hole {
            known.push_str(&format!("{}\n", sshd.known_hosts_line(&address)?));
        }
    }
    fs::write(&config, text)?;
    fs::write(&known_hosts, known)?;
    println!("export NIXI_CONFIG={}", config.display());
    println!("nixi nodes");
    println!("nixi call system.info --node @web");
    println!("# Enter ends it.");
    io::stdin().lock().lines().next();
    Ok(())
}
