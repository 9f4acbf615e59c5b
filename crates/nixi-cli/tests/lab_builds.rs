//! Building a system on whole machines: how far it is while it is built, and why nothing came of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::io::Write;

use common::terminal::{Terminal, code};
use common::{Home, Ran};
use nixi_lab::{Lab, Machine};

const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// What takes a line away that is to be written over.
const WIPE: &str = "\r\u{1b}[K";
/// Three programs, each of which needs the one before it.
const STEPS: &str = "environment.systemPackages = let \
    step = n: before: pkgs.runCommand \"step-${toString n}\" { inherit before; } \
        \"sleep 1; mkdir -p $out/share; echo ${toString n} >$out/share/step-${toString n}\"; \
    one = step 1 [ ]; two = step 2 [ one ]; three = step 3 [ two ]; in [ one two three ];";

fn ground(names: &[&str]) -> (Lab, Home) {
    let lab = Lab::up(names).unwrap();
    for machine in lab.machines() {
        machine.wait_until_booted().unwrap();
    }
    let home = Home::with_config(&format!("[guard]\ntimeout = \"15s\"\n{}", lab.config(|_| "managed")));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

/// Adds a line to its configuration.
fn declare(machine: &Machine, line: &str) {
    let text = machine.read(CONFIGURATION).unwrap();
    let (before, _) = text.rsplit_once('}').unwrap();
    machine.write(CONFIGURATION, &format!("{before}\n  {line}\n}}\n")).unwrap();
}

/// A package whose builder runs this.
fn package(name: &str, script: &str) -> String {
    format!("environment.systemPackages = [ (pkgs.runCommand \"{name}\" {{ }} \"{script}\") ];")
}

/// All that a change of the configuration may touch.
fn state(machine: &Machine) -> String {
    let script = "readlink -f /run/current-system /nix/var/nix/profiles/system
                  cd /etc/nixos && sha256sum * && ls /tmp | grep ^nixi- || true";
    machine.root(script).unwrap()
}

/// Runs it on a terminal to its end: everything that was printed, each time with what a later line took away.
fn on_terminal(home: &Home, args: &[&str]) -> (i32, String) {
    const END: &str = "it has ended";
    let mut terminal = Terminal::open();
    let mut command = home.command(args);
    command.env("TERM", "xterm");
    command.stdin(terminal.stdio()).stderr(terminal.stdio()).stdout(terminal.stdio());
    let child = command.spawn().unwrap();
    let mut program = terminal.program.try_clone().unwrap();
    let end = std::thread::spawn(move || {
        let code = code(child);
        program.write_all(END.as_bytes()).unwrap();
        code
    });
    terminal.wait_for(END);
    (end.join().unwrap(), terminal.seen.replace(END, ""))
}

/// The lines that were to be written over, in their order.
fn fleeting(printed: &str) -> Vec<String> {
    let lines = printed.split('\n').flat_map(|line| line.split(WIPE).skip(1));
    let plain = |line: &str| line.replace("\u{1b}[2m", "").replace("\u{1b}[0m", "").trim().to_owned();
    lines
        .map(plain)
        .filter(|line| line.contains(" … ") || line.ends_with('…') || line.contains(" of "))
        .collect()
}

/// What is left on the screen.
fn screen(printed: &str) -> String {
    let lines = printed.split('\n').map(|line| line.rsplit(WIPE).next().unwrap_or_default().trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// These come in this order among the lines, with others between them.
fn in_order(lines: &[String], expected: &[&str]) {
    let mut rest = lines.iter();
    for words in expected {
        assert!(rest.any(|line| line.contains(words)), "{words}: {lines:#?}");
    }
}

#[test]
fn a_build_says_how_far_it_is_and_leaves_no_line() {
    let (lab, home) = ground(&["web-1", "web-2"]);
    for machine in lab.machines() {
        declare(machine, STEPS);
    }
    let (code, printed) = on_terminal(&home, &["call", "nixos.check", "--node", "web-1"]);
    assert_eq!(code, 0, "{printed}");
    let told = fleeting(&printed);
    in_order(
        &told,
        &[
            "nixos.check on web-1: evaluating …",
            "nixos.check on web-1: building step-1 (0 of 5) …",
            "nixos.check on web-1: building step-2 (1 of 5) …",
            "nixos.check on web-1: building step-3 (2 of 5) …",
        ],
    );
    let left = screen(&printed);
    assert!(left.starts_with("The configuration builds: /nix/store/") && !left.contains('…'), "{left:?}");

    // Of two nodes it is one line, which says what each does; one of them has built it already.
    let (code, printed) = on_terminal(&home, &["call", "nixos.check", "--node", "web-1,web-2"]);
    assert_eq!(code, 0, "{printed}");
    let told = fleeting(&printed);
    in_order(&told, &["web-2: building step-1 (0 of 5)", "1 of 2; web-2: building step-3 (2 of 5)"]);
    assert!(told.iter().all(|line| line.chars().count() < 80), "{told:#?}");
    assert!(!screen(&printed).contains("waiting for"), "{printed:?}");

    // A change says it while it is planned, and while it is applied.
    let change = ["call", "package.install", "names=htop", "--node", "web-1", "--yes=destructive"];
    let (code, printed) = on_terminal(&home, &change);
    assert_eq!(code, 0, "{printed}");
    in_order(
        &fleeting(&printed),
        &[
            "package.install on web-1: evaluating …",
            "package.install on web-1: building ",
            "web-1 is switching",
            "confirming the switch on web-1",
        ],
    );
    let left = screen(&printed);
    assert!(!left.contains("package.install on web-1: ") && !left.contains(" is switching"), "{left}");

    // Where nobody watches, nothing of it is printed.
    let ran = home.nixi(&["call", "nixos.check", "--node", "web-2"]);
    assert!(ran.code == 0 && ran.err.is_empty(), "{ran:?}");
}

fn check(home: &Home, name: &str) -> Ran {
    let ran = home.nixi(&["call", "nixos.rebuild", "--node", name, "--yes=destructive"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("nothing was changed") && ran.err.contains("\nhint: "), "{ran:?}");
    ran
}

#[test]
fn a_build_that_fails_says_why_and_what_to_do() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    let configuration = web.read(CONFIGURATION).unwrap();
    let fails = |name: &str, script: &str| {
        web.write(CONFIGURATION, &configuration).unwrap();
        declare(web, &package(name, script));
        let before = state(web);
        let ran = check(&home, "web-server");
        assert_eq!(state(web), before);
        ran.err
    };
    let said = fails("broken-1.0", "for i in $(seq 100); do echo line $i; done; echo the reason >&2; exit 3");
    let head = "the new system cannot be built, and nothing was changed: broken-1.0 failed with exit code 3\n> line 87\n";
    assert!(said.contains(head) && said.contains("\n> the reason\n") && !said.contains("line 86"), "{said}");
    // The command of the hint tells the rest.
    let (_, hint) = said.split_once("`nix-store --read-log ").unwrap();
    let derivation = hint.split('`').next().unwrap();
    assert!(web.root(&format!("nix-store --read-log {derivation}")).unwrap().starts_with("line 1\nline 2\n"));

    // However much it printed, it is the end that is told.
    let said = fails(
        "loud-1.0",
        "yes a long line that is printed again and again | head -n 200000; echo the end; exit 1",
    );
    assert!(said.contains("loud-1.0 failed with exit code 1") && said.contains("\n> the end\n"), "{said}");
    assert!(said.len() < 2000, "{said}");

    let said = fails("hungry-1.0", "kill -9 $$");
    assert!(said.contains("most likely because web-server ran out of memory"), "{said}");
    assert!(said.contains("hungry-1.0: failed due to signal 9"), "{said}");

    web.write(CONFIGURATION, &configuration).unwrap();
    declare(
        web,
        "environment.systemPackages = [ (builtins.fetchTarball \"https://example.invalid/x.tar.gz\") ];",
    );
    let said = check(&home, "web-server").err;
    assert!(said.contains("web-server could not download what the new system needs"), "{said}");
}

#[test]
fn a_full_disk_is_told_as_that() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    declare(web, &package("large-1.0", "head -c 40000000 /dev/urandom >$out"));
    let before = state(web);
    let fault = web.disk_full().unwrap();
    let ran = check(&home, "web-server");
    assert!(ran.err.contains("a disk of web-server is full"), "{ran:?}");
    assert!(
        ran.err.contains("nixos.collect_garbage") && ran.err.contains("nixi call system.resources"),
        "{ran:?}"
    );
    fault.end().unwrap();
    assert_eq!(state(web), before);
}

#[test]
fn a_rebuild_of_somebody_else_is_waited_for_and_warned_of() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    declare(web, &package("slow-1.0", "sleep 12; mkdir $out"));
    web.root("systemd-run --unit=somebody --quiet --setenv=HOME=/root --setenv=PATH=$PATH --setenv=NIX_PATH=$NIX_PATH \
              /run/current-system/sw/bin/nixos-rebuild switch")
        .unwrap();
    web.wait_until("build", || Ok(web.root("pgrep -f slow-1.0 || true").unwrap().lines().count() > 0))
        .unwrap();
    let rebuild = ["call", "nixos.rebuild", "--node", "web-server", "--dry-run"];
    let (code, printed) = on_terminal(&home, &rebuild);
    in_order(&fleeting(&printed), &["nixos.rebuild on web-server: waiting for another build of slow-1.0"]);
    // By then that one has switched, so that the plan would be for a system that does not run any more.
    let left = screen(&printed);
    assert_eq!(code, 1, "{left}");
    assert!(left.contains("web-server was switched to another system while this was planned"), "{left}");
    assert!(left.contains("hint: somebody else rebuilt it; ask again"), "{left}");

    // Where that takes longer than the plan, the plan says so.
    declare(web, "environment.etc.changed.text = \"x\";");
    web.root("systemd-run --unit=other --quiet bash -c 'exec -a \"nixos-rebuild switch\" sleep 300'")
        .unwrap();
    let ran = home.nixi(&rebuild);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    let warning =
        "somebody else changes the system of web-server right now (nixos-rebuild switch 300, process ";
    assert!(told.contains(warning), "{told}");
    web.root("systemctl stop other").unwrap();
    assert!(!home.nixi(&rebuild).err.contains("somebody else"));
}
