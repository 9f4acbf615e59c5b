//! Recorded: what Nix 2.8 says in JSON, and in the words for people what it and other versions say.

use proptest::prelude::*;

use super::*;

/// All that is told while this is heard, without what is told twice in a row.
fn told(said: &str) -> Vec<String> {
    let mut output = NixOutput::default();
    let mut told: Vec<String> = Vec::new();
    for line in said.split_inclusive('\n') {
        output.take(line.as_bytes());
        let progress = output.progress().map(|progress| progress.to_string());
        told.extend(progress.filter(|progress| told.last() != Some(progress)));
    }
    told
}

fn heard(said: &str) -> NixOutput {
    NixOutput::of(said.as_bytes())
}

const BUILDS: &str = r#"@nix {"action":"start","id":10,"level":6,"text":"querying info about missing paths","type":0}
@nix {"action":"stop","id":10}
@nix {"action":"msg","level":3,"msg":"these 3 derivations will be built:"}
@nix {"action":"msg","level":3,"msg":"  /nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-step-a.drv"}
@nix {"action":"msg","level":3,"msg":"  /nix/store/sk9pv5i34rfzh67132rhiprcxm6rpc9h-step-b.drv"}
@nix {"action":"msg","level":3,"msg":"  /nix/store/7j15rfpag5p7gjfdbff7j7y81h9fz9bh-top.drv"}
@nix {"action":"start","id":17,"level":0,"text":"","type":102}
@nix {"action":"start","id":18,"level":0,"text":"","type":104}
@nix {"action":"start","id":19,"level":0,"text":"","type":103}
@nix {"action":"result","fields":[0,1,0,0],"id":18,"type":105}
@nix {"action":"result","fields":[0,0,0,0],"id":19,"type":105}
@nix {"action":"result","fields":[101,0],"id":17,"type":106}
@nix {"action":"result","fields":[0,4,0,0],"id":18,"type":105}
@nix {"action":"start","fields":["/nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-step-a.drv","",1,1],"id":21,"level":3,"text":"building '/nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-step-a.drv'","type":105}
@nix {"action":"result","fields":[0,4,1,0],"id":18,"type":105}
@nix {"action":"result","fields":["hello"],"id":21,"type":101}
@nix {"action":"result","fields":["\u001b[31mred\u001b[0m"],"id":21,"type":101}
@nix {"action":"result","fields":[1,4,0,0],"id":18,"type":105}
@nix {"action":"stop","id":21}
@nix {"action":"start","fields":["/nix/store/sk9pv5i34rfzh67132rhiprcxm6rpc9h-step-b.drv","",1,1],"id":22,"level":3,"text":"building '/nix/store/sk9pv5i34rfzh67132rhiprcxm6rpc9h-step-b.drv'","type":105}
@nix {"action":"result","fields":[1,4,1,0],"id":18,"type":105}
@nix {"action":"result","fields":[2,4,0,0],"id":18,"type":105}
@nix {"action":"stop","id":22}
@nix {"action":"start","fields":["/nix/store/7j15rfpag5p7gjfdbff7j7y81h9fz9bh-top.drv","",1,1],"id":23,"level":3,"text":"building '/nix/store/7j15rfpag5p7gjfdbff7j7y81h9fz9bh-top.drv'","type":105}
@nix {"action":"result","fields":[2,4,1,0],"id":18,"type":105}
@nix {"action":"result","fields":[9,4,0,0],"id":18,"type":105}
@nix {"action":"stop","id":23}
@nix {"action":"msg","level":1,"msg":"\u001b[35;1mwarning:\u001b[0m you did not specify '--add-root'; the result might be removed by the garbage collector"}
"#;

#[test]
fn builds_are_counted_of_those_that_were_announced() {
    let expected = [
        "building step-a (0 of 3)",
        "building step-a (1 of 3)",
        "building step-b (1 of 3)",
        "building step-b (2 of 3)",
        "building top (2 of 3)",
        // Never more than there are.
        "building top (3 of 3)",
    ];
    assert_eq!(told(BUILDS), expected);
    let output = heard(BUILDS);
    assert_eq!(output.log("/nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-step-a.drv"), ["hello", "red"]);
    assert!(output.said().ends_with(
        "\nwarning: you did not specify '--add-root'; the result might be removed by the garbage collector"
    ));
}

/// As many as Nix knows of, where none were announced; and none at all where it does not say.
#[test]
fn what_was_not_announced_is_counted_as_far_as_it_is_known() {
    let unannounced: String = BUILDS.split_inclusive('\n').filter(|line| !line.contains("\"msg\"")).collect();
    assert_eq!(told(&unannounced)[0], "building step-a (0 of 4)");
    let uncounted: String =
        unannounced.split_inclusive('\n').filter(|line| !line.contains("\"id\":18")).collect();
    assert_eq!(told(&uncounted), ["building step-a", "building step-b", "building top"]);
}

#[test]
fn downloads_are_told_in_bytes() {
    let said = r#"@nix {"action":"msg","level":3,"msg":"these 2 paths will be fetched (400.00 MiB download, 1.20 GiB unpacked):"}
@nix {"action":"msg","level":3,"msg":"  /nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-linux-6.12"}
@nix {"action":"msg","level":3,"msg":"  /nix/store/sk9pv5i34rfzh67132rhiprcxm6rpc9h-glibc-2.40"}
@nix {"action":"start","id":1,"level":0,"text":"","type":102}
@nix {"action":"start","id":2,"level":0,"text":"","type":104}
@nix {"action":"start","id":3,"level":0,"text":"","type":103}
@nix {"action":"result","fields":[0,2,0,0],"id":3,"type":105}
@nix {"action":"result","fields":[101,419430400],"id":1,"type":106}
@nix {"action":"start","fields":["/nix/store/x","a","b"],"id":4,"level":3,"text":"copying path '/nix/store/x' from 'https://cache.nixos.org'","type":100}
@nix {"action":"start","fields":["https://cache.nixos.org/nar/a.nar.xz"],"id":5,"level":4,"parent":4,"text":"downloading 'https://cache.nixos.org/nar/a.nar.xz'","type":101}
@nix {"action":"result","fields":[125829120,209715200,0,0],"id":5,"type":105}
@nix {"action":"result","fields":[209715200,209715200,0,0],"id":5,"type":105}
@nix {"action":"stop","id":5}
@nix {"action":"result","fields":[1,2,0,0],"id":3,"type":105}
@nix {"action":"start","fields":["https://cache.nixos.org/nar/b.nar.xz"],"id":6,"level":4,"parent":4,"text":"downloading 'https://cache.nixos.org/nar/b.nar.xz'","type":101}
@nix {"action":"result","fields":[999999999999,0,0,0],"id":6,"type":105}
"#;
    let expected = [
        "fetching 0 B of 400 MiB (0 of 2)",
        "fetching 120 MiB of 400 MiB (0 of 2)",
        "fetching 200 MiB of 400 MiB (0 of 2)",
        "fetching 200 MiB of 400 MiB (1 of 2)",
        "fetching 400 MiB of 400 MiB (1 of 2)",
    ];
    assert_eq!(told(said), expected);
    let unannounced: String = said.split_inclusive('\n').filter(|line| !line.contains("msg")).collect();
    assert_eq!(told(&unannounced)[2], "fetching 120 MiB of 400 MiB (0 of 2)");
}

/// Nix 2.3 knows no JSON; its list has no number, and its end is a line that is no path.
#[test]
fn the_words_for_people_tell_the_same_with_less_detail() {
    let said = "these derivations will be built:
  /nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv
  /nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv
these paths will be fetched (12.50 MiB download, 45.00 MiB unpacked):
  /nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-linux-6.12
copying path '/nix/store/4sp6wdafa49y0wpcwj2gnaq269dc33hk-linux-6.12' from 'https://cache.nixos.org'...
building '/nix/store/9ravvkb02r8d84318w5r2qxmm44617a3-broken-1.0.drv'...
waiting for lock on '/nix/store/1w85hhg044rymmh31y89kl36mhz7cskw-step-a2'
building '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-top-bad.drv'...
building '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-more.drv'...
building '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-still-more.drv'...
";
    let expected = [
        "fetching 13 MiB (0 of 1)",
        "building broken-1.0 (0 of 2)",
        "waiting for another build of step-a2",
        "building top-bad (1 of 2)",
        "building more (2 of 2)",
        "building still-more (2 of 2)",
    ];
    assert_eq!(told(said), expected);
    assert_eq!(
        told("building '/nix/store/jk146lv0cqishiikjlfq5fknf39hq3wf-more.drv'...\n"),
        ["building more"]
    );
    assert!(told("error: building 'x'...\nsomething else\n").is_empty());
}

#[test]
fn a_lock_is_waited_for_until_it_is_had() {
    let said = r#"@nix {"action":"start","id":21,"level":1,"text":"waiting for lock on \u001b[35;1m'/nix/store/1w85hhg044rymmh31y89kl36mhz7cskw-step-a2'\u001b[0m","type":111}
"#;
    let mut output = heard(said);
    assert!(output.is_waiting());
    assert_eq!(told(said), ["waiting for another build of step-a2"]);
    output.take(b"@nix {\"action\":\"stop\",\"id\":21}\n");
    assert!(!output.is_waiting() && output.progress().is_none());
    assert!(heard("waiting for the big Nix store lock...\n").is_waiting());
}

#[test]
fn a_line_without_an_end_and_one_without_bounds_are_lines() {
    let mut output = NixOutput::default();
    output.take(b"error: no");
    assert_eq!(output.said(), "");
    output.end();
    assert_eq!(output.said(), "error: no");
    output.take(&vec![b'x'; LINE * 2]);
    output.take(b"\nnext\n");
    assert_eq!(output.said().lines().map(str::len).collect::<Vec<_>>(), [9, KEPT, 4]);
    (0..1000).for_each(|n| output.take(format!("{n}\n").as_bytes()));
    assert_eq!(output.said().lines().count(), LINES);
}

proptest! {
    /// However it is cut, the same is told; and never more than there is.
    #[test]
    fn what_is_told_does_not_depend_on_how_it_comes(
        lines in proptest::collection::vec(line(), 0..40),
        cut in 1_usize..50,
    ) {
        let said = lines.concat();
        let (mut whole, mut pieces) = (NixOutput::default(), NixOutput::default());
        whole.take(said.as_bytes());
        for piece in said.as_bytes().chunks(cut) {
            pieces.take(piece);
            if let Some(progress) = pieces.progress() {
                prop_assert!(progress.done.unwrap_or(0) <= progress.total.unwrap_or(0), "{progress:?}");
                prop_assert!(!progress.phase.contains(['\n', '\u{1b}']), "{progress:?}");
            }
        }
        prop_assert_eq!(whole.said(), pieces.said());
        prop_assert_eq!(whole.progress(), pieces.progress());
    }
}

/// A line that Nix could say, or nearly.
fn line() -> impl Strategy<Value = String> {
    let recorded: Vec<&'static str> = BUILDS.split_inclusive('\n').collect();
    let number = || prop_oneof![0_u64..6, any::<u64>()];
    prop_oneof![
        proptest::sample::select(recorded).prop_map(str::to_owned),
        (number(), number(), number(), number()).prop_map(|(id, kind, a, b)| {
            format!(
                "@nix {{\"action\":\"result\",\"id\":{},\"type\":{},\"fields\":[{a},{b}]}}\n",
                17 + id % 8,
                100 + kind % 12
            )
        }),
        (number(), number()).prop_map(|(id, kind)| {
            format!("@nix {{\"action\":\"start\",\"id\":{id},\"type\":{},\"text\":\"\"}}\n", 100 + kind % 12)
        }),
        "(@nix )?\\PC{0,30}\n",
        "building '/nix/store/[a-z]{32}-[a-z]{1,5}.drv'\\.\\.\\.\n",
    ]
}
