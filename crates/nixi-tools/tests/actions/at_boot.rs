//! What starts at boot is declared: what is edited for it, and what is refused.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, CallResult, ErrorKind, Part, Risk, StepStatus, Undo};

use crate::support::{Lab, node};

const WANTED: &str = "nginx.service /nix/store/x-unit-nginx.service/nginx.service\n\
    multi-user.target.wants/nginx.service ../nginx.service\n";
const UNWANTED: &str = "nginx.service /nix/store/x-unit-nginx.service/nginx.service\n";

/// A node whose system has these links, and this in nixi.nix.
fn having(links: &str, own: &str) -> Recording {
    let own = format!("{{ lib, ... }}:\n{{\n  time.timeZone = \"UTC\";\n{own}}}\n");
    node()
        .answering("find /run/current-system/etc/systemd/system/", links)
        .answering("head '--bytes=262145' -- /home/me/nixos/nixi.nix", &own)
}

async fn asked(node: Recording, action: &str, name: &str) -> CallResult {
    let call = CallRequest::new(format!("service.{action}")).with("names", vec![name]);
    Lab::new(node).plan(call.on("db-server")).await
}

async fn planned(node: Recording, action: &str) -> Part {
    let result = asked(node, action, "nginx").await;
    result.plan.clone().unwrap_or_else(|| panic!("{result:?}"))
}

/// What changes in nixi.nix.
fn edited(part: &Part) -> Vec<String> {
    let diffs = part.steps.iter().filter_map(|step| step.diff.as_ref());
    let rows = diffs.flat_map(|diff| diff.rows()).map(|row| row.text);
    rows.filter(|text| text.starts_with(['+', '-']) && !text.contains("imports")).collect()
}

fn nothing(result: &CallResult) -> &str {
    assert_eq!((result.status, &result.plan), (StepStatus::Done, &None), "{result:?}");
    result.text.as_deref().unwrap()
}

const FORCED: &str = "  systemd.services.nginx.wantedBy = lib.mkForce [ ];\n";
const ADDED: &str = "  systemd.services.nginx.wantedBy = [\n    \"multi-user.target\"\n  ];\n";

#[tokio::test]
async fn what_is_not_wanted_is_enabled_and_taken_back() {
    let enabled = planned(having(UNWANTED, ""), "enable").await;
    assert_eq!(enabled.summary, "enable 1 unit on db-server: nginx.service");
    assert_eq!(edited(&enabled), ADDED.lines().map(|line| format!("+{line}")).collect::<Vec<_>>());
    let disabled = planned(having(WANTED, ADDED), "disable").await;
    assert_eq!(edited(&disabled), ADDED.lines().map(|line| format!("-{line}")).collect::<Vec<_>>());
    assert!(disabled.warnings.contains(&"nginx.service keeps running until it is stopped".to_owned()));
    for (node, action) in [(having(WANTED, ""), "enable"), (having(UNWANTED, ADDED), "enable")] {
        let said = "nothing to enable on db-server: nginx.service is started at boot already";
        assert_eq!(nothing(&asked(node, action, "nginx").await), said);
    }
}

#[tokio::test]
async fn what_others_declare_is_disabled_and_taken_back() {
    let triggered = "Id=nginx.service\nWantedBy=multi-user.target graphical.target\nRequiredBy=\nTriggeredBy=nginx.socket\n";
    let on = having(WANTED, "")
        .answering("systemctl show --no-pager '--property=Id,WantedBy,RequiredBy,TriggeredBy'", triggered);
    let disabled = planned(on, "disable").await;
    assert_eq!(edited(&disabled), [format!("+{}", FORCED.trim_end())]);
    assert_eq!(
        disabled.warnings[..4],
        [
            "nginx.service keeps running until it is stopped",
            "nginx.service is declared by somebody else, whose files stay as they are",
            "nginx.service is still started with graphical.target",
            "nginx.service is still started by nginx.socket",
        ]
    );
    assert_eq!(disabled.risk, Risk::Routine);
    let enabled = planned(having(UNWANTED, FORCED), "enable").await;
    assert_eq!(edited(&enabled), [format!("-{}", FORCED.trim_end())]);
    for node in [having(UNWANTED, ""), having(UNWANTED, FORCED)] {
        let said = "nothing to disable on db-server: nginx.service is not started at boot";
        assert_eq!(nothing(&asked(node, "disable", "nginx").await), said);
    }
    // All by which it is started goes.
    let required = format!("{WANTED}app.service.requires/nginx.service ../nginx.service\n");
    let both = edited(&planned(having(&required, ""), "disable").await);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[1].contains("systemd.services.nginx.requiredBy = lib.mkForce [ ];"), "{both:?}");
}

#[tokio::test]
async fn an_option_that_nixi_set_is_unset_and_set_again() {
    let own = "  services.nginx.enable = true;\n";
    let disabled = planned(having(WANTED, own), "disable").await;
    assert_eq!(edited(&disabled), [format!("-{}", own.trim_end())]);
    let set = CallRequest::new("nixos.edit").on("db-server");
    let set = set.with("option", "services.nginx.enable").with("value", "true");
    assert_eq!(disabled.undo, Undo::Calls(vec![set]));
    // What somebody wrote there is not Nixi's to take out.
    let error = asked(
        having(WANTED, "  systemd.services.nginx.wantedBy = [ \"graphical.target\" ];\n"),
        "disable",
        "nginx",
    )
    .await
    .error
    .unwrap();
    assert!(error.message.contains("which Nixi did not write"), "{error:?}");
}

#[tokio::test]
async fn what_the_configuration_does_not_declare_is_refused() {
    let refused = async |links: &str, name: &str, id: &str| {
        let shown = format!("Id={id}\nLoadState=loaded\nActiveState=active\nSubState=running\n");
        let on = having(links, "").answering("systemctl show --no-pager '--property=Id,Description", &shown);
        let error = asked(on, "enable", name).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::BadArgument, "{error:?}");
        error.message
    };
    let made = refused("", "nginx", "nginx.service").await;
    assert!(made.ends_with("something made it at run time"), "{made}");
    let masked = refused("nginx.service /dev/null\n", "nginx", "nginx.service").await;
    assert!(masked.ends_with("systemd.services.nginx.enable is false"), "{masked}");
    let links = "getty@.service /nix/store/x/getty@.service\ngetty.target.wants/getty@tty1.service ../getty@.service\n";
    let instance = refused(links, "getty@tty1", "getty@tty1.service").await;
    assert!(instance.contains("is an instance of getty@"), "{instance}");
    // One that is declared by that name is a unit like any other.
    let shown = "Id=getty@tty1.service\nLoadState=loaded\nActiveState=active\nSubState=running\n";
    let links = format!("{links}getty@tty1.service.d/overrides.conf /nix/store/x/overrides.conf\n");
    let on = having(&links, "").answering("systemctl show --no-pager '--property=Id,Description", shown);
    let result = asked(on, "disable", "getty@tty1").await;
    let edits = edited(&result.plan.unwrap());
    assert_eq!(edits, ["+  systemd.services.\"getty@tty1\".wantedBy = lib.mkForce [ ];"]);
}

#[tokio::test]
async fn where_there_is_no_nixos_nothing_is_declared_and_no_firewall_is_read() {
    let other = || {
        having("", "")
            .answering("readlink -f -- /run/current-system", "/run/current-system\n/run/booted-system\n")
    };
    for action in ["enable", "disable"] {
        let error = asked(other(), action, "nginx").await.error.unwrap();
        assert_eq!(error.message, "db-server is not a NixOS machine: it has no /run/current-system");
    }
    let listed = Lab::new(other()).call(CallRequest::new("firewall.list").on("db-server")).await;
    let said = "what the firewall lets in cannot be told: it is not a NixOS machine";
    assert!(listed.text.as_ref().is_some_and(|text| text.starts_with(said)), "{listed:?}");
}

#[tokio::test]
async fn what_keeps_the_node_within_reach_is_asked_about() {
    let shown = "Id=sshd.service\nLoadState=loaded\nActiveState=active\nSubState=running\n";
    let links = WANTED.replace("nginx", "sshd");
    let on = || having(&links, "").answering("systemctl show --no-pager '--property=Id,Description", shown);
    for (action, own) in
        [("disable", ""), ("enable", "  systemd.services.sshd.wantedBy = lib.mkForce [ ];\n")]
    {
        let own = format!("{{ lib, ... }}:\n{{\n{own}}}\n");
        let on = on().answering("head '--bytes=262145' -- /home/me/nixos/nixi.nix", &own);
        let part = asked(on, action, "sshd").await.plan.unwrap();
        let why = "sshd.service keeps the node within reach: without it you may be cut off";
        assert!(part.risk == Risk::Destructive && part.warnings.iter().any(|told| told == why), "{part:?}");
    }
}
