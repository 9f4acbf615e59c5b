//! Files are written and deleted as shown, with the rights of the login user and no others.

use nixi::core::session::Pending;
use nixi::core::{ErrorKind, Refusal, StepStatus, Undo};
use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, WEB, call};

/// The changes that are tried here.
pub(crate) const ACTIONS: [&str; 2] = ["file.delete", "file.write"];

fn args(action: &str) -> Value {
    nixi::tools::registry().unwrap().spec(action).unwrap().example.clone()
}

#[tokio::test]
async fn files_are_written_and_deleted_and_brought_back() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    let state = || web.root("cd /srv/notes && stat --format='%n %a %U' * && cat *").unwrap();
    assert_eq!(state(), "old.txt 604 nixi\nold");
    for (action, after) in [
        ("file.write", "old.txt 604 nixi\ntoday.txt 644 nixi\nold\nwater the plants"),
        ("file.delete", "today.txt 644 nixi\nwater the plants"),
    ] {
        let (unchanged, before) = (Fingerprint::of(web), state());
        let (declined, _) =
            ground.call(call(action, WEB, &args(action)), |pending| pending.deny(Refusal::Person)).await;
        assert_eq!(declined.status, StepStatus::Declined, "{declined:?}");
        unchanged.assert_holds(web, action);
        let (made, asked) = ground.call(call(action, WEB, &args(action)), Pending::approve).await;
        assert_eq!((made.status, &made.plan), (StepStatus::Done, &asked), "{made:?}");
        assert!(asked.unwrap().lines().all(|line| !line.contains("sudo")));
        assert_eq!(state(), after);
        let Undo::Calls(back) = made.plan.unwrap().undo else { panic!("{action} cannot be taken back") };
        ground.call(back[0].clone(), Pending::approve).await;
        assert_eq!(state(), before, "{action}");
        ground.call(call(action, WEB, &args(action)), Pending::approve).await;
    }
}

#[tokio::test]
async fn what_is_roots_stays_roots() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    web.root("echo hidden >/srv/web/hidden && chmod 600 /srv/web/hidden && echo x >/srv/notes/theirs")
        .unwrap();
    let unchanged = Fingerprint::of(web);
    for (action, args) in [
        ("file.read", json!({"path": "/srv/web/hidden"})),
        ("file.write", json!({"path": "/srv/web/hidden", "content": "x"})),
        ("file.write", json!({"path": "/srv/web/data", "content": "x"})),
        ("file.write", json!({"path": "/srv/new", "content": "x"})),
        ("file.write", json!({"path": "/srv/notes/theirs", "content": "y"})),
        ("file.delete", json!({"path": "/srv/web/data"})),
    ] {
        let refused = ground.unasked(call(action, WEB, &args)).await;
        let error = refused.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Permission, "{action} {args}: {error}");
    }
    unchanged.assert_holds(web, "what was refused");
}
