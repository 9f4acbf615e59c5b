//! What is written down of a request, and what follows from it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use nixi_core::journal::{
    self, Claim, Consent, Entry, Journal as _, Line, MemoryJournal, Request, RequestId, State, Undoing,
    Verdict, Verified, history,
};
use nixi_core::recording::Recording;
use nixi_core::session::{Audience, Event, Pending};
use nixi_core::{CallRequest, ErrorKind, Intent, Mode, Op, Outcome, Refusal, StepStatus};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, CONFIG, touch};
use crate::fanout::{fleet, statuses};
use crate::workflow::perform;

use StepStatus::{Declined, Done, NotStarted};

/// A journal in memory whose disk may be full, and whose process may have ended.
#[derive(Default)]
pub(crate) struct Journal {
    kept: MemoryJournal,
    /// So many entries are written; the rest is not.
    room: Mutex<Option<usize>>,
    writes: AtomicUsize,
    cut_off: Mutex<Vec<RequestId>>,
    /// What is wrong with it.
    problems: Mutex<Vec<String>>,
}

impl Journal {
    fn room_for(&self, entries: usize) {
        *self.room.lock().unwrap() = Some(entries);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.kept.entries()
    }

    async fn requests(&self) -> Vec<Request> {
        history(self.read().await.unwrap())
    }
}

#[async_trait]
impl journal::Journal for Journal {
    async fn write(&self, entry: Entry) -> Result<RequestId, String> {
        let written = self.writes.fetch_add(1, Ordering::Relaxed);
        match *self.room.lock().unwrap() {
            Some(room) if written >= room => return Err("there is no room for it".to_owned()),
            Some(_) | None => {}
        }
        self.kept.write(entry).await
    }

    async fn read(&self) -> Result<Vec<Line>, String> {
        self.kept.read().await
    }

    async fn claim(&self, request: RequestId) -> Result<Option<Claim>, String> {
        self.kept.claim(request).await
    }

    async fn cut_off(&self) -> Vec<RequestId> {
        self.cut_off.lock().unwrap().clone()
    }

    async fn verify(&self) -> Result<Verified, String> {
        let problems = self.problems.lock().unwrap().clone();
        Ok(Verified { problems, ..self.kept.verify().await? })
    }
}

/// The notices that were heard.
#[derive(Default)]
struct Notices(Mutex<Vec<String>>);

impl Audience for Notices {
    fn hear(&self, event: Event) {
        if let Event::Notice(words) = event {
            self.0.lock().unwrap().push(words);
        }
    }
}

/// What each entry is, in a word.
fn words(entries: &[Entry]) -> Vec<&'static str> {
    let word = |entry: &Entry| match entry {
        Entry::Asked { .. } => "asked",
        Entry::Decided { .. } => "decided",
        Entry::StepBegun { .. } => "begun",
        Entry::StepEnded { .. } => "ended",
        Entry::Ended { .. } => "over",
    };
    entries.iter().map(word).collect()
}

fn verdicts(entries: &[Entry]) -> Vec<Verdict> {
    let verdict = |entry: &Entry| match entry {
        Entry::Decided { verdict, .. } => Some(*verdict),
        Entry::Asked { .. } | Entry::StepBegun { .. } | Entry::StepEnded { .. } | Entry::Ended { .. } => None,
    };
    entries.iter().filter_map(verdict).collect()
}

fn wait() -> fn(Pending) {
    |pending| pending.leave_waiting()
}

async fn approve(bench: &mut Bench, id: u64, answers: &[fn(Pending)]) -> Outcome {
    let op = bench.approver.as_ref().unwrap().typed_consent().approve(RequestId::new(id));
    perform_op(bench, op, answers).await
}

/// Performs the calls, and gives the approver back.
async fn ask(bench: &mut Bench, calls: Vec<CallRequest>, answer: fn(Pending)) -> Outcome {
    perform_op(bench, Op::Call(calls), &[answer]).await
}

async fn perform_op(bench: &mut Bench, op: Op, answers: &[fn(Pending)]) -> Outcome {
    let mut approver = bench.approver.take().unwrap();
    let mut answers = answers.iter();
    let outcome = {
        let mut work = std::pin::pin!(bench.perform(op));
        loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                Some(pending) = approver.next() => answers.next().unwrap()(pending),
            }
        }
    };
    assert!(answers.next().is_none(), "not asked so often");
    bench.approver = Some(approver);
    outcome
}

#[tokio::test]
async fn a_request_is_written_down_from_its_question_to_its_end() {
    let mut bench = fleet(2);
    let calls = vec![touch(&["a", "b"]).on("web-0"), touch(&["c"]).on("web-1")];
    let (outcome, _) = perform(&mut bench, calls, &[Pending::approve]).await;
    let entries = bench.journal.entries();
    assert_eq!(
        words(&entries),
        ["asked", "decided", "begun", "ended", "begun", "ended", "begun", "ended", "over"]
    );
    assert_eq!(verdicts(&entries), [Verdict::Agreed(Consent::Answered)]);
    let requests = bench.journal.requests().await;
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.id, request.state, request.parts.len()), (RequestId::new(1), State::Ended, 2));
    assert!(request.parts.iter().all(|part| part.status == Some(Done)));
    let calls: Vec<_> = outcome.results.iter().map(|result| (result.call, result.request)).collect();
    let logged: Vec<_> = request.parts.iter().map(|part| (part.asked.call, Some(request.id))).collect();
    assert_eq!(calls, logged);
}

#[tokio::test]
async fn every_answer_is_on_record() {
    let answers: [(fn(Pending), Verdict); 5] = [
        (|pending| pending.deny(Refusal::Person), Verdict::Denied),
        (|pending| pending.deny(Refusal::NobodyToAsk), Verdict::NobodyToAsk),
        (drop, Verdict::Gone),
        (wait(), Verdict::Waiting),
        (Pending::approve_in_advance, Verdict::Agreed(Consent::InAdvance)),
    ];
    for (answer, expected) in answers {
        let mut bench = fleet(1);
        ask(&mut bench, vec![touch(&["a"]).on("web-0")], answer).await;
        assert_eq!(verdicts(&bench.journal.entries()), [expected]);
    }
    let mut bench = Bench::over(
        &format!("[approval]\nroutine = \"auto\"\n{CONFIG}"),
        Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", ""),
    );
    perform_op(&mut bench, Op::Call(vec![touch(&["a"]).on("web")]), &[]).await;
    assert_eq!(verdicts(&bench.journal.entries()), [Verdict::Agreed(Consent::Routine)]);
}

/// Some parts are kept: both questions are on record, and the second one names the first.
#[tokio::test]
async fn a_question_that_is_asked_anew_is_a_request_of_its_own() {
    let mut bench = fleet(2);
    let answers: [fn(Pending); 2] = [|pending| pending.only(vec![1]), Pending::approve];
    perform(&mut bench, vec![touch(&["a"]).on("web-*")], &answers).await;
    let requests = bench.journal.requests().await;
    let states: Vec<_> = requests.iter().map(|request| (request.state, request.instead_of)).collect();
    assert_eq!(states, [(State::Replaced, None), (State::Ended, Some(requests[0].id))]);
}

/// Whatever entry cannot be written, no step runs that is not on record as begun.
#[tokio::test]
async fn without_room_in_the_journal_nothing_is_changed() {
    for room in 0..9 {
        let mut bench = fleet(2);
        bench.journal.room_for(room);
        let calls = vec![touch(&["a", "b"]).on("web-0"), touch(&["c"]).on("web-1")];
        let answers: &[fn(Pending)] = if room == 0 { &[] } else { &[Pending::approve] };
        let (outcome, _) = perform(&mut bench, calls, answers).await;
        let entries = bench.journal.entries();
        let begun = words(&entries).iter().filter(|word| **word == "begun").count();
        assert_eq!(bench.changes().len(), begun, "room for {room}");
        let told = statuses(&outcome.results);
        let all_done = told.iter().all(|(_, status)| *status == Done);
        assert_eq!(all_done, room >= 7, "room for {room}: {told:?}");
        if room < 2 {
            assert_eq!(told, [("web-0", NotStarted), ("web-1", NotStarted)]);
            let error = outcome.results[0].error.as_ref().unwrap();
            assert_eq!(error.kind, ErrorKind::Journal);
            assert!(error.message.contains("there is no room for it"), "{error}");
        }
    }
}

#[tokio::test]
async fn reads_need_no_journal() {
    let bench = fleet(1);
    bench.journal.room_for(0);
    let outcome = bench.call(CallRequest::new("probe.name").on("web-0")).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Done)]);
    assert_eq!(bench.journal.entries(), []);
}

#[tokio::test]
async fn a_request_that_waits_is_approved_by_its_number() {
    let mut bench = fleet(2);
    let outcome = ask(&mut bench, vec![touch(&["a"]).on("web-*")], wait()).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Declined), ("web-1", Declined)]);
    let error = outcome.results[0].error.as_ref().unwrap();
    assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::ApprovalRequired, 3));
    assert!(error.hint.as_ref().unwrap().contains("nixi approve 1"), "{error}");
    assert_eq!(bench.changes(), [""; 0]);
    assert_eq!(bench.asker.waiting(&()).await.unwrap().len(), 1);

    let outcome = approve(&mut bench, 1, &[]).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Done), ("web-1", Done)]);
    assert_eq!(bench.changes().len(), 2);
    assert_eq!(verdicts(&bench.journal.entries()), [Verdict::Waiting, Verdict::Agreed(Consent::ByNumber)]);
    assert_eq!(bench.asker.waiting(&()).await.unwrap(), []);
    // It is on record as what it was asked about, though this session calls its calls otherwise.
    let request = &bench.journal.requests().await[0];
    assert!(request.is_done(), "{request:?}");
    assert!(request.parts.iter().all(|part| part.progress.iter().all(|step| step.status == Some(Done))));

    let again = approve(&mut bench, 1, &[]).await;
    assert!(again.error.unwrap().message.contains("was approved before"));
    let unknown = approve(&mut bench, 99, &[]).await;
    assert_eq!(unknown.error.unwrap().kind, ErrorKind::NotFound);
    assert_eq!(bench.changes().len(), 2);
}

/// What a person approves by number is what was shown then. If it comes to something else by now, they are asked.
#[tokio::test]
async fn a_request_that_comes_to_another_plan_is_asked_about_anew() {
    for (answer, runs) in [(Pending::approve as fn(Pending), 1), (|pending| pending.deny(Refusal::Person), 0)]
    {
        let mut bench = fleet(1);
        ask(&mut bench, vec![touch(&["a"]).on("web-0")], wait()).await;
        let text = std::fs::read_to_string(bench.folder.path().join("config.toml")).unwrap();
        bench.set_config(&text.replace("port = 1", "port = 2222"));
        approve(&mut bench, 1, &[answer]).await;
        assert_eq!(bench.changes().len(), runs);
        let requests = bench.journal.requests().await;
        assert_eq!((requests[0].state, requests[1].instead_of), (State::Replaced, Some(requests[0].id)));
        let again = approve(&mut bench, 1, &[]).await;
        assert!(again.error.unwrap().message.contains("under another number"));
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_runs_no_more() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], wait()).await;
    bench.asker.deny(RequestId::new(1)).await.unwrap();
    let outcome = approve(&mut bench, 1, &[]).await;
    assert!(outcome.error.unwrap().message.contains("was not approved"));
    assert!(bench.asker.deny(RequestId::new(1)).await.is_err(), "once");
    assert_eq!(bench.changes(), [""; 0]);
}

#[tokio::test]
async fn what_was_done_last_is_taken_back_first() {
    let mut bench = fleet(2);
    let calls = vec![touch(&["a"]).on("web-*"), touch(&["b"]).on("web-0")];
    ask(&mut bench, calls, Pending::approve).await;
    let outcome = perform_op(&mut bench, Op::Undo(None), &[Pending::approve]).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Done), ("web-1", Done), ("web-0", Done)]);
    assert_eq!(
        bench.changes()[3..],
        ["b-back", "a-back", "a-back"].map(|name| format!("sudo -n -- touch -- {name}"))
    );
    let requests = bench.journal.requests().await;
    let (first, second) = (&requests[0], &requests[1]);
    assert_eq!((second.undoes, &first.undone_by), (Some(first.id), &vec![second.id]));

    // Taking back goes on backwards, and turns around only where it is told to.
    let nothing = perform_op(&mut bench, Op::Undo(None), &[]).await;
    assert_eq!(nothing.error.unwrap().kind, ErrorKind::NotFound);
    perform_op(&mut bench, Op::Undo(Some(second.id)), &[Pending::approve]).await;
    assert_eq!(bench.changes().len(), 9);
}

/// A yes in advance is for the whole; what cannot be taken back is named.
#[tokio::test]
async fn what_cannot_be_taken_back_is_said() {
    let mut bench = fleet(1);
    let calls = vec![touch(&["a"]).on("web-0"), touch(&["b"]).with("lines", 1).on("web-0")];
    ask(&mut bench, calls, Pending::approve).await;
    let check: fn(Pending) = |pending| {
        let review = pending.review();
        let left: Vec<_> = review.left_out.iter().map(|left| left.why.as_str()).collect();
        assert_eq!((left, review.parts.len()), (vec!["a trial"], 1));
        assert!(!nixi_core::session::AdvanceConsent::UpTo(nixi_core::Risk::Destructive).covers(review));
        pending.approve();
    };
    perform_op(&mut bench, Op::Undo(None), &[check]).await;
    assert_eq!(bench.changes().last().unwrap(), "sudo -n -- touch -- a-back");

    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["b"]).with("lines", 1).on("web-0")], Pending::approve).await;
    let error = perform_op(&mut bench, Op::Undo(None), &[]).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::CannotUndo);
    assert_eq!(error.message, "request 1 cannot be undone: probe.touch on web-0: a trial");

    // None before it can be either: that is said, and no number that leads nowhere.
    ask(&mut bench, vec![touch(&["c"]).with("lines", 1).on("web-0")], Pending::approve).await;
    let error = perform_op(&mut bench, Op::Undo(None), &[]).await.error.unwrap();
    let hint = error.hint.unwrap();
    assert!(hint.starts_with("no request before it can be undone either: look at web-0"), "{hint}");
}

#[tokio::test]
async fn what_was_not_run_is_not_taken_back() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], |pending| pending.deny(Refusal::Person)).await;
    assert_eq!(perform_op(&mut bench, Op::Undo(None), &[]).await.error.unwrap().kind, ErrorKind::NotFound);
    let named = perform_op(&mut bench, Op::Undo(Some(RequestId::new(1))), &[]).await;
    assert_eq!(named.error.unwrap().kind, ErrorKind::CannotUndo);
}

/// After a crash the next session names the step that may have run; the journal's readers close it.
#[tokio::test]
async fn what_a_crash_left_open_is_named_and_closed() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a", "b"]).on("web-0")], Pending::approve).await;
    let entries = bench.journal.entries();
    // It ended in the middle of its second step.
    let bench = fleet(1);
    for entry in &entries[..5] {
        bench.journal.write(entry.clone()).await.unwrap();
    }
    bench.journal.cut_off.lock().unwrap().push(RequestId::new(1));
    let (heard, cancel) = (Notices::default(), CancellationToken::new());
    let read = || Op::Call(vec![CallRequest::new("probe.name").on("web-0")]);
    for _ in 0..2 {
        bench.asker.perform(read(), nixi_core::Intent::Perform, &heard, &cancel).await;
    }
    let told = heard.0.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "once: {told:?}");
    assert!(
        told[0].contains("request 1") && told[0].contains("touch -- b` may have run on web-0"),
        "{told:?}"
    );

    let requests = bench.asker.log(&(), &cancel).await.unwrap();
    let part = &requests[0].parts[0];
    assert_eq!((requests[0].state, part.status), (State::Ended, Some(StepStatus::Unknown)));
    let steps: Vec<_> = part.progress.iter().map(|step| step.status).collect();
    assert_eq!(steps, [Some(Done), Some(StepStatus::Unknown)], "nothing is done that is not known to be");
    assert_eq!(bench.changes(), [""; 0], "it is only looked at");
    let undo = bench.perform(Op::Undo(Some(RequestId::new(1)))).await.error.unwrap();
    assert!(undo.message.contains("it ended as unknown"), "{undo}");
}

/// Somebody else is still at it.
#[tokio::test]
async fn a_request_that_runs_is_not_judged() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    let entries = bench.journal.entries();
    let bench = fleet(1);
    for entry in &entries[..3] {
        bench.journal.write(entry.clone()).await.unwrap();
    }
    let _held = bench.journal.claim(RequestId::new(1)).await.unwrap().unwrap();
    let requests = bench.asker.log(&(), &CancellationToken::new()).await.unwrap();
    assert_eq!(requests[0].state, State::Begun);
    assert_eq!(bench.journal.entries().len(), 3);
}

/// Two who approve the same request at the same time, or one who approves and one who drops it: one of them decides.
#[tokio::test]
async fn a_request_that_waits_is_decided_once() {
    for meddle in ["approve", "deny", "deny first"] {
        let mut bench = fleet(1);
        ask(&mut bench, vec![touch(&["a"]).on("web-0")], wait()).await;
        let consent = bench.approver.as_ref().unwrap().typed_consent();
        let (id, cancel) = (RequestId::new(1), CancellationToken::new());
        let approve = || bench.asker.perform(consent.approve(id), nixi_core::Intent::Perform, &(), &cancel);
        match meddle {
            "approve" => drop(tokio::join!(approve(), approve())),
            "deny" => drop(tokio::join!(approve(), bench.asker.deny(id))),
            _ => drop(tokio::join!(bench.asker.deny(id), approve())),
        }
        let entries = bench.journal.entries();
        let runs = usize::from(verdicts(&entries).contains(&Verdict::Agreed(Consent::ByNumber)));
        assert_eq!(bench.changes().len(), runs, "{meddle}");
        assert_eq!(verdicts(&entries).len(), 2, "{meddle}: it waits, and is decided once: {entries:?}");
    }
}

/// What a later line says of a request that ran does not undo that it ran.
#[tokio::test]
async fn what_ran_stays_on_record_as_run() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    let request = RequestId::new(1);
    for verdict in [Verdict::Replaced, Verdict::Denied, Verdict::Waiting] {
        bench.journal.write(Entry::Decided { request, verdict }).await.unwrap();
        assert_eq!(bench.journal.requests().await[0].state, State::Ended);
    }
}

/// What takes a change back is for the machine that was changed.
#[tokio::test]
async fn another_machine_under_the_same_name_is_not_undone() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    *bench.remote.key.lock().unwrap() = Ok(crate::bench::OTHER_KEY);
    let before = bench.remote.recording.execs();
    let outcome = perform_op(&mut bench, Op::Undo(None), &[]).await;
    assert_eq!(bench.remote.recording.execs(), before, "nothing is sent to it, no question either");
    let error = outcome.results[0].error.as_ref().unwrap();
    assert_eq!(error.kind, ErrorKind::Changed);
    assert!(error.message.contains("another machine than the one that was changed"), "{error}");
    assert_eq!(bench.changes().len(), 1);
}

#[tokio::test]
async fn a_node_that_is_gone_keeps_no_other_from_being_undone() {
    let mut bench = fleet(2);
    ask(&mut bench, vec![touch(&["a"]).on("web-*")], Pending::approve).await;
    let text = std::fs::read_to_string(bench.folder.path().join("config.toml")).unwrap();
    bench.set_config(&text.replace("name = \"web-1\"", "name = \"other\""));
    let check: fn(Pending) = |pending| {
        let why = &pending.review().left_out[0].why;
        assert!(why.contains("no such node"), "{why}");
        pending.approve();
    };
    let outcome = perform_op(&mut bench, Op::Undo(None), &[check]).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Done)]);
}

/// What a model asked for is shown to whoever approves it, whatever its number.
#[tokio::test]
async fn a_request_of_a_model_is_shown_before_it_is_approved() {
    let recording = || Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
    let mut bench = Bench::with_model(CONFIG, recording(), touch(&["a"]).on("web"));
    let words = || Op::Ask {
        words: "do it".to_owned(),
        interpreters: nixi_core::session::Interpreters::PhrasebookThenModel,
    };
    perform_op(&mut bench, words(), &[wait()]).await;
    let check: fn(Pending) = |pending| {
        assert_eq!(pending.review().origin, nixi_core::Origin::Model);
        pending.deny(Refusal::Person);
    };
    approve(&mut bench, 1, &[check]).await;
    assert_eq!(bench.changes(), [""; 0]);
}

/// What was killed at its question is decided: nobody answered it.
#[tokio::test]
async fn a_question_that_nobody_can_answer_any_more_is_closed() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    let asked = bench.journal.entries()[0].clone();
    let bench = fleet(1);
    bench.journal.write(asked).await.unwrap();
    bench.journal.cut_off.lock().unwrap().push(RequestId::new(1));
    bench.call(CallRequest::new("probe.name").on("web-0")).await;
    assert_eq!(verdicts(&bench.journal.entries()), [Verdict::Interrupted]);
    assert_eq!(bench.journal.requests().await[0].state, State::Declined);
}

/// Typing the command is the approval; all else is as with any other change, the way back included.
#[tokio::test]
async fn adopting_is_on_record() {
    let bench = Bench::new();
    let consent = bench.approver.as_ref().unwrap().typed_consent();
    let adopt = || consent.adopt(crate::adopt("new", "192.0.2.3", Mode::Managed));
    bench.journal.room_for(0);
    let refused = bench.perform(adopt()).await;
    assert_eq!(refused.error.unwrap().kind, ErrorKind::Journal);
    assert_eq!(bench.asker.nodes().unwrap().len(), 2);

    bench.journal.room_for(usize::MAX);
    let outcome = bench.perform(adopt()).await;
    assert_eq!((outcome.exit_code(), outcome.results[0].request), (0, Some(RequestId::new(1))));
    assert_eq!(words(&bench.journal.entries()), ["asked", "decided", "begun", "ended", "over"]);
    assert_eq!(verdicts(&bench.journal.entries()), [Verdict::Agreed(Consent::Typed)]);
    assert_eq!(bench.asker.nodes().unwrap().len(), 3);

    let undo = &bench.journal.requests().await[0].parts[0].asked.undo;
    assert_eq!(*undo, Undoing::Calls(vec![CallRequest::remove_node("new").with("expect", "nixi@192.0.2.3")]));
}

/// A dry run shows what would be done, and leaves the request as it was.
#[tokio::test]
async fn a_dry_run_of_what_waits_leaves_it_waiting() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], wait()).await;
    let before = bench.journal.entries();
    let op = bench.approver.as_ref().unwrap().typed_consent().approve(RequestId::new(1));
    let outcome = bench.asker.perform(op, Intent::PlanOnly, &(), &CancellationToken::new()).await;
    assert!(outcome.results[0].plan.is_some(), "{outcome:?}");
    assert_eq!((bench.journal.entries(), bench.asker.waiting(&()).await.unwrap().len()), (before, 1));
    assert_eq!(approve(&mut bench, 1, &[]).await.exit_code(), 0);
}

/// No step begins without a yes, whatever a line before it says.
#[tokio::test]
async fn a_request_of_which_a_step_began_has_begun() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    let mut lines = bench.journal.read().await.unwrap();
    let interrupted = Entry::Decided { request: RequestId::new(1), verdict: Verdict::Interrupted };
    let at = lines.iter().position(|line| matches!(line.entry, Entry::Decided { .. })).unwrap();
    lines.insert(at, Line { entry: interrupted, ..lines[at].clone() });
    lines.retain(|line| !matches!(line.entry, Entry::StepEnded { .. } | Entry::Ended { .. }));
    assert_eq!(history(lines)[0].state, State::Begun);
}

/// What a damaged journal says is done by nobody who has not seen it: no yes in advance and no configuration covers it.
#[tokio::test]
async fn what_a_damaged_journal_says_is_asked_about() {
    use nixi_core::session::AdvanceConsent;
    let config = format!("[approval]\nroutine = \"auto\"\n{CONFIG}");
    let recording = || Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
    let deny: fn(Pending) = |pending| {
        let review = pending.review();
        assert_eq!(review.uncovered, Some(nixi_core::plan::Uncovered::DamagedJournal));
        assert!(!AdvanceConsent::UpTo(nixi_core::Risk::Destructive).covers(review));
        pending.deny(Refusal::NobodyToAsk);
    };
    let mut bench = Bench::over(&config, recording());
    perform_op(&mut bench, Op::Call(vec![touch(&["a"]).on("web")]), &[]).await;
    bench.journal.problems.lock().unwrap().push("line 1 was changed".to_owned());
    let outcome = perform_op(&mut bench, Op::Undo(None), &[deny]).await;
    let hint = outcome.results[0].error.as_ref().unwrap().hint.clone().unwrap();
    assert!(hint.contains("the journal that it is from is not as it was written"), "{hint}");
    assert_eq!(bench.changes().len(), 1);

    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], wait()).await;
    bench.journal.problems.lock().unwrap().push("line 1 was changed".to_owned());
    approve(&mut bench, 1, &[deny]).await;
    assert_eq!(bench.changes(), [""; 0]);
}

/// Nothing is taken back twice, and where something cannot be, the way past it is told.
#[tokio::test]
async fn undo_tells_where_to_go_on() {
    let mut bench = fleet(1);
    ask(&mut bench, vec![touch(&["a"]).on("web-0")], Pending::approve).await;
    ask(&mut bench, vec![touch(&["b"]).with("lines", 1).on("web-0")], Pending::approve).await;
    let ids: Vec<RequestId> = bench.journal.requests().await.iter().map(|request| request.id).collect();
    let error = perform_op(&mut bench, Op::Undo(None), &[]).await.error.unwrap();
    assert_eq!(error.hint.unwrap(), format!("`nixi undo {}` takes back the one before it", ids[0]));

    let named: fn(Pending) = |pending| {
        assert_eq!(pending.review().undoes, Some(RequestId::new(1)));
        pending.approve();
    };
    perform_op(&mut bench, Op::Undo(Some(ids[0])), &[named]).await;
    let error = perform_op(&mut bench, Op::Undo(Some(ids[0])), &[]).await.error.unwrap();
    assert!(error.message.contains("is already undone, by request"), "{error}");
}
