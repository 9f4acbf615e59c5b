//! A pty whose other end is the test.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Home;

/// Where a person would sit.
pub struct Terminal {
    pub person: File,
    pub program: File,
    pub seen: String,
}

impl Terminal {
    pub fn open() -> Self {
        Self::of_rows(24)
    }

    pub fn of_rows(rows: u16) -> Self {
        let person: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let size = Winsize { ws_row: rows, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&program, size).unwrap();
        Self { person: File::from(person), program, seen: String::new() }
    }

    pub fn stdio(&self) -> Stdio {
        self.program.try_clone().unwrap().into()
    }

    pub fn wait_for(&mut self, words: &str) {
        while !self.seen.contains(words) {
            let mut bytes = [0; 4096];
            let count = self.person.read(&mut bytes).unwrap();
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).unwrap();
    }

    /// Types as a person does, who has read the question first.
    pub fn answers(&mut self, keys: &str) {
        std::thread::sleep(Duration::from_secs(1));
        self.types(keys);
    }

    /// What was printed up to these words; what follows them is seen next.
    pub fn takes(&mut self, words: &str) -> String {
        self.wait_for(words);
        let at = self.seen.find(words).unwrap() + words.len();
        let rest = self.seen.split_off(at);
        std::mem::replace(&mut self.seen, rest).replace('\r', "")
    }

    /// Standard output is the terminal as well.
    pub fn run_whole(&self, home: &Home, args: &[&str]) -> Child {
        let mut command = home.command(args);
        command.stdin(self.stdio()).stderr(self.stdio()).stdout(self.stdio()).spawn().unwrap()
    }

    /// Standard output stays a pipe: what is asked does not depend on where the results go.
    pub fn run(&self, home: &Home, args: &[&str]) -> Child {
        let mut command = home.command(args);
        command.stdin(self.stdio()).stderr(self.stdio()).stdout(Stdio::piped()).spawn().unwrap()
    }
}

/// How it ended.
pub fn code(child: Child) -> i32 {
    child.wait_with_output().unwrap().status.code().unwrap()
}
