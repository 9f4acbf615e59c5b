//! What sudo, podman, PAM modules and shells say on standard error is no content and no proof.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, ErrorKind, ErrorReport, StepStatus};
use serde_json::{Value, json};

use crate::support::{Lab, ended, node};

/// On a machine whose locale is not installed, whose own name has no address, whose accounts end soon, and others.
const REMARKS: [&str; 6] = [
    "time=\"2026-01-01T10:00:00Z\" level=warning msg=\"Using cgroups-v1 which is deprecated in favor of cgroups-v2\"\n",
    "sudo: unable to resolve host web: Name or service not known\n",
    "bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)\n",
    "WARNING: Your account will expire in 3 days.\n",
    "sudo: Host web kann nicht aufgel\u{f6}st werden\n",
    "Welcome to web!\n",
];

async fn data(lab: &Lab, call: CallRequest) -> (Value, String) {
    let result = lab.call(call.on("db-server")).await;
    assert_eq!((result.error, result.status), (None, StepStatus::Done));
    (result.data.unwrap(), result.text.unwrap())
}

async fn error(lab: &Lab, call: CallRequest) -> ErrorReport {
    lab.call(call.on("db-server")).await.error.unwrap()
}

fn logs() -> CallRequest {
    CallRequest::new("container.logs").with("name", "web")
}

#[tokio::test]
async fn a_remark_takes_no_log_of_a_container_away() {
    let stdout = "2026-01-01T10:00:01.500000000+00:00 hello\n";
    for remark in REMARKS {
        let lab = Lab::new(node().ending("sudo -n -- podman logs", ended(0, stdout, remark)));
        let (read, shown) = data(&lab, logs()).await;
        assert_eq!(
            read["lines"],
            json!([{"time": "2026-01-01T10:00:01Z", "stream": "stdout", "text": "hello"}])
        );
        assert_eq!(read["notices"], json!([remark.trim_end()]));
        assert_eq!(
            shown,
            format!("web (times in UTC)\n2026-01-01 10:00:01  hello\nnotice: {}", remark.trim_end())
        );
        let empty = Lab::docker(
            Recording::new()
                .ending("sudo -n -- docker --host unix:///var/run/docker.sock logs", ended(0, "", remark)),
        );
        let (read, shown) = data(&empty, logs()).await;
        assert_eq!((&read["lines"], &read["notices"]), (&json!([]), &json!([remark.trim_end()])));
        assert_eq!(shown, format!("web wrote nothing\nnotice: {}", remark.trim_end()));
    }
    let late = "2026-01-01T10:00:02.000000000+00:00 worse\nsudo: a remark that comes late\n";
    let lab = Lab::new(node().ending("sudo -n -- podman logs", ended(0, stdout, late)));
    let (read, shown) = data(&lab, logs()).await;
    assert_eq!(
        read["lines"][1],
        json!({"time": "2026-01-01T10:00:02Z", "stream": "stderr", "text": "worse"})
    );
    assert_eq!(read["notices"], json!(["sudo: a remark that comes late"]));
    // A container whose log driver keeps line breaks can write that itself.
    assert!(
        shown.ends_with("\nwithout a time, perhaps by the container: sudo: a remark that comes late"),
        "{shown}"
    );
}

#[tokio::test]
async fn no_line_of_an_entry_is_lost_or_shown_as_anothers() {
    let entry = "2026-01-01T10:00:01Z panic\n\tat app\nnotice: run this\nhint: or that\n";
    for (stdout, stderr) in [(entry, ""), ("", entry)] {
        let lab = Lab::new(node().ending("sudo -n -- podman logs", ended(0, stdout, stderr)));
        let (read, shown) = data(&lab, logs()).await;
        assert_eq!(read["lines"][0]["text"], "panic\n\tat app\nnotice: run this\nhint: or that");
        assert_eq!(read["notices"], json!([]));
        assert!(shown.lines().skip(2).all(|line| line.starts_with("    ")), "{shown}");
    }
}

const ACCESS: &str = "Hint: You are currently not seeing messages from other users and the system.\n";

fn greps() -> [CallRequest; 2] {
    [
        CallRequest::new("log.query").with("grep", "nosuchword"),
        CallRequest::new("service.logs").with("name", "nginx").with("grep", "nosuchword"),
    ]
}

#[tokio::test]
async fn no_match_is_no_match_on_a_noisy_machine() {
    for remark in REMARKS {
        // The login user does not see all, and sudo has something to say whatever it runs.
        let by_root = || {
            Recording::new()
                .ending("journalctl '--lines=1'", ended(0, "", ACCESS))
                .ending("journalctl '--output=json'", ended(1, "", ""))
                .ending("sudo -n -- journalctl '--lines=1'", ended(0, "-- No entries --\n", remark))
                .ending("sudo -n -- journalctl '--output=json'", ended(1, "", remark))
        };
        // He sees all, and his shell has something to say.
        let plain = || {
            Recording::new()
                .ending("journalctl '--lines=1'", ended(0, "", remark))
                .ending("journalctl '--output=json'", ended(1, "", remark))
        };
        for call in greps() {
            for nodes in [by_root(), plain()] {
                assert_eq!(data(&Lab::new(nodes), call.clone()).await.1, "no entries", "{remark}");
            }
            // journalctl itself failed: that is the reason, and not what was said around it.
            let failure = format!("{remark}Failed to parse timestamp: yesteryear\n");
            let lab =
                Lab::new(by_root().ending("sudo -n -- journalctl '--output=json'", ended(1, "", &failure)));
            let told = error(&lab, call).await;
            assert_eq!(told.kind, ErrorKind::CommandFailed, "{remark}");
            assert!(told.message.contains("Failed to parse timestamp: yesteryear"), "{told}");
        }
    }
}

#[tokio::test]
async fn what_sudo_refuses_is_no_empty_journal() {
    for refused in [
        "sudo: interactive authentication is required\n",
        "sudo: a password is required\n",
        "sudo: I'm sorry nixi. I'm afraid I can't do that\n",
        "sudo: sorry, you must have a tty to run sudo\n",
        "nixi is not in the sudoers file.\n",
    ] {
        for call in greps() {
            let lab = Lab::new(
                Recording::new()
                    .ending("journalctl", ended(1, "", ""))
                    .ending("journalctl '--lines=1'", ended(0, "", ACCESS))
                    .ending("sudo", ended(1, "", refused)),
            );
            let told = error(&lab, call).await;
            assert_eq!(told.kind, ErrorKind::Permission, "{told}");
            let words = refused.trim_end().trim_start_matches("sudo: ");
            assert!(told.message.ends_with(&format!("and sudo does not help: {words}")), "{told}");
        }
    }
}

/// Classic sudo, sudo-rs, and what each of them means.
#[tokio::test]
async fn a_refusal_has_its_kind_and_hint_in_every_call() {
    for (words, kind, hint) in [
        ("sudo: interactive authentication is required", ErrorKind::SudoPassword, "passwordless"),
        ("sudo: 'podman': command not found", ErrorKind::ProgramMissing, "install it"),
        ("sudo: I'm sorry nixi. I'm afraid I can't do that", ErrorKind::Permission, "sudoers"),
        ("sudo: sorry, you must have a tty to run sudo", ErrorKind::Unfit, "requiretty"),
        (
            "Sorry, user nixi is not allowed to execute '/usr/bin/podman ps' as root on web.",
            ErrorKind::Permission,
            "sudoers",
        ),
        ("nixi is not in the sudoers file.", ErrorKind::Permission, "sudoers"),
    ] {
        let lab = Lab::new(Recording::new().ending("sudo", ended(1, "", &format!("{words}\n"))));
        for call in [
            CallRequest::new("container.list"),
            CallRequest::new("container.inspect").with("names", vec!["web"]),
            logs(),
        ] {
            let told = error(&lab, call).await;
            assert_eq!(told.kind, kind, "{words}: {told}");
            assert!(told.hint.as_ref().is_some_and(|advice| advice.contains(hint)), "{told}");
        }
    }
}

#[tokio::test]
async fn a_plan_that_sudo_refuses_tells_why() {
    let mut lab = Lab::new(node());
    let call = CallRequest::new("container.stop").on("db-server").with("names", vec!["web"]);
    let refused = ended(1, "", "sudo: I'm sorry nixi. I'm afraid I can't do that\n");
    let result = lab.approved(call, |nodes| nodes.end("sudo -n -- systemd-run", refused)).await;
    assert_eq!(result.status, StepStatus::Failed);
    let told = result.error.unwrap();
    assert_eq!(told.kind, ErrorKind::Permission, "{told}");
    assert!(told.hint.unwrap().contains("sudoers"));
}
