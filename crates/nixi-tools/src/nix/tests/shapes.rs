//! Configurations as people write them: the import is added in the right place, or refused; no other byte changes.

use crate::nix::{EditError, flake, imports};

const PATH: &str = "./nixi.nix";

/// What is added to a configuration, by the text around it: `«` and `»` stand around what is new.
fn takes(marked: &str) {
    let (before, after) = split(marked);
    let edited = imports::add(&before, PATH, &[]).unwrap_or_else(|error| panic!("{error}\n{before}"));
    let (edited, how) = edited.unwrap();
    assert_eq!(edited, after, "of\n{before}");
    assert_eq!(imports::add(&after, PATH, &[]), Ok(None), "a second time");
    assert_eq!(imports::remove(&after, PATH, how), Ok(Some(before.clone())), "taken back, of\n{after}");
    assert_eq!(imports::remove(&before, PATH, how), Ok(None));
}

fn split(marked: &str) -> (String, String) {
    let (mut before, mut rest) = (String::new(), marked);
    while let Some((head, tail)) = rest.split_once('«') {
        before.push_str(head);
        rest = tail.split_once('»').unwrap().1;
    }
    before.push_str(rest);
    (before, marked.replace(['«', '»'], ""))
}

fn refuses(text: &str) -> String {
    match imports::add(text, PATH, &[]) {
        Err(error) => error.to_string(),
        Ok(edited) => panic!("edited to {edited:?}"),
    }
}

/// The file that the installation of NixOS leaves: the list begins on the line after `imports =`.
#[test]
fn the_template_of_the_installation() {
    takes(
        "{ config, lib, pkgs, ... }:\n\n{\n  imports =\n    [ # Include the results of the hardware scan.\n      \
         ./hardware-configuration.nix\n«      ./nixi.nix\n»    ];\n\n  boot.loader.systemd-boot.enable = true;\n}\n",
    );
}

#[test]
fn lists_of_all_layouts() {
    takes("{ ... }:\n{\n  imports = [ ./hardware-configuration.nix« ./nixi.nix» ];\n}\n");
    takes("{ imports = [«./nixi.nix»]; }");
    takes("{ imports = [« ./nixi.nix» ]; }");
    takes("{\n  imports = [\n«    ./nixi.nix\n»  ];\n}\n");
    takes("{\n  imports = [\n    ./a.nix # the disks\n«    ./nixi.nix\n»  ];\n}\n");
    takes("{\n  imports = [\n    # ./old.nix\n«    ./nixi.nix\n»  ];\n}\n");
    takes(
        "{\n  imports = [\n    ./a.nix\n    # ./old.nix\n  ];\n}\n"
            .replace("    # ./old", "«    ./nixi.nix\n»    # ./old")
            .as_str(),
    );
    takes("{\n  imports = [ ./a.nix\n              ./b.nix\n«              ./nixi.nix\n»            ];\n}\n");
    takes("{\n  imports = [ ./a.nix\n              ./b.nix« ./nixi.nix» ];\n}\n");
    takes(
        "{\n  imports = [ ./a.nix ./b.nix /* why */« ./nixi.nix» ];\n}\n"
            .replace(" /* why */« ./nixi.nix»", "« ./nixi.nix» /* why */")
            .as_str(),
    );
    takes("{\n\timports = [\n\t\t./a.nix\n«\t\t./nixi.nix\n»\t];\n}\n");
    takes("{\r\n  imports = [\r\n    ./a.nix\r\n«    ./nixi.nix\r\n»  ];\r\n}\r\n");
    takes(
        "{ imports = [ <nixpkgs/nixos/modules/profiles/minimal.nix> (import ./x.nix { a = 1; })« ./nixi.nix» ]; }",
    );
    takes("{ \"imports\" = [ ./a.nix« ./nixi.nix» ]; }");
    takes("{ imports = ([ ./a.nix« ./nixi.nix» ]); }");
}

#[test]
fn lists_that_are_put_together() {
    takes(
        "{ lib, ... }:\n{\n  imports = [ ./a.nix« ./nixi.nix» ] ++ lib.optional (builtins.pathExists ./b.nix) ./b.nix;\n}\n",
    );
    takes("{ lib, ... }: { imports = lib.optional true ./b.nix ++ [ ./a.nix« ./nixi.nix» ]; }");
    takes("{ imports = map (name: ./modules + \"/${name}\") [ \"a.nix\" ]« ++ [ ./nixi.nix ]»; }");
    takes("{ imports = builtins.attrValues (import ./modules)« ++ [ ./nixi.nix ]»; }");
    takes("{ inputs, ... }: { imports = inputs.self.modules« ++ [ ./nixi.nix ]»; }");
    takes("let modules = [ ./a.nix ]; in { imports = modules« ++ [ ./nixi.nix ]»; }");
    takes("{ imports = (if true then [ ./a.nix ] else [ ])« ++ [ ./nixi.nix ]»; }");
    takes("{ imports = f x ++ g y« ++ [ ./nixi.nix ]»; }");
    takes("{ imports = with import ./all.nix; [ a b« ./nixi.nix» ]; }");
}

#[test]
fn modules_without_imports() {
    takes("{ config, pkgs, ... }:\n{\n«  imports = [ ./nixi.nix ];\n»  networking.hostName = \"web\";\n}\n");
    takes(
        "{ config, pkgs, ... }:\n{\n«  imports = [ ./nixi.nix ];\n»  # The name.\n  networking.hostName = \"web\";\n}\n",
    );
    takes("{« imports = [ ./nixi.nix ];» networking.hostName = \"web\"; }");
    takes("{«imports = [ ./nixi.nix ];»}");
    takes("{«imports = [ ./nixi.nix ]; »a = 1;}");
    takes("{ pkgs, ... }:\n\n{\n«  imports = [ ./nixi.nix ];\n»}\n");
}

#[test]
fn what_stands_around_the_options() {
    takes(
        "{ pkgs, ... }@args:\nlet\n  user = \"me\";\nin\n{\n  imports = [ ./a.nix« ./nixi.nix» ];\n  users.users.${user}.isNormalUser = true;\n}\n",
    );
    takes("{ lib, ... }: with lib; { imports = [ ./a.nix« ./nixi.nix» ]; }");
    takes(
        "{ lib, ... }: assert lib.versionAtLeast lib.version \"24.05\"; { imports = [ ./a.nix« ./nixi.nix» ]; }",
    );
    takes("args: { imports = [ ./a.nix« ./nixi.nix» ]; }");
    takes("/* mine */ ({ ... }: ({ imports = [ ./a.nix« ./nixi.nix» ]; }))");
    takes("rec {\n  x = 1;\n  imports = [ ./a.nix« ./nixi.nix» ];\n}\n");
    takes(
        "{ ... }: {\n  imports = [ ./a.nix« ./nixi.nix» ];\n  options.mine.x = 1;\n  config = { networking.hostName = \"web\"; };\n}\n",
    );
    takes("\u{feff}{ imports = [ ./a.nix« ./nixi.nix» ]; }".trim_start_matches('\u{feff}'));
}

#[test]
fn three_thousand_lines() {
    let many: String = (0..3000)
        .map(|n| format!("  environment.etc.\"f{n}\".text = ''\n    {n} ${{pkgs.hello}}\n  '';\n"))
        .collect();
    takes(&format!("{{ pkgs, ... }}:\n{{\n  imports = [\n    ./a.nix\n«    ./nixi.nix\n»  ];\n{many}}}\n"));
}

#[test]
fn what_is_imported_by_another_name_is_imported() {
    let text = "{ imports = [ /etc/nixos/nixi.nix ]; }";
    assert_eq!(imports::add(text, PATH, &["/etc/nixos/nixi.nix"]), Ok(None));
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (text, why) in [
        ("{ imports = if x then [ ./a.nix ] else [ ]; }", "line 1: the list of imports is computed"),
        ("{ imports = let a = [ ]; in a; }", "line 1: the list of imports is computed"),
        ("{ lib, ... }:\nlib.mkMerge [ { } ]", "line 1: the module is not written as a set of options"),
        ("import ./real.nix", "line 1: the module is not written as a set of options"),
        ("{ a = 1; } // { b = 2; }", "line 1: the module is not written as a set of options"),
        ("[ ./a.nix ]", "line 1: the module is not written as a set of options"),
        ("{ inherit (import ./x.nix)\n imports; }", "line 1: imports is inherited"),
        ("{\n  imports = [ ./a.nix ;\n}\n", "syntax error at line 2, column 23"),
        ("{\n  networking.hostName = \"web\"\n  x = 1;\n}\n", "syntax error at line 3, column 5"),
        ("", "syntax error at line 1, column 1"),
        ("{ imports = [ ", "syntax error at line 1, column 14"),
        ("# only a comment\n", "syntax error at line 1, column 17"),
    ] {
        assert_eq!(refuses(text), why, "of {text}");
    }
    assert_eq!(refuses(&" ".repeat(600_000)), "the file is larger than 256 KiB");
    // None of these may exhaust the stack, or take long.
    for deep in ["a ++ ", "a // ", "x: ", "if a then ", "let a = "] {
        let _ = imports::add(&format!("{}a", deep.repeat(20_000)), PATH, &[]);
        let _ = imports::add(&format!("{{ imports = {}a; }}", deep.repeat(20_000)), PATH, &[]);
    }
    for long in ["a ", "- ", "!", "a.", "a.b or ", "a ? ", "[ ] ", "(", "{ a = ", "[ ", "\"${", "''${"] {
        let refused = imports::add(&format!("{{ imports = {}a; }}", long.repeat(20_000)), PATH, &[]);
        assert_eq!(refused, Err(EditError::Overlong), "{long}");
    }
    assert_eq!(
        refuses(&format!("[ {}]", "a.b \"${x}\" ".repeat(5_000))),
        "line 1: the module is not written as a set of options"
    );
}

fn flake_takes(marked: &str) {
    let (before, after) = split(marked);
    let edited = flake::add_module(&before, "web", PATH).unwrap().unwrap().0;
    assert_eq!(edited, after, "of\n{before}");
    assert_eq!(flake::add_module(&after, "web", PATH), Ok(None));
}

#[test]
fn the_modules_of_a_flake() {
    flake_takes(
        "{\n  inputs.nixpkgs.url = \"nixpkgs\";\n  outputs = { self, nixpkgs }: {\n    nixosConfigurations.web = \
         nixpkgs.lib.nixosSystem {\n      system = \"x86_64-linux\";\n      modules = [ ./configuration.nix« \
         ./nixi.nix» ];\n    };\n    nixosConfigurations.db = nixpkgs.lib.nixosSystem { modules = [ ./db.nix ]; };\n  };\n}\n",
    );
    flake_takes(
        "{\n  outputs = inputs@{ nixpkgs, ... }:\n    let\n      system = \"x86_64-linux\";\n    in\n    {\n      \
         nixosConfigurations = {\n        web = nixpkgs.lib.nixosSystem {\n          modules = [\n            ./a.nix\n\
         «            ./nixi.nix\n»          ];\n        };\n      };\n    };\n}\n",
    );
    flake_takes(
        "{ outputs = { nixpkgs, ... }: { nixosConfigurations.\"web\" = nixpkgs.lib.nixosSystem ({ modules = common« ++ [ ./nixi.nix ]»; }); }; }",
    );
    let refused = |text: &str| match flake::add_module(text, "web", PATH) {
        Err(error @ EditError::Unfit { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("{ }"), "line 1: the flake has no outputs");
    assert_eq!(
        refused("{ outputs = i: i.flake-parts.lib.mkFlake { inputs = i; } { }; }"),
        "line 1: the outputs of the flake are computed"
    );
    assert_eq!(
        refused("{ outputs = i: { nixosConfigurations.db = 1; }; }"),
        "line 1: the flake does not write out nixosConfigurations.web"
    );
    assert_eq!(
        refused("{ outputs = i: { nixosConfigurations = builtins.mapAttrs f { }; }; }"),
        "line 1: nixosConfigurations is not written as a set"
    );
    for computed in
        ["mkHost \"web\"", "i.lib.nixosSystem args", "i.lib.nixosSystem { }", "mkHost { modules = [ ]; }"]
    {
        let text = format!("{{ outputs = i: {{ nixosConfigurations.web = {computed}; }}; }}");
        assert_eq!(refused(&text), "line 1: the modules of web are computed");
    }
}
