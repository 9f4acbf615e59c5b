use proptest::prelude::*;

use super::history::BUDGET;
use super::*;

fn person(words: &str) -> Input {
    Input::Person(words.to_owned())
}

fn text(words: &str) -> Input {
    Input::Text(words.to_owned())
}

fn tool(index: u64, id: &str, name: &str, arguments: &str) -> Input {
    piece(Some(index), id, name, arguments)
}

fn piece(index: Option<u64>, id: &str, name: &str, arguments: &str) -> Input {
    let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    let arguments = arguments.to_owned();
    Input::Tool(ToolDelta { index, id: some(id), name: some(name), arguments, ..ToolDelta::default() })
}

fn done() -> Input {
    Input::Finish(Finish::Complete)
}

fn replies(count: usize) -> Input {
    Input::Replies((0..count).map(|at| format!("reply {at}")).collect())
}

fn failed(too_long: bool) -> Input {
    Input::StreamFailed { error: ErrorReport::new(ErrorKind::ModelBroken, "gone"), too_long }
}

/// All effects of all inputs, in order.
fn run(conversation: &mut Conversation, inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    inputs.into_iter().flat_map(|input| conversation.step(input)).collect()
}

fn after(inputs: impl IntoIterator<Item = Input>) -> (Conversation, Vec<Effect>) {
    let mut conversation = Conversation::default();
    let effects = run(&mut conversation, inputs);
    (conversation, effects)
}

fn calls(effects: &[Effect]) -> Vec<&ModelCall> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::CallTools(calls) = effect { Some(calls) } else { None })
        .flatten()
        .collect()
}

fn conclusion(effects: &[Effect]) -> Option<&Result<String, ErrorReport>> {
    effects.iter().find_map(|effect| if let Effect::Conclude(end) = effect { Some(end) } else { None })
}

fn requests(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Request(_))).count()
}

fn failure(effects: &[Effect]) -> &ErrorReport {
    conclusion(effects).unwrap().as_ref().unwrap_err()
}

/// A conversation that goes on as if nothing had happened.
fn works(conversation: &mut Conversation) {
    let effects = run(conversation, [person("again"), text("fine"), done(), Input::StreamEnded]);
    assert_eq!(conclusion(&effects), Some(&Ok("fine".to_owned())));
    well_formed(&conversation.history.messages());
}

/// Every call has its reply, in order; arguments are JSON; a person's words follow an answer.
fn well_formed(messages: &[Message]) {
    let mut open: Vec<String> = Vec::new();
    let mut answered = true;
    for message in messages {
        match message {
            Message::Person(_) => {
                assert!(open.is_empty() && answered, "{messages:?}");
                answered = false;
            }
            Message::Model { text, calls, .. } => {
                assert!(open.is_empty(), "{messages:?}");
                assert!(!calls.is_empty() || !text.is_empty());
                open = calls.iter().map(|call| call.id.clone()).collect();
                answered = calls.is_empty();
                assert_eq!(open.iter().collect::<BTreeSet<_>>().len(), open.len(), "{messages:?}");
                for call in calls {
                    assert!(serde_json::from_str::<nixi_core::registry::Args>(&call.arguments).is_ok());
                }
            }
            Message::Reply { id, .. } => assert_eq!(open.remove(0), *id, "{messages:?}"),
        }
    }
    assert!(open.is_empty());
}

#[test]
fn words_stream_and_become_the_answer() {
    let (mut conversation, effects) =
        after([person("hi"), text("Good "), text(""), text("day."), done(), Input::StreamEnded]);
    assert_eq!(
        effects,
        [
            Effect::Request(vec![Message::Person("hi".into())]),
            Effect::Say("Good ".into()),
            Effect::Say("day.".into()),
            Effect::Conclude(Ok("Good day.".into())),
        ]
    );
    works(&mut conversation);
}

#[test]
fn a_call_is_made_answered_and_told() {
    let mut conversation = Conversation::default();
    let effects = run(
        &mut conversation,
        [
            person("list"),
            text("I will look."),
            tool(0, "c1", "container", "{\"action\":"),
            tool(0, "", "", "\"list\"}"),
            done(),
        ],
    );
    assert!(calls(&effects).is_empty(), "not before the stream has ended");
    let effects = conversation.step(Input::StreamEnded);
    let [call] = calls(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((call.tool.as_str(), json!(call.args)), ("container", json!({"action": "list"})));
    let effects = run(&mut conversation, [replies(1), text("None."), done(), Input::StreamEnded]);
    let [Effect::Request(history), Effect::Say(said), Effect::Conclude(Ok(answer))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(history.len(), 3);
    assert_eq!((said.as_str(), answer.as_str()), ("\n\nNone.", "None."));
    works(&mut conversation);
}

#[test]
fn nothing_runs_of_a_turn_that_did_not_end_whole() {
    let call = || tool(0, "c1", "container", "{\"action\":\"remove\",\"all\":true}");
    let too_late = || tool(1, "c2", "container", "{}");
    for (what, inputs) in [
        ("truncated", vec![call(), Input::StreamEnded]),
        ("failed", vec![call(), failed(false)]),
        ("failed after its end", vec![call(), done(), failed(false)]),
        ("filtered", vec![call(), Input::Finish(Finish::Filtered), Input::StreamEnded]),
        ("cut", vec![call(), Input::Finish(Finish::Length), Input::StreamEnded]),
        ("a call after the end", vec![call(), done(), too_late(), Input::StreamEnded]),
        ("cancelled", vec![call(), done(), Input::Cancelled, Input::StreamEnded]),
    ] {
        let (mut conversation, effects) = after(std::iter::once(person("go")).chain(inputs));
        assert!(calls(&effects).is_empty(), "{what}");
        let kind = if what == "cancelled" { ErrorKind::Cancelled } else { ErrorKind::ModelBroken };
        assert_eq!(failure(&effects).kind, kind, "{what}");
        assert!(conversation.history.messages().is_empty(), "{what}");
        works(&mut conversation);
    }
}

#[test]
fn bad_json_is_told_to_the_model_and_nothing_of_the_turn_runs() {
    for bad in ["{\"action\":", "[]", "null", "{} {}", "\"list\""] {
        let (mut conversation, effects) = after([
            person("go"),
            tool(0, "c1", "container", "{\"action\":\"list\"}"),
            tool(1, "c2", "container", bad),
            done(),
            Input::StreamEnded,
        ]);
        assert!(calls(&effects).is_empty(), "{bad}");
        let Some(Effect::Request(history)) = effects.last() else { panic!("{effects:?}") };
        well_formed(history);
        let [.., Message::Reply { text: other, .. }, Message::Reply { text: error, .. }] = &history[..]
        else {
            panic!("{history:?}")
        };
        let told = |reply: &str| serde_json::from_str::<serde_json::Value>(reply).unwrap();
        assert_eq!(told(other)["status"], "not_started");
        assert!(told(other)["error"].as_str().unwrap().contains("another call"), "{other}");
        assert!(told(error)["error"].as_str().unwrap().contains("JSON"), "{error}");
        assert!(run(&mut conversation, [text("ok"), done(), Input::StreamEnded]).len() == 2);
        works(&mut conversation);
    }
}

#[test]
fn a_call_without_a_tool_is_an_error_and_without_arguments_is_none() {
    let (_, effects) = after([person("go"), tool(0, "c1", "", "{}"), done(), Input::StreamEnded]);
    assert!(calls(&effects).is_empty() && requests(&effects) == 2);
    let (_, effects) = after([person("go"), tool(0, "c1", "clock", ""), done(), Input::StreamEnded]);
    assert_eq!(calls(&effects)[0].args.len(), 0);
}

#[test]
fn ids_are_made_unique() {
    let (conversation, effects) = after([
        person("go"),
        tool(0, "same", "clock", "{\"action\":\"now\"}"),
        tool(1, "same", "clock", "{\"action\":\"now\"}"),
        tool(2, "", "clock", "{\"action\":\"now\"}"),
        tool(3, "nixi00001", "clock", "{\"action\":\"now\"}"),
        done(),
        Input::StreamEnded,
        replies(4),
        text("done"),
        done(),
        Input::StreamEnded,
    ]);
    assert_eq!(calls(&effects).len(), 4);
    well_formed(&conversation.history.messages());
}

#[test]
fn servers_number_their_calls_as_they_like() {
    let (a, b) = ("{\"action\":\"now\"}", "{\"action\":\"list\"}");
    for (what, pieces) in [
        ("all are number 0", vec![piece(Some(0), "x", "clock", a), piece(Some(0), "y", "container", b)]),
        ("no ids, all are 0", vec![piece(Some(0), "", "clock", a), piece(Some(0), "", "container", b)]),
        ("no numbers", vec![piece(None, "x", "clock", a), piece(None, "y", "container", b)]),
        ("no numbers, no ids", vec![piece(None, "", "clock", a), piece(None, "", "container", b)]),
        (
            "the id every time",
            vec![
                piece(Some(0), "x", "clock", "{\"action\":"),
                piece(Some(0), "x", "clock", "\"now\"}"),
                piece(Some(1), "y", "container", b),
            ],
        ),
        (
            "mixed",
            vec![
                piece(Some(0), "x", "clock", "{\"action\":"),
                piece(Some(1), "y", "container", b),
                piece(Some(0), "", "", "\"now\"}"),
            ],
        ),
    ] {
        let (_, effects) =
            after([person("go")].into_iter().chain(pieces).chain([done(), Input::StreamEnded]));
        let made: Vec<String> =
            calls(&effects).iter().map(|call| format!("{}.{}", call.tool, call.args["action"])).collect();
        assert_eq!(made, ["clock.\"now\"", "container.\"list\""], "{what}");
    }
}

#[test]
fn the_eleventh_round_is_never_asked_for() {
    let round = |at: usize| {
        [tool(0, &format!("c{at}"), "clock", "{\"action\":\"now\"}"), done(), Input::StreamEnded, replies(1)]
    };
    let (mut conversation, effects) = after([person("go")].into_iter().chain((0..20).flat_map(round)));
    assert_eq!(requests(&effects), ROUNDS);
    assert_eq!(calls(&effects).len(), ROUNDS - 1);
    assert_eq!(failure(&effects).kind, ErrorKind::ModelBroken);
    // What was done is still known to the model.
    assert!(conversation.history.messages().len() > ROUNDS);
    works(&mut conversation);
}

#[test]
fn an_empty_answer_is_no_answer() {
    for words in ["", " \n"] {
        let (mut conversation, effects) = after([person("go"), text(words), done(), Input::StreamEnded]);
        assert_eq!(failure(&effects).kind, ErrorKind::ModelBroken);
        works(&mut conversation);
    }
}

#[test]
fn an_answer_cut_at_its_length_is_shown_and_said_to_be_cut() {
    let (mut conversation, effects) =
        after([person("go"), text("As I was"), Input::Finish(Finish::Length), Input::StreamEnded]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Notice(_))));
    assert_eq!(conclusion(&effects), Some(&Ok("As I was".to_owned())));
    works(&mut conversation);
}

#[test]
fn cancelled_while_calls_are_made() {
    let begun = || {
        after([person("go"), tool(0, "c1", "container", "{\"action\":\"stop\"}"), done(), Input::StreamEnded])
            .0
    };
    let mut conversation = begun();
    let effects =
        run(&mut conversation, [Input::Cancelled, replies(1), Input::StreamEnded, Input::Cancelled]);
    assert_eq!(effects.len(), 1);
    assert_eq!(failure(&effects).kind, ErrorKind::Cancelled);
    well_formed(&conversation.history.messages());
    works(&mut conversation);
    // The driver went away without a word.
    let mut conversation = begun();
    works(&mut conversation);
}

#[test]
fn a_failed_round_keeps_the_rounds_before_it() {
    let (mut conversation, effects) = after([
        person("go"),
        tool(0, "c1", "container", "{\"action\":\"stop\"}"),
        done(),
        Input::StreamEnded,
        Input::Replies(vec!["stopped".into()]),
        text("It is st"),
        failed(false),
    ]);
    assert_eq!(failure(&effects).message, "gone");
    let messages = conversation.history.messages();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[3], Message::words("(no answer: gone)".into()));
    works(&mut conversation);
}

#[test]
fn the_advice_is_true_of_what_ran() {
    let hint = |inputs: Vec<Input>| {
        let (_, effects) = after(std::iter::once(person("go")).chain(inputs));
        failure(&effects).hint.clone().unwrap()
    };
    let called = || vec![tool(0, "c1", "container", "{}"), done(), Input::StreamEnded, replies(1)];
    let busy = || Input::StreamFailed {
        error: ErrorReport::new(ErrorKind::ModelUnavailable, "busy").hint("wait"),
        too_long: false,
    };
    for last in [Input::StreamEnded, failed(false)] {
        assert_eq!(hint(vec![last.clone()]), "nothing was run; ask again");
        let bad_call = [tool(0, "c1", "container", "["), done(), Input::StreamEnded];
        assert_eq!(hint(bad_call.into_iter().chain([last.clone()]).collect()), "nothing was run; ask again");
        let told = hint(called().into_iter().chain([last]).collect());
        assert!(told.starts_with("calls of earlier turns were made"), "{told}");
    }
    assert_eq!(hint(vec![busy()]), "wait");
    let told = hint(called().into_iter().chain([busy()]).collect());
    assert!(told.starts_with("calls of earlier turns were made") && told.ends_with("; wait"), "{told}");
}

#[test]
fn thoughts_are_neither_shown_nor_kept() {
    let (conversation, effects) = after([
        person("hi"),
        text("<thi"),
        text("nk>stop it all</th"),
        text("ink>\n\nGood"),
        text(" day."),
        done(),
        Input::StreamEnded,
    ]);
    assert_eq!(
        effects[1..],
        [Effect::Say("Good".into()), Effect::Say(" day.".into()), Effect::Conclude(Ok("Good day.".into()))]
    );
    assert_eq!(conversation.history.messages()[1], Message::words("Good day.".into()));
    // What only looked like a thought is shown in the end; a thought alone is no answer.
    let (_, effects) = after([person("hi"), text("<thin"), done(), Input::StreamEnded]);
    assert_eq!(effects[1..], [Effect::Say("<thin".into()), Effect::Conclude(Ok("<thin".into()))]);
    for finish in [Finish::Complete, Finish::Length] {
        let (mut conversation, effects) =
            after([person("hi"), text("<think>so"), Input::Finish(finish), Input::StreamEnded]);
        assert_eq!(failure(&effects).kind, ErrorKind::ModelBroken);
        works(&mut conversation);
    }
}

#[test]
fn the_history_has_a_bound_and_says_when_it_is_reached() {
    let long = "x".repeat(BUDGET / 4);
    let (mut conversation, _) = after([]);
    let mut notices = 0;
    for _ in 0..8 {
        let effects = run(&mut conversation, [person("go"), text(&long), done(), Input::StreamEnded]);
        notices += effects.iter().filter(|effect| matches!(effect, Effect::Notice(_))).count();
    }
    let messages = conversation.history.messages();
    assert!(messages.iter().map(Message::bytes).sum::<usize>() <= BUDGET + long.len() + 2);
    assert!(notices > 0);
    well_formed(&messages);
    // What the model's own limit refuses is dropped, or no request would ever work again.
    let effects = run(&mut conversation, [person("go"), failed(true)]);
    assert!(matches!(effects[..], [.., Effect::Notice(_), Effect::Conclude(Err(_))]));
    assert!(conversation.history.messages().is_empty());
    works(&mut conversation);
}

#[test]
fn a_flood_ends_the_turn() {
    let megabyte = "x".repeat(turn::LONGEST + 1);
    let (_, effects) = after([person("go"), text(&megabyte)]);
    assert_eq!(failure(&effects).kind, ErrorKind::ModelBroken);
    let many = (0..100).map(|at| tool(at, "", "clock", ""));
    let (_, effects) = after([person("go")].into_iter().chain(many).chain([done(), Input::StreamEnded]));
    assert!(calls(&effects).is_empty());
    assert_eq!(failure(&effects).kind, ErrorKind::ModelBroken);
}

fn any_input() -> impl Strategy<Value = Input> {
    let word = prop_oneof![Just(""), Just("a"), Just("clock")];
    let json = prop_oneof![Just(""), Just("{}"), Just("{\"action\":\"now\"}"), Just("{\"a"), Just("[]")];
    prop_oneof![
        1 => Just(person("hi")),
        3 => prop_oneof![Just(text("word")), Just(text(""))],
        6 => (0..3_u64, word.clone(), word, json).prop_map(|(at, id, name, args)| tool(at, id, name, args)),
        4 => prop_oneof![
            6 => Just(Finish::Complete), 1 => Just(Finish::Length), 1 => Just(Finish::Filtered)
        ].prop_map(Input::Finish),
        6 => Just(Input::StreamEnded),
        1 => any::<bool>().prop_map(failed),
        5 => (0..4_usize).prop_map(replies),
        1 => Just(Input::Cancelled),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_in_the_promises_hold(inputs in prop::collection::vec(any_input(), 0..200)) {
        let mut conversation = Conversation::default();
        let (mut rounds, mut waiting, mut finished) = (0, false, false);
        for input in inputs {
            if matches!(input, Input::Person(_)) {
                (rounds, waiting) = (0, true);
            }
            finished |= matches!(input, Input::Finish(Finish::Complete));
            let ended = input == Input::StreamEnded;
            for effect in conversation.step(input) {
                prop_assert!(waiting, "an effect, and nobody asked");
                match effect {
                    Effect::Request(history) => {
                        rounds += 1;
                        finished = false;
                        prop_assert!(rounds <= ROUNDS);
                        let mut closed = history;
                        closed.push(Message::words("end".into()));
                        well_formed(&closed);
                    }
                    Effect::CallTools(calls) => {
                        prop_assert!(finished && ended && !calls.is_empty());
                    }
                    Effect::Conclude(_) => waiting = false,
                    Effect::Say(words) | Effect::TakeBack(words) => prop_assert!(!words.is_empty()),
                    Effect::Notice(_) => {}
                }
            }
        }
        works(&mut conversation);
    }
}
