//! One machine under two names: monitored under one of them, it is changed under none.

use std::net::{Ipv4Addr, Ipv6Addr};

use nixi_core::recording::Recording;
use nixi_core::session::{AdvanceConsent, Pending};
use nixi_core::{ErrorKind, Intent, Likeness, Mode, Op, Risk, Sameness, StepStatus};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::adopt;
use super::bench::{Bench, CONFIG, KEY, touch};
use crate::workflow::perform;

fn same_key() -> Likeness {
    Likeness::Same(Sameness::Key(KEY.parse().unwrap()))
}

fn set(bench: &Bench, likeness: Result<Likeness, String>) {
    *bench.record.likeness.lock().unwrap() = likeness;
}

#[tokio::test]
async fn a_machine_that_is_monitored_under_another_name_is_not_changed() {
    for (likeness, told) in [
        (Ok(same_key()), KEY),
        (Ok(Likeness::Same(Sameness::Address)), "at one address and port"),
        (Err("the record cannot be read".to_owned()), "the record cannot be read"),
    ] {
        let mut bench = Bench::new();
        set(&bench, likeness);
        // Whoever would be asked says yes to everything.
        let mut approver = bench.approver.take().unwrap();
        let asking = bench.call(touch(&["a"]).on("web"));
        let outcome = tokio::select! {
            outcome = asking => outcome,
            _ = approver.next() => panic!("somebody was asked"),
        };
        let result = &outcome.results[0];
        let error = result.error.as_ref().unwrap();
        assert_eq!(
            (result.status, error.kind, outcome.exit_code()),
            (StepStatus::Refused, ErrorKind::ReadOnly, 3)
        );
        assert!(error.message.contains("web") && error.message.contains(told), "{error:?}");
        assert!(error.hint.is_some(), "{error:?}");
        assert_eq!(bench.changes(), Vec::<String>::new());
        let read = bench.call(nixi_core::CallRequest::new("probe.name").on("web")).await;
        assert_eq!(read.exit_code(), 0, "reads still run: {read:?}");
    }
}

/// A name may lead elsewhere while a person thinks.
#[tokio::test]
async fn what_is_found_out_after_the_yes_still_stops_it() {
    let mut bench = Bench::new();
    let outcome = bench.call_approved(touch(&["a"]).on("web"), |bench| set(bench, Ok(same_key()))).await;
    let result = &outcome.results[0];
    assert_eq!((result.status, outcome.exit_code()), (StepStatus::Refused, 3), "{outcome:?}");
    assert!(result.error.as_ref().unwrap().message.contains("watch"), "{outcome:?}");
    assert_eq!(bench.changes(), Vec::<String>::new());

    let mut bench = Bench::new();
    let moved = |bench: &Bench| *bench.remote.address.lock().unwrap() = "192.0.2.77";
    let outcome = bench.call_approved(touch(&["a"]).on("web"), moved).await;
    let error = outcome.results[0].error.as_ref().unwrap();
    assert_eq!(error.kind, ErrorKind::Changed);
    assert!(error.message.contains("nixi@192.0.2.77 (web.lan)"), "{error:?}");
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_told_is_said_in_the_plan_and_is_not_routine() {
    let mut bench = Bench::new();
    set(&bench, Ok(Likeness::Untold));
    let deny: fn(Pending) = |pending| pending.deny(nixi_core::Refusal::Person);
    let (_, reviews) = perform(&mut bench, vec![touch(&["a"]).on("web")], &[deny]).await;
    for risk in [Risk::Routine, Risk::Destructive] {
        assert!(
            !AdvanceConsent::UpTo(risk).covers(&reviews[0]),
            "only a person who is shown it says yes to that"
        );
    }
    let cancel = CancellationToken::new();
    let op = Op::Call(vec![touch(&["a"]).on("web")]);
    let outcome = bench.asker.perform(op, Intent::PlanOnly, &(), &cancel).await;
    let plan = outcome.results[0].plan.as_ref().unwrap();
    assert!(plan.warnings.iter().any(|warning| warning.contains("monitored as watch")), "{plan:?}");
    assert_eq!((plan.risk, plan.untold[0].as_str()), (Risk::Destructive, "watch"));
    set(&bench, Ok(Likeness::Another));
    let op = Op::Call(vec![touch(&["a"]).on("web")]);
    let outcome = bench.asker.perform(op, Intent::PlanOnly, &(), &cancel).await;
    assert_eq!(outcome.results[0].plan.as_ref().unwrap().risk, Risk::Routine);
}

/// Neither `routine = "auto"` nor anything that was said in advance applies such a plan, and a person can.
#[tokio::test]
async fn what_cannot_be_told_is_applied_by_a_person_alone() {
    let config = format!("{CONFIG}\n[approval]\nroutine = \"auto\"\n");
    let node = || Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
    let mut bench = Bench::over(&config, node());
    set(&bench, Ok(Likeness::Untold));
    bench.approver = None;
    let outcome = bench.call(touch(&["a"]).on("web")).await;
    let error = outcome.results[0].error.as_ref().unwrap();
    assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::ApprovalRequired, 3), "{outcome:?}");
    assert!(error.hint.as_ref().unwrap().contains("--yes does not cover"), "{error:?}");
    assert_eq!(bench.changes(), Vec::<String>::new());

    let mut bench = Bench::over(&config, node());
    set(&bench, Ok(Likeness::Untold));
    let outcome = bench.call_approved(touch(&["a"]).on("web"), |_| {}).await;
    assert_eq!(outcome.results[0].status, StepStatus::Done, "{outcome:?}");
    // One that is told by now holds up nothing; one that is in doubt only now does.
    let mut bench = Bench::over(&config, node());
    set(&bench, Ok(Likeness::Untold));
    let told = |bench: &Bench| set(bench, Ok(Likeness::Another));
    let outcome = bench.call_approved(touch(&["a"]).on("web"), told).await;
    assert_eq!(outcome.results[0].status, StepStatus::Done, "{outcome:?}");
    let mut bench = Bench::new();
    let in_doubt = |bench: &Bench| set(bench, Ok(Likeness::Untold));
    let outcome = bench.call_approved(touch(&["a"]).on("web"), in_doubt).await;
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::Changed);
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn one_that_may_be_there_already_is_adopted_with_a_remark() {
    for (mode, remark) in [(Mode::Managed, "monitored as watch"), (Mode::Monitored, "managed as web")] {
        let bench = Bench::new();
        set(&bench, Ok(Likeness::Untold));
        let consent = bench.approver.as_ref().unwrap().typed_consent();
        let outcome = bench.perform(consent.adopt(adopt("new", "new.lan", mode))).await;
        let text = outcome.results[0].text.as_ref().unwrap();
        assert!(text.contains(remark), "{text}");
        assert_eq!((outcome.exit_code(), bench.asker.nodes().unwrap().len()), (0, 3));
    }
}

#[tokio::test]
async fn a_plan_shows_the_way_and_another_way_is_another_plan() {
    let plan = |address: &'static str| async move {
        let bench = Bench::new();
        *bench.remote.address.lock().unwrap() = address;
        let cancel = CancellationToken::new();
        let op = Op::Call(vec![touch(&["a"]).on("web")]);
        let outcome = bench.asker.perform(op, Intent::PlanOnly, &(), &cancel).await;
        outcome.results[0].plan.clone().unwrap()
    };
    let (one, other) = (plan("192.0.2.1").await, plan("192.0.2.7").await);
    assert_eq!(one.route_words().unwrap(), "nixi@192.0.2.1 (web.lan)");
    assert_ne!(one.digest, other.digest);
    assert_eq!(one.digest, plan("192.0.2.1").await.digest);
}

#[tokio::test]
async fn a_machine_is_not_adopted_into_another_mode_by_another_name() {
    for (mode, there) in [(Mode::Managed, "watch (monitored)"), (Mode::Monitored, "web (managed)")] {
        let bench = Bench::new();
        set(&bench, Ok(same_key()));
        let consent = bench.approver.as_ref().unwrap().typed_consent();
        let outcome = bench.perform(consent.adopt(adopt("new", "new.lan", mode))).await;
        let error = outcome.error.as_ref().unwrap();
        assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::NodeExists, 2), "{outcome:?}");
        assert!(error.message.contains(there) && error.message.contains(KEY), "{error:?}");
        assert_eq!(bench.asker.nodes().unwrap().len(), 2);
        let forgotten = bench.record.forgotten.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(forgotten, 1, "the key that was new is not kept under the name");
    }
    let config = CONFIG.replace("mode = \"monitored\"\n", "");
    let bench = Bench::over(&config, Recording::new());
    set(&bench, Ok(same_key()));
    let consent = bench.approver.as_ref().unwrap().typed_consent();
    let outcome = bench.perform(consent.adopt(adopt("new", "new.lan", Mode::Managed))).await;
    assert!(outcome.results[0].text.as_ref().unwrap().contains("web is the same machine"), "{outcome:?}");
}

#[tokio::test]
async fn what_goes_by_one_host_key_alias_is_one_machine() {
    let node = |name: &str, mode: &str| {
        format!("[[nodes]]\nname = \"{name}\"\nhost = \"known-{name}\"\nmode = \"{mode}\"\n")
    };
    let of = |modes: [&str; 2]| {
        let text = node("a", modes[0]) + &node("b", modes[1]);
        Bench::over(&text, Recording::new()).asker.nodes()
    };
    let error = of(["managed", "monitored"]).unwrap_err();
    assert!(error.message.contains("HostKeyAlias known"), "{error}");
    assert_eq!(of(["managed", "managed"]).unwrap().len(), 2);
}

/// A spelling of an address that the resolver takes for it.
fn spelled(address: u32, form: u8, radix: u8, dot: bool) -> String {
    let [a, b, c, d] = address.to_be_bytes();
    let number = |value: u32| match radix % 4 {
        0 => value.to_string(),
        1 => format!("0{value:o}"),
        2 => format!("0x{value:x}"),
        _ => format!("0X{value:X}"),
    };
    let spelling = match form % 7 {
        0 => number(address),
        1 => format!("{a}.{}", number(address & 0xff_ffff)),
        2 => format!("{a}.{b}.{}", number(address & 0xffff)),
        3 => format!("{a}.{b}.{c}.{}", number(u32::from(d))),
        4 => return format!("::ffff:{}", Ipv4Addr::from(address)),
        5 => return format!("0:0:0:0:0:FFFF:{:x}:{:04X}", address >> 16, address & 0xffff),
        _ => return Ipv4Addr::from(address).to_ipv6_mapped().to_string(),
    };
    spelling + if dot { "." } else { "" }
}

/// A configuration that names one machine twice, first read-only.
async fn changed_under(host: &str, other: &str) -> (Vec<String>, u8) {
    let node = |name: &str, host: &str, mode: &str| {
        format!("[[nodes]]\nname = \"{name}\"\nhost = \"{host}\"\nmode = \"{mode}\"\n")
    };
    let text = node("watch", host, "monitored") + &node("web", other, "managed");
    let recording = Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
    let mut bench = Bench::over(&text, recording);
    let mut approver = bench.approver.take().unwrap();
    let asking = bench.call(touch(&["a"]).on("web"));
    let approving = async {
        while let Some(pending) = approver.next().await {
            pending.approve();
        }
    };
    let outcome = tokio::select! {
        outcome = asking => outcome,
        () = approving => unreachable!("the session outlives its own call"),
    };
    (bench.changes(), outcome.exit_code())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_spelling_of_a_monitored_address_is_changed(
        address in 1_u32..0xe000_0000, form in any::<u8>(), radix in any::<u8>(), dot in any::<bool>()
    ) {
        let (plain, other) = (Ipv4Addr::from(address).to_string(), spelled(address, form, radix, dot));
        for (host, name) in [(&plain, &other), (&other, &plain)] {
            let (changes, code) = run(changed_under(host, name));
            prop_assert_eq!((changes, code), (Vec::new(), 2), "{} {}", host, name);
        }
        // The neighbour is another machine, so the test can tell the two.
        let next = Ipv4Addr::from(address ^ 1).to_string();
        let (changes, _) = run(changed_under(&next, &other));
        prop_assert_eq!(changes.len(), 1);
    }

    #[test]
    fn no_spelling_of_a_longer_monitored_address_is_changed(groups in any::<[u16; 8]>(), wide in any::<bool>(), upper in any::<bool>()) {
        prop_assume!(groups[0] > 0x64);
        let plain = Ipv6Addr::from(groups).to_string();
        let long: Vec<String> =
            groups.iter().map(|group| if wide { format!("{group:04x}") } else { format!("{group:x}") }).collect();
        let other = if upper { long.join(":").to_uppercase() } else { long.join(":") };
        let (changes, code) = run(changed_under(&plain, &other));
        prop_assert_eq!((changes, code), (Vec::new(), 2), "{} {}", plain, other);
    }

    #[test]
    fn no_spelling_of_a_monitored_name_is_changed(name in "[a-z][a-z0-9]{1,12}\\.lan", cases in any::<u32>(), dot in any::<bool>()) {
        let other: String = name
            .char_indices()
            .map(|(at, c)| if cases >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .chain(dot.then_some('.'))
            .collect();
        let (changes, code) = run(changed_under(&name, &other));
        prop_assert_eq!((changes, code), (Vec::new(), 2), "{} {}", name, other);
    }
}
