//! Files that are no configuration of a person's own, or none of a person's at all.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nixi_core::config::{Config, ConfigFiles};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// A folder with room for a configuration that is not there yet.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    (folder, file)
}

fn load(file: &Path) -> Result<Config, String> {
    let absent = file.with_file_name("absent.toml");
    let user = ConfigFiles { user: file.to_owned(), system: absent.clone() };
    let system = ConfigFiles { user: absent, system: file.to_owned() };
    let [user, system] = [user, system].map(|files| files.load(Path::new("/home/a")));
    assert_eq!(
        user.as_ref().map(|config| config.nodes.len()),
        system.as_ref().map(|config| config.nodes.len())
    );
    user.map_err(|error| error.to_string())
}

fn load_text(text: &str) -> Result<Config, String> {
    let (_folder, file) = place();
    fs::write(&file, text).unwrap();
    load(&file)
}

const NODE: &str = "[[nodes]]\nname = \"web\"\nhost = \"h\"\n";

#[test]
fn what_is_no_regular_file_is_an_error_at_once() {
    let (folder, file) = place();
    let named = |what: &str| {
        let error = load(&file).unwrap_err();
        assert!(error.contains(what) && error.contains("hint: "), "{error}");
        fs::remove_file(&file).unwrap();
    };
    mknodat(CWD, &file, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    named("it is a named pipe, not a regular file");
    let _listens = UnixListener::bind(&file).unwrap();
    named("it is a socket, not a regular file");
    symlink("/dev/zero", &file).unwrap();
    named("it is a device, not a regular file");
    symlink(folder.path(), &file).unwrap();
    named("it is a directory, not a regular file");
    File::create(&file).unwrap().set_len(1 << 40).unwrap();
    assert!(load(&file).unwrap_err().ends_with("it is longer than 4 MiB"));
}

#[test]
fn what_somebody_else_may_write_is_not_believed() {
    let (folder, file) = place();
    fs::write(&file, NODE).unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for (mode, is_believed) in [(0o600, true), (0o644, true), (0o444, true), (0o666, false), (0o602, false)] {
        set(&file, mode);
        let loaded = load(&file);
        assert_eq!(loaded.is_ok(), is_believed, "{mode:o}: {loaded:?}");
        if let Err(error) = loaded {
            assert!(error.contains("everybody may write this file"), "{error}");
            assert!(error.ends_with(&format!("`chmod go-w {}`", file.display())), "{error}");
        }
    }
    set(&file, 0o600);
    for (mode, is_believed) in [(0o755, true), (0o777, false), (0o1777, true)] {
        set(folder.path(), mode);
        assert_eq!(load(&file).is_ok(), is_believed, "{mode:o}");
    }
    set(folder.path(), 0o700);
}

#[test]
fn a_link_is_followed_to_a_file_that_is_believed() {
    let (_folder, file) = place();
    let (_elsewhere, real) = place();
    fs::write(&real, NODE).unwrap();
    symlink(&real, &file).unwrap();
    assert_eq!(load(&file).unwrap().nodes.len(), 1);
    fs::set_permissions(&real, Permissions::from_mode(0o646)).unwrap();
    assert!(load(&file).is_err());
}

/// Each of these took minutes where a step was made for every pair.
#[test]
fn half_a_megabyte_of_anything_is_read_in_one_go() {
    const MANY: usize = 100_000;
    let (_folder, file) = place();
    let files = ConfigFiles { user: file.clone(), system: file.with_file_name("absent.toml") };
    let load_text = |text: &str| {
        fs::write(&file, text).unwrap();
        files.load(Path::new("/home/a")).map_err(|error| error.to_string())
    };
    let letters = "a".repeat(5 * MANY);
    let nodes = |line: &dyn Fn(usize) -> String| (0..MANY / 20).map(line).collect::<String>();
    for text in [
        letters.clone(),
        format!("[llm]\nmodel = \"{letters}\" x"),
        format!("[[nodes]]\nname = \"{letters}\"\nhost = \"h\"\n"),
        format!("[approval]\nroutine = \"{letters}\"\n"),
        format!("[ssh]\nidentity = [{}]\n", "\"x\",".repeat(MANY)),
        "x\n".repeat(MANY),
        "= ".repeat(MANY),
        "a=1\n".repeat(MANY),
        "[[nodes]]\n".repeat(MANY / 2),
        (0..MANY / 2).map(|n| format!("a{n} = 1\n")).collect(),
        nodes(&|n| format!("[[nodes]]\nname = \"n{}\"\nhost = \"h{n}\"\n", n / 2)),
        nodes(&|n| {
            format!(
                "[[nodes]]\nname = \"n{n}\"\nhost = \"h\"\nmode = {:?}\n",
                ["managed", "monitored"][n % 2]
            )
        }),
    ] {
        let error = load_text(&text).expect_err("the text was taken");
        assert!(error.len() < 16 * 1024, "{} bytes of a complaint", error.len());
    }
    let fleet = nodes(&|n| {
        format!("[[nodes]]\nname = \"n{n}\"\nhost = \"h\"\nproxy_jump = \"n{}\"\n", n / 8 * 8 + 8)
    });
    assert!(load_text(&fleet).unwrap_err().contains("has more than 8 jump hosts"));
    let fleet = nodes(&|n| format!("[[nodes]]\nname = \"n{n}\"\nhost = \"h{n}\"\ntags = [\"t\"]\n"));
    assert_eq!(load_text(&fleet).unwrap().nodes.len(), MANY / 20);
}

#[test]
fn lists_of_jump_hosts_that_name_each_other_are_not_written_out() {
    let mut text = String::new();
    for n in 0..9 {
        let next = vec![format!("n{}", n + 1); 9].join(",");
        text.push_str(&format!("[[nodes]]\nname = \"n{n}\"\nhost = \"h{n}\"\nproxy_jump = \"{next}\"\n"));
    }
    let error = load_text(&text).unwrap_err();
    assert!(error.contains("the way to n0 has more than 8 jump hosts"), "{error}");
    // Eight are enough for anybody, in one list or in eight.
    let words: Vec<String> = (0..8).map(|n| format!("gate{n}")).collect();
    let one_list = format!("{NODE}proxy_jump = \"{}\"\n", words.join(","));
    assert!(load_text(&one_list).is_ok());
    let chain: String = (0..9)
        .map(|n| format!("[[nodes]]\nname = \"n{n}\"\nhost = \"h{n}\"\nproxy_jump = \"n{}\"\n", n + 1))
        .collect();
    assert!(load_text(&chain).unwrap_err().contains("more than 8"));
    assert!(load_text(&chain.replacen("name = \"n0\"", "name = \"n9\"", 1)).is_err(), "a circle");
}
