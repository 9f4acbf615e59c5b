//! How long one warm command takes: through a whole session of Nixi, and through an `ssh -S` client that shares an
//! OpenSSH master connection. Both run the same program on the same sshd on loopback, in turn, in one process.
//!
//! `cargo xtask bench latency [PAIRS]` prints medians and their ratio, for each login shell: starting bash alone takes
//! longer than everything else that a warm command does. It judges nothing.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nixi::Setup;
use nixi::core::{
    ActionName, CallRequest, Inspect, InspectCx, Intent, Op, ReadCapability, Registry, ToolError, catalog,
};
use nixi_lab::{ControlMaster, Sshd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const PAIRS: usize = 300;
const WARM_UP: usize = 20;

/// `bench.name`: one `uname -n`, the smallest read that there is.
struct Name;

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoArgs {}

#[derive(Serialize, JsonSchema)]
struct Named(String);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Inspect for Name {
    const NAME: ActionName = ActionName::new("bench", "name");
    const ABOUT: &'static str = "the node's own name";
    const CAPABILITY: ReadCapability = ReadCapability::SystemStatus;
    type Args = NoArgs;
    type Report = Named;
    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<Named, ToolError> {
        Ok(Named(cx.stdout(catalog::system::host_name()).await?))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let pairs = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(PAIRS);
    println!("one warm `uname -n` on a loopback sshd, {pairs} pairs each");
    for shell in ["/bin/sh", "/bin/bash"] {
        match Sshd::builder().login_shell(shell).start() {
            Ok(sshd) => measure(&sshd, shell, pairs).await?,
            // Only root can give its sshd a user database of its own.
            Err(error) => {
                println!("\nlogin shell {shell}: not measured: {error:#}");
                let sshd = Sshd::start().context("the bench needs sshd on this machine")?;
                return measure(&sshd, "of this user", pairs).await;
            }
        }
    }
    Ok(())
}

async fn measure(sshd: &Sshd, shell: &str, pairs: usize) -> Result<()> {
    let master = ControlMaster::connect(sshd)?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config.toml");
    let text = format!(
        "[ssh]\nknown_hosts = {:?}\nidentity = [{:?}]\n\n[[nodes]]\nname = \"bench\"\nhost = {:?}\nport = {}\nuser = {:?}\n",
        folder.path().join("known_hosts"),
        sshd.identity(),
        sshd.host(),
        sshd.port(),
        sshd.user(),
    );
    std::fs::write(&config, text)?;
    let (asker, _approver) =
        nixi::open_with(&Setup { config: Some(config) }, Registry::new().inspect(Name)?)?;

    let (mut ours, mut theirs) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
    for round in 0..WARM_UP + pairs {
        let begun = Instant::now();
        let call = CallRequest::new("bench.name").on("bench");
        let outcome = asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &Default::default()).await;
        let nixi = begun.elapsed();
        ensure!(outcome.exit_code() == 0, "{:?}", outcome.results.first().map(|result| &result.error));

        let begun = Instant::now();
        let output = master.command("uname -n").output()?;
        let ssh = begun.elapsed();
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if round >= WARM_UP {
            ours.push(nixi);
            theirs.push(ssh);
        }
    }
    let mut ratios: Vec<f64> =
        ours.iter().zip(&theirs).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    println!("\nlogin shell {shell}");
    print_row("nixi session", &mut ours);
    print_row("ssh -S client", &mut theirs);
    println!("ratio, pair by pair: median {:.3}", ratios[ratios.len() / 2]);
    Ok(())
}

fn print_row(name: &str, times: &mut [Duration]) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!("{name:<14} median {:6.2} ms   p10 {:6.2} ms   p90 {:6.2} ms", at(0.5), at(0.1), at(0.9));
}
