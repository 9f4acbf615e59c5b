//! The real `nixi-tui` in a window of a real terminal (tmux).

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub const PATIENCE: Duration = Duration::from_secs(60);

/// A tmux server of the test's own, with one window of 80x24 and a shell in it.
pub struct Window {
    dir: TempDir,
    socket: String,
}

impl Window {
    /// None, loudly, where tmux is not installed.
    pub fn open(config: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("\nNOT TESTED: tmux is not installed, so the terminal UI was not run in a terminal.\n");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let window = Self { socket: format!("nixi-test-{}", std::process::id()), dir };
        std::fs::create_dir(window.home()).unwrap();
        std::fs::write(window.config(), config).unwrap();
        let shell = format!("env HOME={} PS1='ready> ' NO_COLOR=1 sh", window.home().display());
        window.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", &shell]);
        window.sees("ready>");
        Some(window)
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("config.toml")
    }

    pub fn tmux(&self, args: &[&str]) -> Output {
        Command::new("tmux")
            .args(["-L", &self.socket])
            .args(args)
            .env("TMUX_TMPDIR", self.dir.path())
            .env_remove("TMUX")
            .output()
            .unwrap()
    }

    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    pub fn holds(&self, what: &str, patience: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if self.screen().contains(what) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub fn sees(&self, what: &str) {
        assert!(self.holds(what, PATIENCE), "{what:?} does not appear:\n{}", self.screen());
    }

    pub fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    pub fn say(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.key("Enter");
    }

    /// Answers a question: what is typed too soon after it has appeared does not count, so it is typed until it does.
    pub fn answer(&self, keys: &[&str], then: &str) {
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(500));
            keys.iter().for_each(|key| self.key(key));
            if self.holds(then, Duration::from_secs(5)) {
                return;
            }
        }
        panic!("{then:?} does not appear:\n{}", self.screen());
    }

    pub fn start(&self) {
        self.run(&format!("{} --config {}", env!("CARGO_BIN_EXE_nixi-tui"), self.config().display()));
    }

    pub fn run(&self, command: &str) {
        self.say(command);
        self.sees("A change is shown to you first");
    }

    /// The shell is back on its own screen, with its own keyboard.
    pub fn is_clean(&self) {
        self.sees("ready>");
        let flags =
            self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag} #{bracket_paste_flag}"]);
        let flags = String::from_utf8_lossy(&flags.stdout).trim().to_owned();
        assert!(flags == "0 1" || flags == "0 1 0", "{flags:?}");
        assert!(!self.screen().contains("A change is shown"), "{}", self.screen());
        self.say("clear; stty -a");
        self.sees("speed ");
        self.sees("extproc");
        let screen = self.screen();
        for mode in ["isig", "icanon", "echo", "icrnl", "opost"] {
            assert!(screen.split_whitespace().any(|word| word == mode), "{mode}: {screen}");
        }
        self.say("clear");
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
