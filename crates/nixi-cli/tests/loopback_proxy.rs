//! A proxy in the environment, which records what comes: nothing on the way to this machine itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use common::{Home, Ran};

/// A proxy that refuses everything; the first lines of what it was asked.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = Arc::clone(&asked);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let line = String::from_utf8_lossy(&bytes[..count]).lines().next().unwrap_or_default().to_owned();
            record.lock().unwrap().push(line);
            let _ =
                stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (address, asked)
}

fn ask(host: &str, proxy: &str) -> Ran {
    // Port 9 of this machine: nobody listens there.
    let home = Home::with_config(&format!("[llm]\nbase_url = \"http://{host}:9/v1\"\nmodel = \"m\"\n"));
    let mut command = home.command(&["please tell me something nice"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, proxy);
    }
    command.env("NO_PROXY", "").env("no_proxy", "");
    Ran::from(command.output().unwrap())
}

#[test]
fn no_proxy_is_asked_for_this_machine_in_any_spelling() {
    let (address, asked) = proxy();
    for host in [
        "localhost",
        "LOCALHOST.",
        "LocalHost",
        "127.0.0.1",
        "127.9.9.9",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "a.localhost",
        "ip6-localhost",
    ] {
        let ran = ask(host, &address);
        assert_eq!(ran.code, 5, "{host}: {ran:?}");
        assert!(ran.err.contains("no model answers at"), "{host}: {ran:?}");
        assert_eq!(*asked.lock().unwrap(), Vec::<String>::new(), "{host}");
    }
    // It is there, and asked for another machine.
    let ran = ask("192.0.2.1", &address);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(asked.lock().unwrap().iter().any(|line| line.contains("192.0.2.1")), "{ran:?}");
}
