//! The menu in a person's own terminal: tmux, which knows more than a vt100, and its size.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Output, Stage, Tmux, Tree, poll_until, toolstack};

const CONFIG: &str = "set timeout=-1\nmenuentry 'Größe' { linux /boot/vmlinuz groesse }\n\
    submenu 'More' { menuentry 'Inner' {\n\tlinux /boot/vmlinuz inner\n} }\n";

#[test]
fn a_person_edits_and_boots() {
    let (stage, guest, output) = (Stage::new(), Tree::configured(CONFIG).guest(), Output::new());
    let command = format!(
        "echo earlier; {} --output={} --output-directory={} --output-format=simple0 {}; echo ended $?; read line",
        stage.path("pygrub-rs").display(),
        output.file().display(),
        output.directory().display(),
        guest.image.display()
    );
    let tmux = Tmux::new(80, 24, &command);
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
    let modes = tempfile::tempdir().unwrap();
    let command = format!(
        "stty -a > {0}/modes; {1} --output-directory={2} {3}; echo ended $?; stty -a | cmp - {0}/modes && echo same; read line",
        modes.path().display(),
        stage.path("pygrub-rs").display(),
        output.directory().display(),
        guest.image.display()
    );
    let tmux = Tmux::new(80, 24, &command);
    tmux.see("│*Größe").press(&["C-c"]).see("ended 1").see("same");
    output.assert_untouched();
}
