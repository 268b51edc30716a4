//! A person's own terminal: tmux, which knows more than a vt100, and its size.

use crate::{HANG, need};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A tmux server of its own, gone with this.
#[derive(Debug)]
pub struct Tmux(TempDir);

impl Tmux {
    /// A terminal of this size in which a shell runs this command line.
    #[must_use]
    pub fn new(columns: u16, rows: u16, command: &str) -> Self {
        let tmux = Self(tempfile::tempdir().unwrap());
        let (columns, rows) = (columns.to_string(), rows.to_string());
        tmux.run(&["new-session", "-d", "-x", &columns, "-y", &rows, command]);
        tmux
    }

    /// Runs a command of tmux's; what it prints.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new(need("tmux", "tmux"));
        tmux.env_clear().env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin");
        tmux.arg("-S").arg(self.0.path().join("tmux")).args(["-f", "/dev/null"]);
        let outcome = tmux.args(arguments).output().unwrap();
        String::from_utf8(outcome.stdout).unwrap()
    }

    /// What is to be seen.
    #[must_use]
    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// Waits until this text is to be seen. Panics, with the screen, when it never is.
    #[track_caller]
    pub fn see(&self, text: &str) -> &Self {
        let begin = Instant::now();
        while !self.screen().contains(text) {
            assert!(begin.elapsed() < HANG, "never seen: {text}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Presses keys, by tmux's names for them.
    pub fn press(&self, keys: &[&str]) -> &Self {
        self.run(&[&["send-keys"], keys].concat());
        self
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}
