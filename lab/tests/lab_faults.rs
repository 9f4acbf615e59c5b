//! Each fault is what its documentation says, to plain clients, and is over when it is ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use nixi_lab::{Lab, LinkQuality, Machine, SlowLink};

/// How long nothing must happen for it to be called a hang.
const A_WHILE: Duration = Duration::from_secs(2);

fn address(machine: &Machine) -> SocketAddr {
    (machine.address(), 22).into()
}

/// The ssh client, as it logs in to an address, with a known_hosts line of the machine.
fn ssh_by(machine: &Machine, known: &str, at: SocketAddr, options: &[&str], script: &str) -> Command {
    let known_hosts = machine.identity().with_file_name(format!("known-{}", at.port()));
    std::fs::write(&known_hosts, format!("{known}\n")).unwrap();
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
    ssh.args(["-o", "IdentitiesOnly=yes", "-o", "GlobalKnownHostsFile=/dev/null"]);
    ssh.arg(format!("-oHostKeyAlias={}", machine.address()));
    ssh.arg(format!("-oUserKnownHostsFile={}", known_hosts.display()));
    for option in options {
        ssh.args(["-o", option]);
    }
    ssh.arg("-i").arg(machine.identity()).args(["-p", &at.port().to_string()]);
    ssh.arg(format!("{}@{}", machine.user(), at.ip())).arg(script);
    ssh.stdin(Stdio::null());
    ssh
}

fn ssh(machine: &Machine, script: &str) -> Output {
    let known = machine.known_hosts_line().unwrap();
    ssh_by(machine, &known, address(machine), &["ConnectTimeout=2"], script).output().unwrap()
}

#[track_caller]
fn assert_works(machine: &Machine, script: &str) {
    let output = ssh(machine, script);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[track_caller]
fn assert_says(output: &Output, code: i32, words: &str) {
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(code) && said.contains(words), "{:?}: {said}", output.status);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A session that sends back what it is told.
struct Session {
    ssh: Child,
    lines: Receiver<String>,
}

impl Session {
    fn open(machine: &Machine) -> Self {
        let known = machine.known_hosts_line().unwrap();
        let mut ssh = ssh_by(machine, &known, address(machine), &[], "cat");
        let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines(ssh.stdout.take().unwrap());
        let mut session = Self { ssh, lines };
        session.tell("ready");
        assert_eq!(session.hear(Duration::from_secs(60)), Ok("ready".to_owned()));
        session
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.ssh.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn hear(&self, patience: Duration) -> Result<String, RecvTimeoutError> {
        self.lines.recv_timeout(patience)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[test]
fn a_black_hole_swallows_old_connections_and_new_ones_until_it_is_over() {
    let lab = Lab::up(&["web", "db"]).unwrap();
    let (web, db) = (lab.machine("web"), lab.machine("db"));
    let mut session = Session::open(web);
    let hole = web.black_hole().unwrap();

    session.tell("into the dark");
    assert_eq!(session.hear(A_WHILE), Err(RecvTimeoutError::Timeout));
    assert_says(&ssh(web, "true"), 255, "Connection timed out");
    let refused = TcpStream::connect_timeout(&address(web), A_WHILE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TimedOut);
    let from_db = format!("nc -w 2 {} 22 </dev/null", web.address());
    assert_ne!(db.try_root(&from_db).unwrap().stdout.get(..4), Some("SSH-"));
    let from_web = format!("nc -w 2 {} 22 </dev/null", db.address());
    assert_ne!(web.try_root(&from_web).unwrap().stdout.get(..4), Some("SSH-"));

    hole.end().unwrap();
    assert_eq!(session.hear(Duration::from_secs(60)), Ok("into the dark".to_owned()));
    assert_works(web, "true");
    assert_eq!(db.try_root(&from_db).unwrap().stdout.get(..4), Some("SSH-"));
    assert_eq!(web.try_root(&from_web).unwrap().stdout.get(..4), Some("SSH-"));
}

#[test]
fn a_black_hole_lasts_through_a_boot_and_ends_when_it_is_dropped() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let hole = web.black_hole().unwrap();
    web.power_off().unwrap();
    web.power_on().unwrap();
    web.wait_until_booted().unwrap();
    assert_says(&ssh(web, "true"), 255, "Connection timed out");
    drop(hole);
    assert_works(web, "true");
}

#[test]
fn power_loss_closes_no_connection() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let mut session = Session::open(web);
    web.power_off().unwrap();
    session.tell("anybody there?");
    assert_eq!(session.hear(A_WHILE), Err(RecvTimeoutError::Timeout));
    assert!(session.ssh.try_wait().unwrap().is_none());
    let gone = TcpStream::connect_timeout(&address(web), A_WHILE).unwrap_err();
    assert_ne!(gone.kind(), ErrorKind::ConnectionRefused);
    web.power_on().unwrap();
    web.wait_for_ssh().unwrap();
    assert_works(web, "true");
    // The machine that is up now knows nothing of that connection, and says so when it hears of it.
    assert_eq!(session.ssh.wait().unwrap().code(), Some(255));
}

#[test]
fn a_stopped_sshd_refuses_but_lets_its_sessions_live() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let mut session = Session::open(web);
    let stopped = web.stop_sshd().unwrap();
    let refused = TcpStream::connect(address(web)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_says(&ssh(web, "true"), 255, "Connection refused");
    session.tell("still here");
    assert_eq!(session.hear(Duration::from_secs(60)), Ok("still here".to_owned()));
    stopped.end().unwrap();
    assert_works(web, "true");
}

#[test]
fn a_full_disk_takes_no_byte_until_it_has_room_again() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let available = "df --output=avail /var | tail -n 1 | tr -d ' '";
    assert_ne!(web.root(available).unwrap(), "0");
    let full = web.disk_full().unwrap();
    assert_eq!(web.root(available).unwrap(), "0");
    assert_says(&ssh(web, "echo text >file"), 1, "No space left on device");
    assert!(web.write("/etc/new", "text").is_err());
    assert!(web.write("/var/lib/containers/new", "text").is_err());
    assert_works(web, "cat /etc/nixos/configuration.nix");
    full.end().unwrap();
    assert_works(web, "echo text >file");
    web.write("/etc/new", "text").unwrap();
    assert_ne!(web.root(available).unwrap(), "0");
}

const BY_SUDO: &str = "sudo -n /run/current-system/sw/bin/systemctl --version";

#[test]
fn sudo_asks_for_a_password_until_it_is_told_not_to() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let rights = format!("sudo -l -U {}", web.user());
    assert_works(web, BY_SUDO);
    let before = web.root(&rights).unwrap();
    assert!(before.contains("NOPASSWD:"), "{before}");

    let asks = web.sudo_asks_password().unwrap();
    assert!(web.user_without_sudo().is_err());
    assert_says(&ssh(web, BY_SUDO), 1, "sudo: a password is required");
    let now = web.root(&rights).unwrap();
    assert!(now.contains("/run/current-system/sw/bin/") && !now.contains("NOPASSWD"), "{now}");
    asks.end().unwrap();
    assert_works(web, BY_SUDO);
    assert_eq!(web.root(&rights).unwrap(), before);
}

#[test]
fn a_user_without_sudo_gets_it_back() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let rights = format!("sudo -l -U {}", web.user());
    let without = web.user_without_sudo().unwrap();
    assert_says(&ssh(web, BY_SUDO), 1, "sudo: a password is required");
    let now = web.root(&rights).unwrap();
    assert!(now.contains("is not allowed to run sudo"), "{now}");
    drop(without);
    assert_works(web, BY_SUDO);

    // An activation writes the file anew, and undoing the fault leaves that alone.
    let without = web.user_without_sudo().unwrap();
    web.reboot().unwrap();
    assert_works(web, BY_SUDO);
    without.end().unwrap();
    assert_works(web, BY_SUDO);
}

#[test]
fn a_reinstalled_machine_has_its_name_and_address_and_nothing_else_of_before() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let known = web.known_hosts_line().unwrap();
    let id = web.root("cat /etc/machine-id").unwrap();
    web.root("echo x >/var/stored").unwrap();
    assert_works(web, "true");

    web.reinstall().unwrap();
    assert_ne!(web.known_hosts_line().unwrap(), known);
    assert_ne!(web.root("cat /etc/machine-id").unwrap(), id);
    assert_eq!(web.root("uname -n").unwrap(), "web");
    assert!(web.read("/var/stored").is_err());
    let changed = ssh_by(web, &known, address(web), &[], "true").output().unwrap();
    assert_says(&changed, 255, "REMOTE HOST IDENTIFICATION HAS CHANGED");
    assert_works(web, "true");
}

#[test]
fn a_slow_link_delays_stalls_and_cuts_a_session() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let known = web.known_hosts_line().unwrap();
    let zeros = "head -c 100000 /dev/zero";
    let over = |quality: LinkQuality, options: &[&str]| {
        let link = SlowLink::to(address(web), quality).unwrap();
        ssh_by(web, &known, link.address(), options, zeros).output().unwrap()
    };
    let quick = LinkQuality::delayed(Duration::from_millis(20)).bytes_per_second(1_000_000);
    let output = over(quick, &[]);
    assert_eq!(output.stdout.len(), 100_000, "{}", text(&output.stderr));

    let output = over(LinkQuality::delayed(Duration::from_secs(4)), &["ConnectTimeout=2"]);
    assert_says(&output, 255, "timed out");
    let output = over(quick.cut_after(50_000), &[]);
    // Which of the two depends on whether ssh was reading or writing.
    let said = text(&output.stderr);
    assert!(said.contains("Connection reset by peer") || said.contains("Broken pipe"), "{said}");
    assert_eq!(output.status.code(), Some(255));
    assert!((1..50_000).contains(&output.stdout.len()), "{}", output.stdout.len());
    let alive = ["ServerAliveInterval=1", "ServerAliveCountMax=2"];
    let output = over(quick.stall_after(50_000), &alive);
    assert_says(&output, 255, "not responding");
    assert!((1..50_000).contains(&output.stdout.len()), "{}", output.stdout.len());
}
