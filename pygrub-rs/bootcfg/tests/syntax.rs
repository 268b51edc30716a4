//! What is GRUB's language and what is not, asked of GRUB's own parser: `grub-script-check`.

#![allow(clippy::panic, reason = "helpers of tests fail by panicking")]

use std::io::Write;
use std::process::{Command, Stdio};

/// One configuration a line, with `\n` for a line's end; `true` is added so that none is empty.
const CASES: &str = include_str!("grub2/syntax.txt");

/// Whether GRUB accepts it.
fn grub_accepts(text: &str) -> bool {
    let mut check = Command::new("grub-script-check")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("grub-script-check: {error}; install it: apt-get install grub-common")
        });
    let mut input = check.stdin.take().unwrap_or_else(|| panic!("no standard input"));
    input.write_all(text.as_bytes()).unwrap_or_else(|error| panic!("grub-script-check: {error}"));
    drop(input);
    check.wait().unwrap_or_else(|error| panic!("grub-script-check: {error}")).success()
}

/// Whether we do.
fn we_accept(text: &str) -> bool {
    let limits = bootcfg::Limits { max_steps: 1000, ..bootcfg::Limits::default() };
    // An endless loop is good syntax.
    let Ok(menu) = bootcfg::parse_config(text.as_bytes(), &limits) else {
        return true;
    };
    !menu.notes.iter().any(|note| note.contains("syntax error"))
}

#[test]
fn the_same_texts_are_accepted() {
    let unescaped = |line: &str| line.replace("\\n", "\n").replace("\\\\", "\\") + "\ntrue\n";
    let cases: Vec<String> = CASES.lines().filter(|line| !line.is_empty()).map(unescaped).collect();
    assert!(cases.len() > 250);
    let mut wrong = Vec::new();
    for text in &cases {
        let (ours, grubs) = (we_accept(text), grub_accepts(text));
        if ours != grubs {
            wrong.push(format!("ours {ours}, GRUB {grubs}: {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_real_configurations_are_accepted() {
    for text in [include_str!("grub2/configs/debian12.cfg"), include_str!("grub2/configs/ubuntu2404.cfg")] {
        assert!(grub_accepts(text));
        assert!(we_accept(text));
    }
}
