//! Configurations of every kind: where each is found, and what the real Nix makes of an edit.

use nixi::tools::nix::{Edit, Expr, Module, Order, flake, imports};
use nixi_lab::Machine;
use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, WEB, call};

const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "path:@nixpkgs@";
  outputs = { self, nixpkgs }: {
    nixosConfigurations.web-server = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix ];
    };
  };
}
"#;

/// The flake, as its machine reads it.
fn flake_of(machine: &Machine) -> String {
    let nixpkgs = machine.root("readlink -f /nix/var/nix/profiles/per-user/root/channels/nixos").unwrap();
    FLAKE.replace("@nixpkgs@", nixpkgs.trim())
}

async fn shown(ground: &Ground) -> Value {
    let unchanged = Fingerprint::of(ground.machine(WEB));
    let report = ground.report(call("nixos.show", WEB, &json!({}))).await;
    unchanged.assert_holds(ground.machine(WEB), "nixos.show");
    report
}

/// Each kind is made of the one before it.
#[tokio::test]
async fn a_configuration_is_found_wherever_it_is() {
    let ground = Ground::bare(&[WEB], "");
    let web = ground.machine(WEB);
    let flake = flake_of(web);
    web.write("/tmp/flake.nix", &flake).unwrap();
    let cases: [(&str, &str, &str, &str); 9] = [
        (
            "mv /etc/nixos /home/nixi/nixos; ln -s /home/nixi/nixos /etc/nixos",
            "plain",
            "/home/nixi/nixos/configuration.nix",
            "",
        ),
        ("cp /tmp/flake.nix /etc/nixos/", "flake", "/home/nixi/nixos/flake.nix", ""),
        (
            "sed -i 's/nixosSystem {/mkHost {/' /etc/nixos/flake.nix; sed -i 's/imports =$/imports = if false then [ ] else/' /etc/nixos/configuration.nix",
            "flake",
            "/home/nixi/nixos/flake.nix",
            "/home/nixi/nixos/configuration.nix: line 7: the list of imports is computed",
        ),
        (
            "rm /etc/nixos/flake.nix; echo '{ a = ; }' >/etc/nixos/configuration.nix",
            "plain",
            "/home/nixi/nixos/configuration.nix",
            "/home/nixi/nixos/configuration.nix: syntax error at line 1, column 7",
        ),
        (
            "chmod 600 /etc/nixos/configuration.nix",
            "plain",
            "/home/nixi/nixos/configuration.nix",
            "the login user cannot read /home/nixi/nixos/configuration.nix as UTF-8",
        ),
        (
            "echo '{ }' >/etc/nixos/configuration.nix; chmod 644 /etc/nixos/configuration.nix; echo '[ ]' >/etc/nixos/nixi.nix",
            "plain",
            "/home/nixi/nixos/configuration.nix",
            "/home/nixi/nixos/nixi.nix: line 1: the module is not written as a set of options",
        ),
        (
            "rm /etc/nixos/nixi.nix; mount --bind /home/nixi/nixos /home/nixi/nixos; mount -o remount,bind,ro /home/nixi/nixos",
            "plain",
            "/home/nixi/nixos/configuration.nix",
            "the file system of /home/nixi/nixos/configuration.nix is mounted read-only",
        ),
        (
            "umount /home/nixi/nixos; rm /etc/nixos; ln -s $(nix-store --add /home/nixi/nixos) /etc/nixos",
            "plain",
            "STORE",
            "STORE is in the Nix store, where nothing can be written",
        ),
        (
            "rm /etc/nixos; mkdir /etc/nixos",
            "elsewhere",
            "",
            "there is no configuration in /etc/nixos, so the node is deployed from elsewhere; nixos-version does not name the revision",
        ),
    ];
    for (script, kind, real, obstacle) in cases {
        web.root(script).unwrap();
        let report = shown(&ground).await;
        assert_eq!(report["kind"], kind, "{script}: {report}");
        let store = report["real_file"].as_str().unwrap_or_default().to_owned();
        let real = real.replace("STORE", &store);
        assert_eq!(store, real, "{script}: {report}");
        let told = report["obstacle"].as_str().unwrap_or_default();
        assert_eq!(told, obstacle.replace("STORE", &store), "{script}");
        assert_eq!(report["snippet"].is_null(), obstacle.is_empty(), "{script}: {report}");
    }
}

fn edited(machine: &Machine, file: &str, edit: impl Fn(&str) -> Option<(String, imports::Import)>) -> String {
    let text = machine.root(&format!("cat {file}; printf x")).unwrap();
    let text = text.strip_suffix('x').unwrap().to_owned();
    machine.write(file, &edit(&text).unwrap().0).unwrap();
    text
}

/// Nixi's module is imported, and what it sets is in the system that the real Nix builds; without it, the system is the one
/// from before.
#[tokio::test]
async fn what_is_edited_is_what_nix_builds() {
    let ground = Ground::bare(&[WEB], "");
    let web = ground.machine(WEB);
    let build = || web.root("cd /root && nixos-rebuild build >/dev/null && readlink -f result").unwrap();
    let before = build();
    let mut module = Module::new();
    let edits = [
        Edit::Add {
            option: "environment.systemPackages".parse().unwrap(),
            element: Expr::parse("pkgs.hello").unwrap(),
            order: Order::Sorted,
        },
        Edit::Set {
            option: "environment.etc.\"a b\".text".parse().unwrap(),
            value: Expr::string("\"${x}\"\\n\n"),
        },
    ];
    edits.iter().for_each(|edit| drop(module.apply(edit).unwrap().unwrap()));
    web.write("/etc/nixos/nixi.nix", module.text()).unwrap();

    let plain =
        edited(web, "/etc/nixos/configuration.nix", |text| imports::add(text, "./nixi.nix", &[]).unwrap());
    let report = shown(&ground).await;
    assert_eq!(report["own_module"]["state"], "imported", "{report}");
    let check =
        |system: &str| web.root(&format!("test -x {system}/sw/bin/hello && cat '{system}/etc/a b'")).unwrap();
    assert_eq!(check(build().trim()).trim_end(), "\"${x}\"\\n");

    web.write("/etc/nixos/configuration.nix", &plain).unwrap();
    assert_eq!(build(), before, "without the import it is the system from before");

    web.write("/etc/nixos/flake.nix", &flake_of(web)).unwrap();
    edited(web, "/etc/nixos/flake.nix", |text| flake::add_module(text, WEB, "./nixi.nix").unwrap());
    assert_eq!(shown(&ground).await["own_module"]["state"], "imported");
    assert_eq!(check(build().trim()).trim_end(), "\"${x}\"\\n");
}
