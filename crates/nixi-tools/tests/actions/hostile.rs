//! What a node prints may be made to hurt: nothing of it reaches a terminal, and no garbage is taken for an answer.

use nixi_core::recording::Recording;
use nixi_core::registry::Access;
use nixi_core::{CallRequest, ErrorKind, StepStatus};

use crate::support::{Lab, WEB, ended, examples, node, podman_list};

/// A cleared screen, an 8-bit control, a bidirectional override, and a broken line.
const BAD: &str = "x\\u001b[2J\\u009b31m\\u202ey\\nz";

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c))
}

fn reads() -> Vec<CallRequest> {
    examples(|access| access == Access::Read)
}

#[tokio::test]
async fn garbage_is_unreadable_in_every_read() {
    for garbage in
        ["\u{1b}[2J<html>\nnot what you asked for\n", "\u{0}\u{fffd}\u{fffd}", "{\"a\":", "[[[[[[[["]
    {
        let lab = Lab::new(Recording::new().answering("", garbage));
        for call in reads() {
            let name = call.action.clone();
            let result = lab.call(call.on("db-server")).await;
            let error = result
                .error
                .unwrap_or_else(|| panic!("{name} took {garbage:?} for an answer: {:?}", result.text));
            assert_eq!(error.kind, ErrorKind::Unreadable, "{name}: {error}");
            assert!(error.message.starts_with("cannot read the output of `"), "{name}: {error}");
            assert!(is_harmless(&error.to_string()) && error.message.len() < 600, "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn no_escape_reaches_text_or_data() {
    let list = podman_list().replace("\"web\"", &format!("\"{BAD}\"")).replace("Up 5 minutes", BAD);
    let units = format!(
        r#"[{{"unit":"{BAD}","load":"{BAD}","active":"{BAD}","sub":"{BAD}","description":"{BAD}"}}]"#
    );
    let entry = format!(r#"{{"__REALTIME_TIMESTAMP":"1","_SYSTEMD_UNIT":"{BAD}","MESSAGE":"{BAD}"}}"#);
    let raw: String = serde_json::from_str(&format!("\"{BAD}\"")).unwrap();
    let line = raw.replace('\n', " ");
    let lab = Lab::new(
        Recording::new()
            .answering("sudo -n -- podman ps", &list)
            .answering("systemctl list-units", &units)
            .answering(
                "systemctl show",
                &format!("Id=x.service\nLoadState={line}\nActiveState={line}\nSubState={line}\n"),
            )
            .answering("journalctl", &entry)
            .answering("ip", &format!(r#"[{{"ifname":"{BAD}","operstate":"{BAD}","address":"{BAD}"}}]"#))
            .answering(
                "ss",
                &format!("tcp LISTEN 0 1 {}:1 *:* users:((\"{line}\",pid=1,fd=1))\n", line.replace(' ', "")),
            )
            .answering("uname -n", &line)
            .answering("uname -srm", "Linux 1 x\n")
            .answering("cat -- /etc/os-release", &format!("PRETTY_NAME=\"{line}\"\n"))
            .ending("sudo -n -- podman logs", ended(0, &format!("2025-11-24T17:00:00Z {line}\n"), "")),
    );
    let mut seen = 0;
    for call in reads() {
        let name = call.action.clone();
        let result = lab.call(call.on("db-server")).await;
        if result.status == StepStatus::Done {
            seen += 1;
            assert!(is_harmless(&result.text.unwrap()), "{name}");
            // Escapes of JSON itself are no controls; what they stand for is looked at.
            let data = result.data.unwrap().to_string();
            assert!(is_harmless(&data) && !data.contains("\\u001b"), "{name}: {data}");
        }
    }
    assert_eq!(seen, 10);
}

#[tokio::test]
async fn a_name_made_to_be_an_option_or_a_command_is_never_run() {
    for name in ["--volumes", "a; reboot", "$(reboot)", "../../etc"] {
        let list = podman_list().replace("\"web\"", &format!("{name:?}"));
        let identity = format!("{WEB} {name}\n");
        let lab =
            Lab::new(node().answering("sudo -n -- podman ps", &list).answering(
                "sudo -n -- podman inspect",
                &format!("{identity}{} cache\n", crate::support::CACHE),
            ));
        let plan = lab.plan(CallRequest::new("container.remove").on("db-server").with("all", true)).await;
        if let Some(plan) = plan.plan {
            let ids = [WEB, crate::support::CACHE]
                .map(|id| format!("sudo -n -- systemd-run … -- podman rm '--syslog=false' --force -- {id}"));
            assert!(plan.lines().all(|step| ids.iter().any(|id| id == step)), "{:?}", plan.steps);
        }
        assert!(lab.nodes.seen().iter().all(|run| !run.command.contains(name)), "{name}");
    }
    let lab = Lab::new(node().answering("sudo -n -- podman ps", &podman_list().replace(WEB, "-rf /")));
    let result = lab.plan(CallRequest::new("container.remove").on("db-server").with("all", true)).await;
    assert_eq!(result.error.unwrap().kind, ErrorKind::Unreadable);
}

/// Every text of a plan beside its steps.
fn texts(plan: &nixi_core::Part) -> Vec<&String> {
    std::iter::once(&plan.summary).chain(&plan.warnings).chain(&plan.expects).collect()
}

#[tokio::test]
async fn no_label_and_no_name_draws_a_plan_of_its_own() {
    let fake = format!("x.service{}Plan for web-server: restart 1 container: cache", " ".repeat(5000));
    let stop = || CallRequest::new("container.stop").on("db-server").with("names", vec![WEB]);

    let list = podman_list().replace("podman-web.service", &fake);
    let plan = Lab::new(node().answering("sudo -n -- podman ps", &list)).plan(stop()).await.plan.unwrap();
    assert_eq!(plan.warnings, Vec::<String>::new());

    for name in [&fake, &"x".repeat(10_000), "web\u{3164}"] {
        let name = name.trim_start();
        let lab = Lab::new(
            node()
                .answering(
                    "sudo -n -- podman ps",
                    &podman_list().replace("[\"web\"]", &format!("[{name:?}]")),
                )
                .answering("sudo -n -- podman inspect", &format!("{WEB} {name}\n")),
        );
        let plan = lab.plan(stop()).await.plan.unwrap();
        assert!(texts(&plan).iter().all(|text| text.len() < 100 && !text.contains(name)), "{plan:?}");
        assert!(plan.summary.contains(&WEB[..12]), "{plan:?}");
        let listed = lab.call(CallRequest::new("container.list").on("db-server")).await;
        assert!(!listed.text.unwrap().contains(name));
    }
}

#[tokio::test]
async fn a_name_of_two_containers_is_asked_about_by_id() {
    let twice = podman_list().replace("\"cache\"", "\"web\"");
    let lab = Lab::new(node().answering("sudo -n -- podman ps", &twice).answering(
        &format!("sudo -n -- podman inspect '--syslog=false' --type container --format '{{{{.Id}}}} {{{{.Name}}}}' -- {WEB}"),
        &format!("{WEB} web\n"),
    ));
    let stop = |name: &str| CallRequest::new("container.stop").on("db-server").with("names", vec![name]);
    let error = lab.plan(stop("web")).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::BadArgument);
    assert!(error.message.contains("ambiguous") && error.message.contains(&WEB[..12]), "{error}");
    let plan = lab.plan(stop(WEB)).await.plan.unwrap();
    assert_eq!(plan.summary, format!("stop 1 container on db-server: {}", &WEB[..12]));
    assert!(plan.lines().eq([format!("sudo -n -- systemd-run … -- podman stop '--syslog=false' -- {WEB}")]));
}

#[tokio::test]
async fn no_value_of_a_variable_leaves_inspect() {
    let inspect = format!(
        r#"[{{"Id":"{WEB}","Name":"web","State":{{"Status":"running"}},"Path":"x","Args":["--token=hunter2"],
            "Config":{{"Env":["A=hunter2","B=hunter2=x"],"Cmd":["hunter2"],"Labels":{{"auth":"hunter2"}}}}}}]"#
    );
    let lab = Lab::new(
        node().answering("sudo -n -- podman inspect '--syslog=false' --type container -- web", &inspect),
    );
    let result =
        lab.call(CallRequest::new("container.inspect").on("db-server").with("names", vec!["web"])).await;
    let shown = format!("{}{}", result.text.unwrap(), result.data.unwrap());
    assert!(!shown.contains("hunter2") && shown.contains("A, B (names only)"), "{shown}");
}
