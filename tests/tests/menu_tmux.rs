//! The menu in a person's own terminal: tmux, which knows more than a vt100, and its size.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Output, Stage, Tree, need, poll_until, toolstack};
use std::process::Command;

const CONFIG: &str = "set timeout=-1\nmenuentry 'Größe' { linux /boot/vmlinuz groesse }\n\
    submenu 'More' { menuentry 'Inner' {\n\tlinux /boot/vmlinuz inner\n} }\n";

/// A tmux server of its own, gone with this.
struct Tmux(tempfile::TempDir);

impl Tmux {
    fn run(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new(need("tmux", "tmux"));
        tmux.env_clear()
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .arg("-S")
            .arg(self.0.path().join("tmux"));
        let outcome = tmux.args(["-f", "/dev/null"]).args(arguments).output().unwrap();
        String::from_utf8(outcome.stdout).unwrap()
    }

    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn see(&self, text: &str) -> &Self {
        poll_until(text, fsimage_tests::HANG, || self.screen().contains(text).then_some(()));
        self
    }

    fn press(&self, keys: &[&str]) -> &Self {
        self.run(&[&["send-keys"], keys].concat());
        self
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn a_person_edits_and_boots() {
    let (stage, guest, output) = (Stage::new(), Tree::configured(CONFIG).guest(), Output::new());
    let tmux = Tmux(tempfile::tempdir().unwrap());
    let command = format!(
        "echo earlier; {} --output={} --output-directory={} --output-format=simple0 {}; echo ended $?; read line",
        stage.path("pygrub-rs").display(),
        output.file().display(),
        output.directory().display(),
        guest.image.display()
    );
    tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", &command]);
    tmux.see("│*Größe").see("Use the ↑ and ↓ keys");
    // The alternate screen: what was there comes back at the end.
    assert!(!tmux.screen().contains("earlier"));
    tmux.run(&["resize-window", "-x", "100", "-y", "30"]);
    poll_until("a wider box", fsimage_tests::HANG, || {
        tmux.screen().lines().any(|line| line.chars().filter(|sign| *sign == '─').count() > 90).then_some(())
    });
    tmux.press(&["Down", "Enter"]).see("│*Inner").press(&["e"]).see("linux /boot/vmlinuz inner");
    tmux.press(&["End", " edited"]).see("inner edited").press(&["C-x"]);
    tmux.see("Booting `Inner'").see("ended 0").see("earlier");
    let boot = toolstack::libxl(&output.result());
    assert_eq!(boot.args.as_deref(), Some(&b"inner edited"[..]));
}

#[test]
fn leaving_puts_the_terminal_back() {
    let (stage, guest, output) = (Stage::new(), Tree::configured(CONFIG).guest(), Output::new());
    let tmux = Tmux(tempfile::tempdir().unwrap());
    let command = format!(
        "stty -a > {0}/modes; {1} --output-directory={2} {3}; echo ended $?; stty -a | cmp - {0}/modes && echo same; read line",
        tmux.0.path().display(),
        stage.path("pygrub-rs").display(),
        output.directory().display(),
        guest.image.display()
    );
    tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", &command]);
    tmux.see("│*Größe").press(&["C-c"]).see("ended 1").see("same");
    output.assert_untouched();
}
