//! Edits of Nixi's own module.

use proptest::prelude::*;

use crate::nix::{Edit, EditError, Expr, Module, OptionPath, Order};

fn option(name: &str) -> OptionPath {
    name.parse().unwrap()
}

fn add(name: &str, element: Expr) -> Edit {
    Edit::Add { option: option(name), element, order: Order::Sorted }
}

fn package(name: &str) -> Edit {
    add("environment.systemPackages", Expr::package(&option(name)))
}

fn set(name: &str, value: &str) -> Edit {
    Edit::Set { option: option(name), value: Expr::parse(value).unwrap() }
}

/// Makes all edits, and gives those that take them back, the last one first.
fn make(module: &mut Module, edits: &[Edit]) -> Vec<Edit> {
    let mut back: Vec<Edit> = edits.iter().filter_map(|edit| module.apply(edit).unwrap()).collect();
    back.reverse();
    back
}

#[test]
fn a_new_module_grows_and_shrinks() {
    let mut module = Module::new();
    let edits = [
        package("nginx"),
        package("fail2ban"),
        package("certbot"),
        package("nginx"),
        add("networking.firewall.allowedTCPPorts", Expr::int(8080)),
        add("networking.firewall.allowedTCPPorts", Expr::int(443)),
        set("services.nginx.enable", "true"),
        add("users.users.\"a b\".extraGroups", Expr::string("a \"${b}\"")),
        add("networking.firewall.allowedTCPPortRanges", Expr::parse("{ from = 1; to = 2; } # two").unwrap()),
        add("boot.kernelParams", Expr::parse("f x").unwrap()),
    ];
    let back = make(&mut module, &edits);
    assert_eq!(back.len(), edits.len() - 1, "what is there is not added");
    insta::assert_snapshot!(module.text(), @r#"
    # Nixi keeps this file. You may edit it: Nixi changes nothing that it did not write itself.
    { config, lib, pkgs, ... }:

    {
      environment.systemPackages = [
        pkgs.certbot
        pkgs.fail2ban
        pkgs.nginx
      ];
      networking.firewall.allowedTCPPorts = [
        443
        8080
      ];
      services.nginx.enable = true;
      users.users."a b".extraGroups = [
        "a \"\${b}\""
      ];
      networking.firewall.allowedTCPPortRanges = [
        { from = 1; to = 2; }
      ];
      boot.kernelParams = [
        (f x)
      ];
    }
    "#);
    make(&mut module, &back);
    assert_eq!(module, Module::new());
}

/// Comments, other options and an odd layout stay.
#[test]
fn what_a_person_wrote_into_it_stays() {
    let text = "{ pkgs, ... }:\n{\n  # Ours.\n  environment = {\n    systemPackages = with pkgs; [\n      \
                # for Bob\n      htop # he likes it\n      vim ];\n    variables.EDITOR = \"vim\";\n  };\n  \
                services.nginx = { enable = false; }; # later\n}\n";
    let mut module = Module::parse(text).unwrap();
    assert_eq!(module.apply(&package("htop")), Ok(None), "it is there by its short name");
    let back = make(&mut module, &[package("jq"), set("services.nginx.enable", "true")]);
    insta::assert_snapshot!(module.text(), @r#"
    { pkgs, ... }:
    {
      # Ours.
      environment = {
        systemPackages = with pkgs; [
          # for Bob
          htop # he likes it
          pkgs.jq
          vim ];
        variables.EDITOR = "vim";
      };
      services.nginx = { enable = true; }; # later
    }
    "#);
    make(&mut module, &back);
    assert_eq!(module.text(), text);
    let gone = Edit::Remove {
        option: option("environment.systemPackages"),
        element: Expr::package(&option("htop")),
        with_last: true,
    };
    module.apply(&gone).unwrap().unwrap();
    assert!(
        module.text().contains("      # for Bob\n      # he likes it\n      vim ];"),
        "{}",
        module.text()
    );
}

#[test]
fn options_below_config_are_found_there() {
    let mut module = Module::parse("{ options.x = 1; config = { a.b = [ 2 ]; }; }").unwrap();
    make(&mut module, &[add("a.b", Expr::int(1)), set("c", "3")]);
    assert_eq!(module.text(), "{ options.x = 1; config = { a.b = [ 1 2 ]; c = 3; }; }");
}

#[test]
fn what_cannot_be_told_is_refused_and_nothing_changes() {
    for (text, edit, why) in [
        ("{ a.b = f x; }", add("a.b", Expr::int(1)), "line 1: the value of a.b is computed"),
        ("{ a = f x; }", add("a.b", Expr::int(1)), "line 1: a is not written as a set"),
        ("{ a.b.c = 1; }", set("a.b", "2"), "line 1: a.b is set part by part"),
        ("{ inherit a; }", set("a.b", "2"), "line 1: a.b is inherited"),
        ("{ config = f x; options.y = 1; }", set("a.b", "2"), "line 1: config is not written as a set"),
    ] {
        let mut module = Module::parse(text).unwrap();
        assert_eq!(module.apply(&edit).unwrap_err().to_string(), why, "of {text}");
        assert_eq!(module.text(), text);
    }
    assert!(matches!(Module::parse("{ a = ; }"), Err(EditError::Syntax { .. })));
    assert!(matches!(Module::parse("[ ]"), Err(EditError::Unfit { .. })));
}

#[test]
fn names_of_options_are_read_as_nix_reads_them() {
    for name in [
        "services.nginx.enable",
        "users.users.\"a b\".shell",
        "systemd.services.\"x@y\".wantedBy",
        "a.\"or\"",
    ] {
        assert_eq!(option(name).to_string(), name);
    }
    assert_eq!(option("a.\"plain\"").to_string(), "a.plain");
    for none in
        ["", ".", "a.", ".a", "a..b", "a b", "a.\"b", "a.${b}", "a.\"${b}\"", "a.let", "1a", "a.\"\"", "a.\n"]
    {
        assert!(none.parse::<OptionPath>().is_err(), "{none:?}");
    }
}

#[test]
fn an_expression_is_one_and_whole() {
    assert_eq!(Expr::parse("  # before\n true # behind").unwrap().to_string(), "true");
    assert_eq!(Expr::parse("[ 1  2 ]").unwrap(), Expr::parse("[\n1 /* x */ 2]").unwrap());
    assert_ne!(Expr::string("a b"), Expr::string("a  b"));
    for none in ["", "1; b = 2", "}", "x =", "\"a", "1 ]", "true; }"] {
        assert!(Expr::parse(none).is_err(), "{none:?}");
    }
}

/// Text as people lay it out, with everything in it that means something to the editor.
fn layout() -> impl Strategy<Value = String> {
    let blank = prop_oneof![
        Just(" "),
        Just("\n"),
        Just("\n  "),
        Just("\n\n    "),
        Just("  "),
        Just(" # c\n"),
        Just("\n  # c\n  "),
        Just(" /* c */ "),
        Just("\t")
    ];
    let element = prop_oneof![
        Just("pkgs.a"),
        Just("pkgs.m"),
        Just("pkgs.z"),
        Just("(f x)"),
        Just("\"s\""),
        Just("7"),
        Just("{ from = 1; to = 2; }")
    ];
    let list = proptest::collection::vec((blank.clone(), element), 0..4);
    let binding =
        (blank.clone(), prop_oneof![Just("x.l"), Just("y"), Just("x.m"), Just("z.z.z")], list, blank.clone());
    proptest::collection::btree_map(0..4_u8, binding, 0..4).prop_flat_map(move |bindings| {
        let mut names = Vec::new();
        let mut text = String::from("{ pkgs, ... }: {");
        for (before, name, list, behind) in bindings.into_values() {
            if names.contains(&name) {
                continue;
            }
            names.push(name);
            text.push_str(&format!("{before}{name} = ["));
            list.iter().for_each(|(blank, element)| text.push_str(&format!("{blank}{element}")));
            text.push_str(&format!("{behind}];"));
        }
        blank.clone().prop_map(move |last| format!("{text}{last}}}"))
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = prop_oneof![Just("x.l"), Just("y"), Just("x.m"), Just("q.r")];
    let element = prop_oneof![Just("pkgs.b"), Just("pkgs.n"), Just("80"), Just("f y"), Just("\"t\"")];
    let value = prop_oneof![Just("true"), Just("[ 1 ]"), Just("{ a = 1; }"), Just("x: x")];
    prop_oneof![
        3 => (name.clone(), element).prop_map(|(name, element)| add(name, Expr::parse(element).unwrap())),
        1 => (Just("new.option"), value).prop_map(|(name, value)| set(name, value)),
    ]
}

/// The text without blanks, in which order and comments are to be seen.
fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    /// Whatever the layout, each edit parses, is idempotent, and is taken back to the byte.
    #[test]
    fn any_edits_parse_and_are_taken_back(text in layout(), edits in proptest::collection::vec(edit(), 1..6)) {
        let before = Module::parse(&text).unwrap();
        let mut module = before.clone();
        let mut back = Vec::new();
        for edit in &edits {
            if let Some(inverse) = module.apply(edit).unwrap() {
                back.push(inverse);
            }
            prop_assert!(Module::parse(module.text()).is_ok());
            let again = module.clone().apply(edit).unwrap();
            prop_assert_eq!(again, None, "of\n{}", module.text());
        }
        let comments = |text: &str| words(text).matches("#c").count() + words(text).matches("/*c*/").count();
        prop_assert_eq!(comments(&text), comments(module.text()));
        for edit in back.iter().rev() {
            module.apply(edit).unwrap();
        }
        prop_assert_eq!(module.text(), before.text());
    }

    /// An element that goes takes nothing with it, and comes back in its place.
    #[test]
    fn what_is_removed_goes_alone(text in layout(), name in "x\\.[lm]|y", element in "pkgs\\.[amz]|7") {
        let before = Module::parse(&text).unwrap();
        let mut module = before.clone();
        let element = Expr::parse(&element).unwrap();
        let edit = Edit::Remove { option: option(&name), element: element.clone(), with_last: false };
        let inverse = module.apply(&edit).unwrap();
        prop_assert_eq!(module.has(&option(&name), &element), Ok(false), "all of them go");
        prop_assert_eq!(module.clone().apply(&edit), Ok(None));
        if let Some(back) = inverse {
            prop_assert!(words(module.text()).len() < words(&text).len());
            module.apply(&back).unwrap();
            let bare = |text: &str| words(text).replace("#c", "").replace("/*c*/", "");
            if text.matches(&element.to_string()).count() == 1 {
                prop_assert_eq!(bare(module.text()), bare(&text));
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}|[{}\\[\\]a=;: .\"$\n#/*+]{0,60}", value in "\\PC{0,20}") {
        if let Ok(mut module) = Module::parse(&text) {
            let before = module.clone();
            match module.apply(&add("a.b", Expr::int(1))) {
                Ok(Some(back)) => {
                    module.apply(&back).unwrap();
                    prop_assert_eq!(&module, &before);
                }
                Ok(None) | Err(_) => prop_assert_eq!(&module, &before),
            }
        }
        let _ = Expr::parse(&value);
        let _ = value.parse::<OptionPath>();
        let literal = Expr::string(&value);
        prop_assert_eq!(Expr::parse(&literal.to_string()).map(|parsed| parsed == literal), Ok(true));
    }
}
