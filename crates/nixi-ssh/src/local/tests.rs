use std::time::Duration;

use super::*;
use crate::loopback::until;

const SH: Program = Program::new("sh");
/// Long enough for a busy machine to start a shell, in milliseconds.
const SHORT: u64 = 3000;

fn local() -> LocalExecutor {
    LocalExecutor::new([("PATH".into(), "/usr/bin:/bin".into())])
}

async fn run(
    program: Program,
    args: &[&str],
    deadline: u64,
    cancel: &CancellationToken,
) -> Result<Output, ExecError> {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    let limits = Exec::new("", Duration::from_millis(deadline), 100_000);
    local().run(program, &args, Sudo::NotAsked, &limits, cancel).await
}

#[tokio::test]
async fn words_stay_words_and_ends_are_told() {
    let never = CancellationToken::new();
    let out = run(Program::new("echo"), &["$HOME", "a b", "*"], 60_000, &never).await.unwrap();
    assert_eq!(out.stdout, b"$HOME a b *\n");
    let out =
        run(SH, &["-c", "head -c 300000 /dev/zero >&2; echo $LC_ALL; exit 3"], 60_000, &never).await.unwrap();
    assert_eq!((out.exit, out.stderr.len(), out.truncated), (Exit::Code(3), 100_000, true));
    assert_eq!(out.stdout, b"C\n");
    assert_eq!(
        run(SH, &["-c", "cat; kill -9 $$"], 60_000, &never).await.unwrap().exit,
        Exit::Signal("KILL".into())
    );
    let out = run(Program::new("no-such-program"), &[], 60_000, &never).await.unwrap();
    assert_eq!((out.exit, out.stderr.as_slice()), (Exit::Code(127), &b"no-such-program: not found\n"[..]));
}

#[tokio::test]
async fn who_listens_hears_it_as_it_comes() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hearing = std::sync::Arc::clone(&heard);
    let listener = nixi_core::recording::listener(move |piece| hearing.lock().unwrap().push(piece.to_vec()));
    let limits = Exec { listener: Some(listener), ..Exec::new("", Duration::from_secs(60), 9) };
    let args = ["-c", "echo first >&2; sleep 1; echo out; echo last >&2"].map(str::to_owned);
    let never = CancellationToken::new();
    let out = local().run(SH, &args, Sudo::NotAsked, &limits, &never).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [b"first\n".to_vec(), b"last\n".to_vec()]);
    assert_eq!((out.stdout.as_slice(), out.stderr.as_slice()), (&b"out\n"[..], &b"first\nlas"[..]));
}

/// Cargo sets some of its own, and all of these would reach a command by themselves.
#[tokio::test]
async fn a_command_gets_the_environment_that_is_listed_and_nothing_else() {
    let set = [
        ("HOME", "/home/ann"),
        ("USER", "ann"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("DOCKER_HOST", "tcp://192.0.2.9:2375"),
        ("DOCKER_CONTEXT", "elsewhere"),
        ("CONTAINER_HOST", "ssh://192.0.2.9/run/podman.sock"),
        ("CONTAINER_CONNECTION", "elsewhere"),
        ("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=192.0.2.9"),
        ("TZ", "Asia/Tokyo"),
        ("SYSTEMD_COLORS", "1"),
        ("SYSTEMD_LOG_LEVEL", "debug"),
        ("OMP_NUM_THREADS", "1"),
        ("LD_PRELOAD", "/tmp/x.so"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let local = LocalExecutor::new(set.map(|(name, value)| (name.into(), value.into())));
    let limits = Exec::new("", Duration::from_secs(60), 100_000);
    let never = CancellationToken::new();
    let out = local.run(Program::new("env"), &[], Sudo::NotAsked, &limits, &never).await.unwrap();
    let mut lines: Vec<&str> = std::str::from_utf8(&out.stdout).unwrap().lines().collect();
    lines.sort_unstable();
    let path = format!("PATH={WRAPPERS}:{SYSTEM_PROFILE}:/usr/bin:/bin");
    assert_eq!(lines, ["HOME=/home/ann", "LC_ALL=C", &path, "USER=ann"]);
}

#[tokio::test]
async fn what_is_given_up_ends_with_all_its_processes() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("pid").display().to_string();
    // The grandchild would outlive its parent.
    let script = format!("sleep 300 & echo $! >{mark}.new; mv {mark}.new {mark}; wait");
    let alive = |pid: &str| {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    };
    for deadline in [SHORT, 60_000] {
        let cancel = CancellationToken::new();
        let canceller = async {
            until(|| Path::new(&mark).exists()).await;
            if deadline > SHORT {
                cancel.cancel();
            }
        };
        let words = ["-c", &script];
        let (ended, ()) = tokio::join!(run(SH, &words, deadline, &cancel), canceller);
        let given_up = if deadline > SHORT {
            ExecError::Cancelled
        } else {
            ExecError::Deadline(Duration::from_millis(SHORT))
        };
        assert_eq!(ended, Err(given_up));
        let pid = std::fs::read_to_string(&mark).unwrap();
        until(|| !alive(pid.trim())).await;
        std::fs::remove_file(&mark).unwrap();
    }
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert_eq!(run(SH, &["-c", &script], 1, &cancelled).await, Err(ExecError::CancelledUnsent));
}

/// A controller with programs in the folders of NixOS and in the user's `PATH`.
fn controller(programs: &[&str]) -> (tempfile::TempDir, LocalExecutor) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for folder in ["wrappers", "system", "user"] {
        std::fs::create_dir(at(folder)).unwrap();
    }
    for program in programs {
        std::fs::write(at(program), "").unwrap();
        std::fs::set_permissions(at(program), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let local = LocalExecutor::new([("PATH".into(), at("user").into())]);
    let local = LocalExecutor { wrappers: at("wrappers"), system: at("system"), ..local };
    (dir, local)
}

/// What would be run for `mount -a`, the program's folder first; or the program that is missing.
fn found(programs: &[&str], sudo: Sudo) -> Result<Vec<String>, &'static str> {
    let (dir, local) = controller(programs);
    let argv = local.resolve(Program::new("mount"), &["-a".to_owned()], sudo)?;
    let words = std::iter::once(argv.program.into_os_string()).chain(argv.args);
    let own = format!("{}/", dir.path().display());
    Ok(words.map(|word| word.to_string_lossy().replace(&own, "")).collect())
}

/// As on a remote node: setuid programs are wrappers, sudo rules name the system's profile, elsewhere it is `PATH`.
#[test]
fn programs_are_found_as_nixos_lays_them_out() {
    let all = ["wrappers/sudo", "system/sudo", "user/sudo", "wrappers/mount", "system/mount", "user/mount"];
    assert_eq!(found(&all, Sudo::NotAsked).unwrap(), ["wrappers/mount", "-a"]);
    assert_eq!(found(&all, Sudo::NotNeeded).unwrap(), ["system/mount", "-a"]);
    assert_eq!(found(&all, Sudo::Needed).unwrap(), ["wrappers/sudo", "-n", "--", "system/mount", "-a"]);
    let profile = ["wrappers/sudo", "system/mount", "user/mount"];
    assert_eq!(found(&profile, Sudo::NotAsked).unwrap(), ["system/mount", "-a"]);
    let plain = ["user/sudo", "user/mount"];
    assert_eq!(found(&plain, Sudo::NotAsked).unwrap(), ["user/mount", "-a"]);
    assert_eq!(found(&plain, Sudo::Needed).unwrap(), ["user/sudo", "-n", "--", "user/mount", "-a"]);
    let (dir, local) = controller(&[]);
    let path = local.behind(&[&local.wrappers, &local.system]).into_string().unwrap();
    assert_eq!(path.replace(&dir.path().display().to_string(), ""), "/wrappers:/system:/user");
}

/// What is missing is named, be it sudo: that is mended otherwise.
#[tokio::test]
async fn a_missing_sudo_is_not_a_missing_program() {
    let limits = Exec::new("", Duration::from_secs(60), 100);
    for (programs, missing) in
        [(&["user/mount"][..], "sudo: not found\n"), (&["user/sudo"], "mount: not found\n")]
    {
        let (_dir, local) = controller(programs);
        let never = CancellationToken::new();
        let out = local.run(Program::new("mount"), &[], Sudo::Needed, &limits, &never).await.unwrap();
        assert_eq!((out.exit, String::from_utf8(out.stderr).unwrap().as_str()), (Exit::Code(127), missing));
    }
}
