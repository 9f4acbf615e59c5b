//! Which files are read, and who may have written them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{query, system};
use crate::ssh_config::*;

#[test]
fn files_are_included_where_they_stand() {
    let home = tempfile::tempdir().unwrap();
    let ssh = home.path().join(".ssh");
    fs::create_dir_all(ssh.join("d")).unwrap();
    let sources = [Source { file: ssh.join("config"), of: Owner::User }];
    let write = |name: &str, text: &str| {
        fs::write(ssh.join(name), text).unwrap();
        fs::set_permissions(ssh.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("config", "Host web\n  Include d/*.conf ~/.ssh/missing\n  Port 3\nHost *\n  Port 9\n");
    write("d/1.conf", "User one\nHost db\n  Port 1\n");
    write("d/2.conf", "User two\nHost *\n  HostKeyAlias of-two\n");
    write("d/.hidden.conf", "User hidden\n");
    let ask = |host| {
        let (config, stamps) = load(&sources, system(home.path()));
        (settings(&config.unwrap(), &query(host)).unwrap(), stamps)
    };
    let (web, stamps) = ask("web");
    assert_eq!((web.user.unwrap().1.as_str(), web.port.unwrap().get()), ("one", 3));
    assert!(web.host_key_alias.is_some());
    // Around the `Include` is another host, so nothing in there is for this one.
    let (db, _) = ask("db");
    assert_eq!((db.user, db.port.unwrap().get()), (None, 9));
    assert!(stamps.hold());
    write("d/0.conf", "User zero\n");
    assert!(!stamps.hold());
    assert_eq!(ask("web").0.user.unwrap().1, "zero");
    // A circle ends, and what others may write is not trusted.
    write("d/0.conf", "Include config\n");
    assert!(load(&sources, system(home.path())).0.unwrap_err().why.contains("include each other"));
    fs::set_permissions(ssh.join("d/0.conf"), fs::Permissions::from_mode(0o666)).unwrap();
    let refusal = load(&sources, system(home.path())).0.unwrap_err();
    assert!(
        refusal.why.contains("d/0.conf:1: somebody else may write") && refusal.hint.contains("chmod go-w")
    );
}

#[test]
fn what_an_include_means_is_found_as_ssh_finds_it() {
    let home = tempfile::tempdir().unwrap();
    let ssh = home.path().join(".ssh");
    fs::create_dir_all(ssh.join("d/folder.conf")).unwrap();
    fs::set_permissions(ssh.join("d/folder.conf"), fs::Permissions::from_mode(0o700)).unwrap();
    let write = |name: &str, text: &str| {
        fs::write(ssh.join(name), text).unwrap();
        fs::set_permissions(ssh.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    for (name, port) in
        [("d/10-a.conf", 10), ("d/9.conf", 9), ("d/x.conf", 11), ("d/*", 12), ("d/me", 13), ("d/{a,b}", 14)]
    {
        write(name, &format!("Port {port}\n"));
    }
    let home_of = system(home.path());
    let load = |text: &str, of| {
        write("config", text);
        load(&[Source { file: ssh.join("config"), of }], home_of).0
    };
    let path = ssh.display();
    for (word, port) in [
        ("d/[0-9]*.conf".to_owned(), Some(10)),
        ("d/[!0-9].conf".to_owned(), Some(11)),
        ("d/*.conf".to_owned(), Some(10)),
        ("d/?.conf".to_owned(), Some(9)),
        ("d/\\*".to_owned(), Some(12)),
        ("d/{a,b}".to_owned(), Some(14)),
        ("d/**x.conf".to_owned(), Some(11)),
        ("~/.ssh/d/9.conf".to_owned(), Some(9)),
        ("%d/.ssh/d/%u".to_owned(), Some(13)),
        (format!("{path}/d/9.conf"), Some(9)),
        ("\"${NOT_SET}/x\" d/9.conf".to_owned(), Some(9)),
        ("~root/no-such-file".to_owned(), None),
        ("d/none* none".to_owned(), None),
        ("d/folder.conf".to_owned(), None),
    ] {
        let config = load(&format!("Include {word}\n"), Owner::User).unwrap();
        let found = settings(&config, &query("web")).unwrap();
        assert_eq!(found.port.map(nixi_core::Port::get), port, "{word}");
        assert_eq!(found.refusals, [], "{word}");
    }
    // What depends on the host, or is not known here, is refused for whom it is for.
    for word in ["%h.conf", "~no-such-user/x", "d/[[:digit:]]*", "%z"] {
        let config = load(&format!("Host other\n  Include {word}\n"), Owner::User).unwrap();
        assert_eq!(settings(&config, &query("web")).unwrap().refusals, []);
        let refusals = settings(&config, &query("other")).unwrap().refusals;
        assert!(refusals[0].why.contains("config:2: which file `Include"), "{refusals:?}");
    }
    let of_system = load("Include ~/.ssh/d/9.conf\n", Owner::System).unwrap_err();
    assert!(of_system.why.contains("begins with `~`"));
    // A mistake in what is included is one for every host, and so is a README that a pattern sweeps in.
    write("d/README", "These are files for ssh.\n");
    for (around, host) in [("Host other\n", "web"), ("", "web"), ("Match exec x\n", "web")] {
        let config = load(&format!("{around}Include d/*\n"), Owner::User).unwrap();
        let told = settings(&config, &query(host)).unwrap_err().why;
        assert!(told.contains("d/README:1: ssh does not know the word \"these\""), "{told}");
    }
    write("d/README", "\u{feff}# fine\n");
    let config = load("Include d/README\n", Owner::User).unwrap();
    let told = settings(&config, &query("web")).unwrap_err().why;
    assert!(told.contains("d/README:1: the file begins with a byte-order mark"), "{told}");
}

#[test]
fn a_pipe_or_a_device_is_no_configuration_and_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let (config, pipe) = (home.path().join("config"), home.path().join("pipe"));
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let load = |file: &Path, of| load(&[Source { file: file.to_owned(), of }], system(home.path())).0;
    for of in [Owner::User, Owner::System] {
        let told = load(&pipe, of).unwrap_err().why;
        assert!(told.contains("pipe:1: it is a pipe, a socket or a device"), "{told}");
        fs::write(&config, "Host other\n  Include pip[e]\n").unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(load(&config, of).unwrap_err().why.contains("pipe:1: it is a pipe"));
        let socket = home.path().join("socket");
        let _ = fs::remove_file(&socket);
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(load(&socket, of).is_err());
    }
    assert!(load(Path::new("/dev/zero"), Owner::System).unwrap_err().why.contains("device"));
    // A folder says nothing, as in ssh.
    assert!(load(home.path(), Owner::System).is_ok());
}

#[test]
fn the_owner_of_a_file_that_is_not_trusted_is_told_with_what_helps() {
    let home = tempfile::tempdir().unwrap();
    let (file, link) = (home.path().join("store"), home.path().join("config"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let refusal = |mode: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        load(&[Source { file: link.clone(), of: Owner::User }], system(home.path())).0.err()
    };
    fs::write(&file, "Port 2\n").unwrap();
    assert_eq!(refusal(0o444), None);
    for mode in [0o664, 0o646] {
        let told = refusal(mode).unwrap();
        assert!(told.why.contains("somebody else may write") && told.hint.contains("chmod go-w"), "{told:?}");
    }
    // Only root can give a file away.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
    for mode in [0o444, 0o600] {
        let told = refusal(mode).unwrap();
        assert!(told.why.contains("belongs to the user nobody (65534)"), "{told:?}");
        assert!(told.hint.contains("cp ") && !told.hint.contains("chmod"), "{told:?}");
    }
    let told = refusal(0o666).unwrap();
    assert!(told.why.contains("belongs to"), "{told:?}");
}
