use super::*;

fn read(chunk: &str) -> Result<Piece, Fault> {
    Reader::default().read(Frame::Piece(serde_json::from_str(chunk).unwrap()))
}

fn inputs(chunk: &str) -> Vec<Input> {
    read(chunk).unwrap().inputs
}

fn said(words: &str) -> Fault {
    Fault::Said(Complaint { message: words.to_owned(), too_long: false })
}

#[test]
fn odd_chunks_are_read() {
    for silent in [
        "{}",
        "null",
        "\"x\"",
        "[]",
        "7",
        r#"{"choices":null,"usage":{}}"#,
        r#"{"choices":[]}"#,
        r#"{"choices":[{"delta":null,"finish_reason":""}],"service_tier":"on_demand"}"#,
        r#"{"choices":[{"delta":{"content":null,"role":"x","audio":null,"tool_calls":null}}]}"#,
        r#"{"choices":[{"finish_reason":null}],"error":null}"#,
        r#"{"choices":[{"delta":{"content":""}}],"error":""}"#,
        r#"{"type":"ping"}"#,
    ] {
        assert_eq!(inputs(silent), [], "{silent}");
    }
    assert_eq!(
        inputs(r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#),
        [Input::Text("a".into()), Input::Finish(Finish::Complete)]
    );
    let call = inputs(
        r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"clock","arguments":{"action":"now"}}}]}}]}"#,
    );
    let [Input::Tool(delta)] = &call[..] else { panic!("{call:?}") };
    assert_eq!((delta.index, delta.arguments.as_str()), (None, r#"{"action":"now"}"#));
}

#[test]
fn words_are_found_wherever_a_server_puts_them() {
    for choice in [
        r#"{"delta":{"content":"Noon."}}"#,
        r#"{"delta":{"content":[{"type":"text","text":"No"},{"type":"thinking","thinking":[]},{"type":"text","text":"on."}]}}"#,
        r#"{"message":{"role":"assistant","content":"Noon."}}"#,
        r#"{"delta":{},"message":{"content":"Noon."}}"#,
        r#"{"text":"Noon."}"#,
        r#"{"delta":{"content":null,"refusal":"Noon."}}"#,
    ] {
        assert_eq!(
            inputs(&format!(r#"{{"choices":[{choice}]}}"#)),
            [Input::Text("Noon.".into())],
            "{choice}"
        );
    }
}

#[test]
fn what_is_repeated_whole_is_said_once() {
    let mut reader = Reader::default();
    let mut words = String::new();
    for chunk in [
        r#"{"choices":[{"delta":{"content":"It is "},"message":{"content":"It is "}}]}"#,
        r#"{"choices":[{"delta":{"content":"noon."},"message":{"content":"It is noon."}}]}"#,
        r#"{"choices":[{"delta":{"content":""},"message":{"content":"It is noon."},"finish_reason":"stop"}]}"#,
    ] {
        for input in reader.read(Frame::Piece(serde_json::from_str(chunk).unwrap())).unwrap().inputs {
            if let Input::Text(text) = input {
                words.push_str(&text);
            }
        }
    }
    assert_eq!(words, "It is noon.");
}

#[test]
fn a_thought_goes_on_and_an_empty_chunk_does_not() {
    let goes_on = |delta: &str| read(&format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)).unwrap().goes_on;
    for delta in [
        r#"{"content":"a"}"#,
        r#"{"reasoning":"a"}"#,
        r#"{"reasoning_content":"a"}"#,
        r#"{"reasoning_details":[{"text":"a"}]}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"text":"a"}]}]}"#,
    ] {
        assert!(goes_on(delta), "{delta}");
    }
    for delta in
        ["{}", "null", r#"{"role":"assistant","content":"","reasoning":null}"#, r#"{"reasoning":""}"#]
    {
        assert!(!goes_on(delta), "{delta}");
    }
}

#[test]
fn an_error_in_the_stream_is_an_error() {
    for (chunk, words) in [
        (r#"{"error":{"code":500,"message":"boom"}}"#, "boom"),
        (r#"{"error":"boom"}"#, "boom"),
        (r#"{"error":{"message":"boom"},"message":"boom"}"#, "boom"),
        (r#"[{"error":{"message":"boom"}}]"#, "boom"),
        (r#"{"object":"error","message":"boom","code":400}"#, "boom"),
        (r#"{"type":"error","message":"boom"}"#, "boom"),
        (r#"{"detail":"boom"}"#, "boom"),
        (r#"{"detail":[{"msg":"boom"}]}"#, "boom"),
        (r#"{"code":"InvalidParameter","message":"boom"}"#, "boom"),
        (r#"{"choices":[{"delta":{},"error":{"code":502,"message":"boom"}}]}"#, "boom"),
        (r#"{"choices":[{"finish_reason":"error"}],"error":{"message":"boom"}}"#, "boom"),
        (r#"{"error":{}}"#, r#"{"error":{}}"#),
    ] {
        assert_eq!(read(chunk), Err(said(words)), "{chunk}");
    }
    assert_eq!(inputs(r#"{"choices":[{"finish_reason":"error"}]}"#), [Input::Finish(Finish::Failed)]);
}

#[test]
fn a_remark_counts_only_where_the_turn_has_no_end() {
    let mut reader = Reader::default();
    let remark = || Frame::Piece(serde_json::json!({"message": "queued"}));
    assert_eq!(reader.read(remark()), Ok(Piece::default()));
    assert_eq!(reader.end(), Some(said("queued")));
    reader.read(remark()).unwrap();
    reader.read(Frame::Piece(serde_json::json!({"choices": [{"finish_reason": "stop"}]}))).unwrap();
    assert_eq!(reader.end(), None);
}

#[test]
fn a_whole_answer_is_an_answer() {
    let whole = serde_json::json!({"choices": [{"message": {"content": "Noon."}}]});
    assert_eq!(
        Reader::default().read(Frame::Whole(whole)).unwrap().inputs,
        [Input::Text("Noon.".into()), Input::Finish(Finish::Complete)]
    );
    let silent = Frame::Whole(serde_json::json!({"choices": []}));
    assert_eq!(Reader::default().read(silent).unwrap().inputs, []);
}

#[test]
fn what_came_beside_goes_back_and_changes_nothing_of_ours() {
    let function = serde_json::json!({"name": "evil", "x": 1});
    let fields = |value: Value| value.as_object().unwrap().clone();
    let call = crate::conversation::ToolUse {
        id: "c1".into(),
        name: "clock".into(),
        arguments: "{}".into(),
        beside: fields(serde_json::json!({"extra_content": {"google": {"thought_signature": "c2ln"}}})),
        beside_function: fields(function),
    };
    let beside = fields(serde_json::json!({"reasoning_content": "look", "role": "system"}));
    let told = message(&Message::Model { text: String::new(), calls: vec![call], beside });
    assert_eq!(
        told,
        serde_json::json!({
            "role": "assistant",
            "content": "",
            "tool_calls": [{
                "id": "c1",
                "type": "function",
                "function": {"name": "clock", "arguments": "{}", "x": 1},
                "extra_content": {"google": {"thought_signature": "c2ln"}},
            }],
            "reasoning_content": "look",
        })
    );
}
