//! The real `nixi-tui` in a real terminal (tmux), with whole machines behind it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test: it starts programs, waits for them, and says loudly what it could not do"
)]

mod window;

use nixi_lab::{Image, Lab, LabBuilder, Machine, MachineSpec};
use window::Window;

const NGINX: &str = "systemd.services.nginx = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { Type = \"oneshot\"; \
                     RemainAfterExit = true; ExecStart = \"/bin/sh -c 'echo started >>/run/nginx'\"; }; };";

fn machines() -> (Lab, String) {
    let specs = ["web-server", "db-server", "monitoring"].map(|name| MachineSpec::new(name).options(NGINX));
    let lab = specs.into_iter().fold(Lab::builder(), LabBuilder::machine).up().unwrap();
    lab.machines().iter().for_each(|machine| machine.wait_until_booted().unwrap());
    let web = lab.machine("web-server");
    web.import(Image::Sleeper).unwrap();
    for name in ["redis", "cache"] {
        web.run(Image::Sleeper, name).unwrap();
    }
    let known_hosts = lab.folder().join("known_hosts");
    std::fs::write(&known_hosts, lab.known_hosts().unwrap()).unwrap();
    let mode = |machine: &Machine| if machine.name() == "monitoring" { "monitored" } else { "managed" };
    let config = format!("[ssh]\nknown_hosts = {known_hosts:?}\n\n{}", lab.config(mode));
    (lab, config)
}

/// A sentence for several machines is one question: it names who is left out, the steps run in order, what has changed
/// while it was asked is not done, and what was done is taken back.
#[test]
fn one_sentence_is_one_question() {
    let Some(window) = Window::open("") else { return };
    let (lab, config) = machines();
    std::fs::write(window.config(), config).unwrap();
    window.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    window.start();
    let web = lab.machine("web-server");
    let running = || {
        let all = "podman inspect --format {{.State.Running}} redis cache";
        web.root(all).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let starts = |name: &str| lab.machine(name).read("/run/nginx").unwrap().matches("started").count();
    let ask = || {
        window.tmux(&["send-keys", "C-u"]);
        window.say("stop redis and cache on web-server, then restart nginx on db-server and monitoring");
        window.sees("2 changes on 2 nodes");
        // Only a question says so.
        window.sees("left out: service.restart on monitoring");
        window.sees("y approve all");
    };

    ask();
    window.answer(&["n"], "you said no; nothing was run");
    assert_eq!((running().as_str(), starts("db-server")), ("true true", 1));

    ask();
    web.root("podman rm --force --time 1 cache").unwrap();
    web.run(Image::Sleeper, "cache").unwrap();
    window.answer(&["y"], "no longer so on web-server");
    assert_eq!((running().as_str(), starts("db-server")), ("true true", 1), "{}", window.screen());

    ask();
    window.answer(&["y"], "done: restart 1 unit on db-server");
    assert_eq!((running().as_str(), starts("db-server"), starts("monitoring")), ("false false", 2, 1));

    window.tmux(&["send-keys", "C-u"]);
    window.say("/undo");
    window.sees("Approve");
    window.sees("what ran before the restart has ended");
    window.answer(&["y"], "done: start 2 containers");
    assert_eq!((running().as_str(), starts("db-server")), ("true true", 2));
    window.key("C-u");
    window.key("C-d");
    window.is_clean();
}
