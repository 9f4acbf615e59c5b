use super::*;
use proptest::prelude::*;

fn said<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let mut thoughts = Thoughts::default();
    let mut words = String::new();
    let mut hear = |heard: Heard| {
        if heard.takes_back {
            words.clear();
        }
        words.push_str(&heard.words);
    };
    for piece in pieces {
        hear(thoughts.strip(piece));
    }
    hear(thoughts.end());
    words
}

const CASES: &[(&str, &str)] = &[
    ("<think>\nhm, 3 < 4\n</think>\n\nFour.", "Four."),
    ("<think>\n\n</think>\n\nNoon.", "Noon."),
    ("\n<think>a</think> <think>b</think>c", "c"),
    ("<think>a</thi</think>é", "é"),
    ("<think>never ends é", ""),
    ("<think>", ""),
    ("<thin", "<thin"),
    ("<thinkers are hard", "<thinkers are hard"),
    ("<b>a</b>", "<b>a</b>"),
    (" \n", ""),
    // Only the last mark.
    ("Okay, the user wants the time. I should answer.\n</think>\n\nIt is noon.", "It is noon."),
    ("Okay, I should answer.</think>It is noon.", "It is noon."),
    ("Okay, I should answer.</think>\n\nIt is noon.", "It is noon."),
    ("Okay, I should answer.\n</think>", ""),
    ("</think>\n\nIt is noon.", "It is noon."),
    ("Okay.\n[/THINK]It is noon.", "It is noon."),
    ("Okay.\n</thinking>\n**It is noon.**", "**It is noon.**"),
    ("Okay.\n</seed:think>It is noon.", "It is noon."),
    ("Okay.◁/think▷It is noon.", "It is noon."),
    ("Okay.\n</think>\nNo.\n</think>\nIt is noon.", "It is noon."),
    // Other marks.
    ("<thinking>hm</thinking>\n\nIt is noon.", "It is noon."),
    ("[THINK]hm, [1][/THINK]It is noon.", "It is noon."),
    ("<thought>\nhm\n</thought>It is noon.", "It is noon."),
    ("<reasoning>hm</reasoning>It is noon.", "It is noon."),
    ("<seed:think>hm</seed:think>It is noon.", "It is noon."),
    ("◁think▷hm◁/think▷It is noon.", "It is noon."),
    ("<|begin_of_thought|>hm<|end_of_thought|>It is noon.", "It is noon."),
    (
        "<|channel|>analysis<|message|>We say it.<|end|><|start|>assistant<|channel|>final<|message|>It is noon.",
        "It is noon.",
    ),
    (
        "<|channel|>analysis<|message|>We say it.<|channel|>final<|message|>It is noon.<|return|>",
        "It is noon.",
    ),
    ("<|channel|>commentary to=functions.clock <|constrain|>json<|message|>{}<|call|>", ""),
    ("<|channel>thought\nhm\n<channel|>It is noon.", "It is noon."),
    // After the first words.
    ("Let me see. <think>hm</think> It is noon.", "Let me see. It is noon."),
    ("Let me see.\n<think>\nhm\n</think>\n\nIt is noon.", "Let me see.\nIt is noon."),
    ("Let me see.<thinking>hm</thinking>It is noon.", "Let me see.It is noon."),
    ("Let me see.\n<think>\nhm", "Let me see.\n"),
    // Text about the marks.
    ("The tag is <think>, and </think> ends it.", "The tag is <think>, and </think> ends it."),
    ("It ends with </think>.", "It ends with </think>."),
    ("It ends with </think>\nand then it speaks.", "It ends with </think>\nand then it speaks."),
    ("Write `<think>a</think>` there.", "Write `<think>a</think>` there."),
    ("Write \"<think>\" and \"</think>\".", "Write \"<think>\" and \"</think>\"."),
    ("So:\n```\n<think>\nhm\n</think>\nNoon.\n```\n", "So:\n```\n<think>\nhm\n</think>\nNoon.\n```\n"),
    ("The <|channel|> token, and [THINK] too.", "The <|channel|> token, and [THINK] too."),
    ("What ends a thought? </think>", "What ends a thought? </think>"),
    ("- <think> begins one\n- </think> ends it", "- <think> begins one\n- </think> ends it"),
    ("a < b, [1] and <|x|>", "a < b, [1] and <|x|>"),
    ("Put <think>x</think> there.", "Put <think>x</think> there."),
    ("Put <think>x</think>there.", "Put <think>x</think>there."),
    ("Put <thinking>\nx\n</thinking>\nthere.", "Put <thinking>\nx\n</thinking>\nthere."),
    ("Use [THINK]a[/THINK] or ◁think▷b◁/think▷ here", "Use [THINK]a[/THINK] or ◁think▷b◁/think▷ here"),
    (
        "Such as (<think>x</think>), or: <thought>y</thought>z",
        "Such as (<think>x</think>), or: <thought>y</thought>z",
    ),
    (
        "1. <think>x</think> for one\n- <think>y</think> for two",
        "1. <think>x</think> for one\n- <think>y</think> for two",
    ),
    ("a <think>b</think> c.\n</think>\nNoon.", "Noon."),
    ("So, the tag <think>.\n</think>\nNoon.", "Noon."),
    ("Well! <think>hm</think>Noon.", "Well! Noon."),
    ("見る。 <think>hm</think>Noon.", "見る。 Noon."),
];

#[test]
fn split_anywhere() {
    for (text, words) in CASES {
        assert_eq!(said([*text]), *words, "{text}");
        let each: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(said(each.iter().map(String::as_str)), *words, "{text}");
        for (at, _) in text.char_indices() {
            let (one, two) = text.split_at(at);
            assert_eq!(said([one, two]), *words, "{one:?} {two:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_split_makes_a_difference(
        pieces in prop::collection::vec(
            "(<think>|</think>|<th|ink>|</|\\[THINK\\]|\\[/TH|INK\\]|◁/think▷|<\\|channel\\|>(analysis|final<\\|message\\|>)|<\\|end\\|>|```|[a <>/é\n`]){0,3}",
            0..8,
        )
    ) {
        let whole = pieces.concat();
        prop_assert_eq!(said(pieces.iter().map(String::as_str)), said([whole.as_str()]));
    }
}
