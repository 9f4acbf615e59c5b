use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nixi_core::config::{ConfigEdit, ConfigFiles, ConfigStore, ConfigWriteError, OldNode};

use super::edit::{add, remove};

struct Place {
    dir: tempfile::TempDir,
    user: PathBuf,
    system: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let user = dir.path().join("config/nixi/config.toml");
    let system = dir.path().join("etc.toml");
    Place { dir, user, system }
}

impl Place {
    fn with(text: &str) -> Self {
        let place = place();
        fs::create_dir_all(place.user.parent().unwrap()).unwrap();
        fs::write(&place.user, text).unwrap();
        place
    }

    fn store(&self) -> ConfigStore {
        let files = ConfigFiles { user: self.user.clone(), system: self.system.clone() };
        ConfigStore::new(files, PathBuf::from("/home/a"))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.user).unwrap()
    }

    fn show(&self, error: &ConfigWriteError) -> String {
        let dir = format!("{}/", self.dir.path().display());
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{error}{hint}").replace(&dir, "")
    }

    fn refusal(&self, edit: &nixi_core::config::ConfigEdit) -> String {
        let before = fs::read(&self.user).ok();
        let error = self.store().apply(edit).expect_err("the change was made");
        assert_eq!(fs::read(&self.user).ok(), before, "the file was touched");
        self.show(&error)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_missing_file_is_made_for_its_user_alone() {
    let place = place();
    let config = place.store().apply(&add("web")).unwrap();
    assert_eq!(config.nodes.len(), 1);
    assert_eq!(config, place.store().load().unwrap());
    assert_eq!(mode(&place.user), 0o600);
    assert_eq!(mode(place.user.parent().unwrap()), 0o700);
    assert_eq!(mode(place.user.parent().unwrap().parent().unwrap()), 0o700);
    place.store().apply(&remove("web")).unwrap();
    assert_eq!(place.text(), "");
}

#[test]
fn a_refused_change_leaves_nothing_behind() {
    let place = place();
    insta::assert_snapshot!(place.refusal(&remove("web")), @"no node web in config/nixi/config.toml");
    assert!(!place.dir.path().join("config").exists());
}

#[test]
fn permissions_stay() {
    let place = Place::with("# mine\n");
    fs::set_permissions(&place.user, Permissions::from_mode(0o640)).unwrap();
    place.store().apply(&add("web")).unwrap();
    assert_eq!(mode(&place.user), 0o640);
    place.store().apply(&remove("web")).unwrap();
    assert_eq!(place.text(), "# mine\n");
    let mut names: Vec<_> =
        fs::read_dir(place.user.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["config.toml", "config.toml.lock"], "a temporary file was left");
}

#[test]
fn a_link_stays_a_link() {
    let place = Place::with("");
    let real = place.dir.path().join("dotfiles/nixi.toml");
    fs::create_dir(real.parent().unwrap()).unwrap();
    fs::rename(&place.user, &real).unwrap();
    let middle = place.dir.path().join("middle");
    symlink("dotfiles/nixi.toml", &middle).unwrap();
    symlink(&middle, &place.user).unwrap();
    place.store().apply(&add("web")).unwrap();
    assert!(fs::symlink_metadata(&place.user).unwrap().is_symlink());
    assert!(fs::symlink_metadata(&middle).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("web"));
    assert!(real.with_file_name("nixi.toml.lock").exists(), "the lock is beside the real file");
}

#[test]
fn the_nix_store_is_not_written() {
    let place = Place::with("");
    fs::remove_file(&place.user).unwrap();
    let link = place.dir.path().join("link");
    symlink("/nix/store/0123-home-manager-files/config.toml", &link).unwrap();
    symlink(&link, &place.user).unwrap();
    insta::assert_snapshot!(place.refusal(&add("web")), @r"
    config/nixi/config.toml is written by NixOS or home-manager (it leads to /nix/store/0123-home-manager-files/config.toml)
    hint: change services.nixi.nodes in the NixOS configuration instead, and rebuild
    ");
}

#[test]
fn links_in_a_circle_are_an_error() {
    let place = Place::with("");
    fs::remove_file(&place.user).unwrap();
    symlink(&place.user, &place.user).unwrap();
    assert!(place.store().apply(&add("web")).is_err());
}

#[test]
fn the_systems_nodes_are_not_changed_here() {
    let place = Place::with("");
    fs::write(&place.system, "[[nodes]]\nname = \"web\"\nhost = \"h\"\n").unwrap();
    insta::assert_snapshot!(place.refusal(&add("web")), @r"
    node web is declared in etc.toml, which NixOS writes
    hint: change services.nixi.nodes in the NixOS configuration instead, and rebuild
    ");
    insta::assert_snapshot!(place.refusal(&remove("web")), @r"
    node web is declared in etc.toml, which NixOS writes
    hint: change services.nixi.nodes in the NixOS configuration instead, and rebuild
    ");
}

#[test]
fn the_systems_file_is_not_written_under_another_name() {
    let mut place = place();
    fs::write(&place.system, "[[nodes]]\nname = \"web\"\nhost = \"h\"\n").unwrap();
    place.user = place.dir.path().join("alias");
    symlink(&place.system, &place.user).unwrap();
    assert_eq!(place.store().load().unwrap().nodes.len(), 1);
    assert!(place.refusal(&add("new")).contains("which NixOS writes"));
}

#[test]
fn duplicates_and_unknown_names_are_refused() {
    let place = Place::with("[[nodes]]\nname = \"web\"\nhost = \"h\"\n");
    insta::assert_snapshot!(place.refusal(&add("web")), @r"
    node web is already declared in config/nixi/config.toml
    hint: choose another name, or run `nixi remove web` first
    ");
    insta::assert_snapshot!(place.refusal(&remove("webb")), @r"
    no node webb in config/nixi/config.toml
    hint: did you mean web?
    ");
}

#[test]
fn a_broken_file_is_left_alone() {
    let place = Place::with("[[nodes]]\nname = web\n");
    insta::assert_snapshot!(place.refusal(&add("db")), @r"
    config/nixi/config.toml:2:8: a string must be in quotes
    2 | name = web
      |        ^^^
    ");
}

/// The user's file fits by itself; with what the system's file says, it does not.
#[test]
fn what_does_not_fit_the_other_file_is_not_written() {
    let inner = "[[nodes]]\nname = \"inner\"\nhost = \"10.0.0.5\"\nproxy_jump = \"gate\"\n";
    let place = Place::with(inner);
    let old = OldNode::of(&place.store().load().unwrap().nodes[0].node).unwrap();
    let taken = place.store().removal(old.clone()).unwrap();
    place.store().apply(&ConfigEdit::RemoveNode(old)).unwrap();
    let back = ConfigEdit::RestoreNode(taken);
    for (system, why) in [
        ("name = \"other\"\nhost = \"10.0.0.5\"\nmode = \"monitored\"\n", "other"),
        ("name = \"gate\"\nhost = \"10.0.0.9\"\nproxy_jump = \"inner\"\n", "jump"),
    ] {
        fs::write(&place.system, format!("[[nodes]]\n{system}")).unwrap();
        let refusal = place.refusal(&back);
        assert!(refusal.starts_with("nothing was written") && refusal.contains(why), "{refusal}");
    }
    fs::remove_file(&place.system).unwrap();
    let config = place.store().apply(&back).unwrap();
    assert_eq!((config, place.text().as_str()), (place.store().load().unwrap(), inner));
}

#[test]
fn no_change_of_another_process_is_lost() {
    let place = Place::with("# nodes\n");
    let names: Vec<String> = (0..24).map(|i| format!("n{i}")).collect();
    std::thread::scope(|scope| {
        for names in names.chunks(4) {
            let store = place.store();
            scope.spawn(move || {
                for name in names {
                    store.apply(&add(name)).unwrap();
                }
                store.apply(&remove(&names[0])).unwrap();
            });
        }
    });
    let mut found: Vec<String> =
        place.store().load().unwrap().nodes.iter().map(|entry| entry.node.name().to_string()).collect();
    found.sort();
    let mut expected: Vec<String> = names.chunks(4).flat_map(|names| &names[1..]).cloned().collect();
    expected.sort();
    assert_eq!(found, expected);
}

/// What a person said yes to is the node with its key and its way, not another one of the same name and address.
#[test]
fn a_node_with_another_key_or_way_is_not_the_one_to_remove() {
    let node = |more: &str| format!("[[nodes]]\nname = \"web\"\nhost = \"10.0.0.5\"\n{more}");
    let ways = ["", "identity = \"~/.ssh/a\"\n", "identity = \"~/.ssh/b\"\n", "proxy_jump = \"none\"\n"];
    let jumps = ["proxy_jump = \"gate\"\n", "proxy_jump = \"ops@gate\"\n", "proxy_jump = \"gate,gate:23\"\n"];
    let ways: Vec<&str> = ways.into_iter().chain(jumps).collect();
    for planned in &ways {
        let place = Place::with(&node(planned));
        let old = OldNode::of(&place.store().load().unwrap().nodes[0].node).unwrap();
        let edit = ConfigEdit::RemoveNode(old);
        for now in ways.iter().filter(|now| *now != planned) {
            fs::write(&place.user, node(now)).unwrap();
            let refused = place.store().apply(&edit).unwrap_err();
            assert!(matches!(refused, ConfigWriteError::Changed { .. }), "{planned} {now} {refused}");
            assert_eq!(place.text(), node(now));
        }
        fs::write(&place.user, node(planned)).unwrap();
        place.store().apply(&edit).unwrap();
        assert_eq!(place.text(), "");
    }
}
