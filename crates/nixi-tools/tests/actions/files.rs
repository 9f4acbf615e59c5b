//! Files: as people see them, and where file actions do not go.

use std::sync::Arc;

use async_trait::async_trait;
use nixi_core::recording::Recording;
use nixi_core::{
    Arrival, CallRequest, ErrorKind, ExecError, Executor, Invocation, Node, Output, StepStatus, Undo,
};
use tokio_util::sync::CancellationToken;

use crate::support::{Lab, NOTES, ended, node};

fn write(path: &str, content: &str) -> CallRequest {
    CallRequest::new("file.write").on("db-server").with("path", path).with("content", content)
}

#[tokio::test]
async fn a_plan_shows_what_changes_in_a_file() {
    let planned = Lab::new(node()).plan(write("/srv/notes/today.txt", NOTES[1]).with("mode", "0600")).await;
    let plan = planned.plan.unwrap();
    let summary = "write the file /srv/notes/today.txt on db-server, mode 0600 instead of 0644";
    assert_eq!(plan.summary, summary);
    let [step] = &plan.steps[..] else { panic!("{plan:?}") };
    insta::assert_snapshot!(step.diff.as_ref().unwrap(), @r"
    1 line added, 1 removed
    @@ -1,1 +1,1 @@
    -call home
    +water the plants
    ");
    assert!(
        step.line.contains("mode 0600, owner nixi:users, by no link, in place of SHA-256 "),
        "{}",
        step.line
    );
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["steps"][0]["diff"]["hunks"][0]["lines"][1]["change"], "added");
    assert_eq!(json["steps"][0]["line"], step.line);
}

/// The command that takes a change back is written to the journal and printed with `--json`.
#[tokio::test]
async fn content_that_others_may_not_read_is_kept_nowhere() {
    let delete = || CallRequest::new("file.delete").on("db-server").with("path", "/srv/notes/today.txt");
    for (mode, is_kept) in [("81a4", true), ("8184", true), ("81a0", false), ("8180", false), ("81ed", true)]
    {
        let facts = format!("{mode}\0{}\01000\0nixi\0100\0users\01764000000\01\0", NOTES[0].len());
        for call in [write("/srv/notes/today.txt", NOTES[1]), delete()] {
            let node = node()
                .answering(r"stat --dereference '--printf=%f\0%s", &facts)
                .answering(r"stat --dereference '--printf=%f\0%u", &format!("{mode}\0{}\0{}\0", 1000, 100));
            let lab = Lab::new(node);
            let undo = serde_json::to_value(lab.plan(call).await.plan.unwrap().undo).unwrap();
            assert_eq!(undo.to_string().contains("call home"), is_kept, "{mode} {undo}");
            let why = undo["cannot"].as_str().unwrap_or_default();
            assert_eq!(why.contains("others may not read it"), !is_kept, "{mode} {undo}");
        }
    }
    // Nor what lies in a folder that others may not go to.
    for closed in ["41ed\x0041c0\x0041ed\0", "41ed\x0041ed\0x\0"] {
        let lab = Lab::new(node().answering(r"stat --dereference '--printf=%f\0' -- ", closed));
        let undo = serde_json::to_value(lab.plan(delete()).await.plan.unwrap().undo).unwrap();
        assert!(undo["cannot"].as_str().unwrap().contains("others may not read it"), "{undo}");
    }
}

#[tokio::test]
async fn what_undoing_a_delete_does_not_bring_back_is_told() {
    let delete = || CallRequest::new("file.delete").on("db-server").with("path", "/srv/notes/today.txt");
    let folder = |mode: &str, group: &str| format!("{mode}\x000\x001000\0nixi\0{group}\0\x000\x001\0");
    let plain = folder("41ed", "100");
    for (mode, user, group, names, login, folder, lost) in [
        ("81a4", "1000\0nixi", "100\0users", 1, "1000", &plain, None),
        ("81a4", "1000\0nixi", "27\0media", 1, "1000", &plain, Some("its group media")),
        ("81a4", "1000\0nixi", "27\0media", 1, "1000", &folder("45ed", "27"), None),
        ("81a4", "1000\0nixi", "100\0users", 1, "1000", &folder("45ed", "27"), Some("its group users")),
        (
            "89ed",
            "1000\0nixi",
            "100\0users",
            1,
            "1000",
            &plain,
            Some("its set-user-ID and the like (mode 4755)"),
        ),
        (
            "81a4",
            "1000\0nixi",
            "100\0users",
            3,
            "1000",
            &plain,
            Some("its bond with 2 other names (hard links)"),
        ),
        ("81a4", "1001\0anna", "100\0users", 1, "0", &plain, Some("its owner anna")),
        (
            "83a4",
            "1000\0nixi",
            "27\0media",
            1,
            "1000",
            &plain,
            Some("its group media, nor its set-user-ID and the like (mode 1644)"),
        ),
    ] {
        let facts = format!("{mode}\0{}\0{user}\0{group}\x001764000000\0{names}\0", NOTES[0].len());
        let number = |owner: &str| owner.split('\0').next().unwrap().to_owned();
        let rights = format!("{mode}\0{}\0{}\0", number(user), number(group));
        let stat = |path: &str| {
            format!("stat --dereference '--printf=%f\\0%s\\0%u\\0%U\\0%g\\0%G\\0%Y\\0%h\\0' -- {path}")
        };
        let node = node()
            .answering(&stat("/srv/notes"), folder)
            .answering(&stat("/srv/notes/today.txt"), &facts)
            .answering(r"stat --dereference '--printf=%f\0%u\0%g\0' -- ", &rights)
            .answering("id --user", login);
        let plan = Lab::new(node).plan(delete()).await.plan.unwrap();
        let expected = lost.map(|lost| format!("undoing this does not bring back {lost}"));
        assert_eq!(plan.warnings, expected.into_iter().collect::<Vec<_>>(), "{facts:?}");
        assert!(matches!(plan.undo, Undo::Calls(_)), "{facts:?}");
    }
}

/// What is put in the place of the file that is prepared is found, also by whoever may not read what they write.
#[tokio::test]
async fn what_arrived_is_checked_as_late_as_it_can_be() {
    for (mode, last) in [("0644", "sha256sum"), ("0200", "chmod")] {
        let mut lab = Lab::new(node());
        let call = write("/srv/notes/today.txt", NOTES[1]).with("mode", mode);
        let result = lab.approved(call, |_| {}).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        let of_it = |run: &nixi_core::recording::Recorded| run.command.contains("/srv/notes/.today.txt");
        let ran = lab.nodes.seen();
        let checked: Vec<&str> = ran
            .iter()
            .filter(|run| of_it(run))
            .filter_map(|run| run.command.split(' ').next())
            .filter(|program| ["sha256sum", "chmod"].contains(program))
            .collect();
        assert_eq!((checked.len(), checked.last().copied()), (2, Some(last)), "{mode}");
    }
}

#[tokio::test]
async fn a_file_that_is_so_already_is_not_written() {
    let same = Lab::new(node()).plan(write("/srv/notes/today.txt", NOTES[0])).await;
    assert_eq!((same.status, same.plan), (StepStatus::Done, None));
    assert!(same.text.unwrap().contains("is so already"));
}

/// Where a path really leads is what counts, for every action.
#[tokio::test]
async fn what_leads_out_of_the_roots_is_refused() {
    let out = |to: &str| node().answering("realpath --canonicalize-existing --zero -- ", &format!("{to}\0"));
    for to in ["/etc/passwd", "/srvx/a", "/", "/etc/srv/x", "/srv"] {
        let lab = Lab::new(out(to));
        for action in ["file.read", "file.write", "file.delete", "file.list"] {
            if (action, to) == ("file.list", "/srv") {
                continue;
            }
            let call = CallRequest::new(action).on("db-server").with("path", "/srv/notes/x");
            let call = if action == "file.write" { call.with("content", "x") } else { call };
            let error = lab.plan(call).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::BadArgument, "{action} {to}: {error}");
            assert!(error.message.contains("is not below /srv"), "{action} {to}: {error}");
        }
        assert!(lab.nodes.seen().iter().all(|run| !run.command.starts_with("head")), "{to}");
    }
    for path in
        ["relative", "/srv/../etc/passwd", "/srv/./x", "/srv//x", "/srv/x/", "/srv/a\nb", "/srv/a\0b", ""]
    {
        let outcome = Lab::new(Recording::new()).perform(write(path, "x"), nixi_core::Intent::PlanOnly).await;
        assert_eq!(outcome.exit_code(), 2, "{path:?}");
    }
}

/// A node on which somebody turns the way to a path into a link, behind the first command that begins like this, and back behind
/// another.
struct Turning {
    node: Recording,
    path: &'static str,
    turns: [(&'static str, &'static str); 2],
}

#[async_trait]
impl Executor for Turning {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        let command = run.to_string();
        let end = self.node.exec(run).await;
        for (_, leads_to) in self.turns.iter().filter(|(behind, _)| command.starts_with(behind)) {
            let real = format!("realpath --canonicalize-existing --zero -- {}", self.path);
            self.node.answer(&real, &format!("{leads_to}\0"));
        }
        end
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

/// The path is looked at, and then used by its name: what it names may be another file by then.
#[tokio::test]
async fn a_path_that_becomes_a_link_while_it_is_read_is_not_shown() {
    let file = "/srv/notes/today.txt";
    let folder: fn() -> Recording = || {
        let facts = "41ed\x000\x001000\x00nixi\x00100\x00users\x000\x001\0";
        let row = "l\0fpasswd\0uroot\0groot\0f 2048 644 1764000000.5\0\n";
        let node = node().answering("stat --dereference '--printf=", facts);
        node.answering("find /srv/notes ", row)
    };
    let on = |action: &str, path: &str| CallRequest::new(action).on("db-server").with("path", path);
    for (call, node, read, path) in [
        (on("file.read", file), node as fn() -> Recording, "head ", file),
        (on("file.list", "/srv/notes"), folder, "find ", "/srv/notes"),
        (write(file, "x"), node, "head ", file),
        (on("file.delete", file), node, "head ", file),
    ] {
        for turns in [[("stat ", "/etc/passwd"), (read, path)], [("none", path), (read, "/etc/passwd")]] {
            let (action, node) = (call.action.clone(), node());
            let result = Lab::over(Arc::new(Turning { node, path, turns })).plan(call.clone()).await;
            assert_eq!((&result.text, &result.data, &result.plan), (&None, &None, &None), "{action}");
            let error = result.error.unwrap();
            assert_eq!(error.kind, ErrorKind::Changed, "{action} {turns:?}: {error}");
            assert!(error.message.contains("became a link, while it was read"), "{error}");
        }
    }
    let listed = Lab::new(folder()).call(on("file.list", "/srv/notes")).await;
    assert!(listed.text.unwrap().contains("passwd"), "where nobody does");
}

#[tokio::test]
async fn configured_roots_count() {
    let config = format!("{}\n[file]\nroots = [\"/data\"]\n", crate::support::CONFIG);
    let data = node().answering("realpath --canonicalize-existing --zero -- ", "/data/x\0");
    let lab = Lab::with_config(data.answering("head ", "hello\n"), &config);
    let read = lab.call(CallRequest::new("file.read").on("db-server").with("path", "/data/x")).await;
    assert_eq!(read.text.as_deref(), Some("hello"), "{read:?}");
}

#[tokio::test]
async fn what_the_login_user_may_not_do_is_told_with_the_way_out() {
    let write = || write("/srv/notes/today.txt", NOTES[1]);
    for (why, node) in [
        ("may not write to /srv/notes", node().ending("test -w", ended(1, "", ""))),
        ("belongs to nixi, not to the login user", node().answering("id --user", "1001\n")),
        ("is of the group users, in which the login user is not", node().answering("id --groups", "7 8\n")),
    ] {
        let error = Lab::new(node).plan(write()).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Permission, "{error}");
        assert!(
            error.message.contains(why) && error.hint.unwrap().contains("never use sudo"),
            "{}",
            error.message
        );
    }
    let denied = ended(1, "", "head: cannot open '/srv/notes/today.txt' for reading: Permission denied\n");
    let error = Lab::new(node().ending("head ", denied)).plan(write()).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Permission, "{error}");
    assert!(Lab::new(node()).plan(write()).await.plan.unwrap().lines().all(|line| !line.contains("sudo")));
}

#[tokio::test]
async fn what_is_no_file_is_neither_read_nor_written() {
    for (mode, what) in [("41ed", "a folder"), ("11a4", "a pipe"), ("c1ed", "a socket"), ("21b6", "a device")]
    {
        let facts = format!("{mode}\x000\x001000\0nixi\0100\0users\x000\x001\0");
        let lab = Lab::new(node().answering("stat --dereference '--printf=", &facts));
        for call in [
            write("/srv/notes/today.txt", "x"),
            CallRequest::new("file.read").on("db-server").with("path", "/srv/notes/today.txt"),
            CallRequest::new("file.delete").on("db-server").with("path", "/srv/notes/today.txt"),
        ] {
            let error = lab.plan(call).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::BadArgument);
            assert!(error.message.contains(&format!("is {what}")), "{error}");
        }
        assert!(
            lab.nodes.seen().iter().all(|run| !run.command.starts_with("head")),
            "a pipe would be waited for"
        );
    }
}

#[tokio::test]
async fn a_folder_as_people_see_it() {
    let facts = "41ed\x000\x001000\x00nixi\x00100\x00users\x000\x001\x00";
    let rows = "l\0fnotes\0unixi\0gusers\0d 4096 755 1764000000.0\0\nl../x\0flink\0uroot\0groot\0l 4 777 1764000000.5\0\n\
                l\0fa\nb\0uroot\0groot\0f 2048 644 1764000000.5\0\nnonsense\0\n";
    let folder = node()
        .answering("realpath --canonicalize-existing --zero -- ", "/srv/data\0")
        .answering("stat --dereference '--printf=", facts)
        .answering("find /srv/data ", rows);
    let list =
        Lab::new(folder).call(CallRequest::new("file.list").on("db-server").with("path", "/srv")).await;
    insta::assert_snapshot!(list.text.unwrap(), @r"
    NAME             SIZE  MODE  OWNER       MODIFIED
    a\nb          2.0 KiB  0644  root:root   2025-11-24 16:00
    link -> ../x      4 B  0777  root:root   2025-11-24 16:00
    notes/        4.0 KiB  0755  nixi:users  2025-11-24 16:00
    left out: row 4: it is not a file or folder as find prints it
    ");
}

#[tokio::test]
async fn two_changes_of_one_file_in_one_request_are_refused() {
    let lab = Lab::new(node());
    let calls = vec![write("/srv/notes/today.txt", NOTES[1]), write("/srv/notes/today.txt", "x")];
    let op = nixi_core::Op::Call(calls);
    let outcome = lab.asker.perform(op, nixi_core::Intent::PlanOnly, &(), &Default::default()).await;
    let error = outcome.results[1].error.as_ref().unwrap();
    assert!(
        error.message.contains("an earlier change of this request is about /srv/notes/today.txt"),
        "{error}"
    );
}
