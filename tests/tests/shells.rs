//! Completions in the shells themselves, and manual pages as man(1) takes them.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Run, Stage, Tmux, need};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The verbs, as the program's help has them.
fn verbs(stage: &Stage) -> Vec<String> {
    let help = stage.fsimage().arg("-h").finish().assert_success().text();
    let lines = help.lines().skip_while(|line| *line != "Verbs:").skip(1).take_while(|line| !line.is_empty());
    let verbs = lines.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help");
    verbs.map(str::to_owned).collect()
}

/// A shell's script in a file of this name, in a folder where an image lies.
fn script(stage: &Stage, shell: &str, file: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    let outcome = stage.fsimage().args(["completions", shell]).finish();
    assert_eq!(outcome.stderr, "");
    std::fs::write(&path, &outcome.assert_success().stdout).unwrap();
    std::fs::write(folder.path().join("guest-disk.img"), "").unwrap();
    (folder, path)
}

/// A person types, presses Tab, and sees a verb, an option, an option's value and a file's name completed.
fn type_and_see(stage: &Stage, folder: &Path, start: &str) {
    let path = format!("{}:/usr/bin:/bin", stage.path("").display());
    let command = format!("cd '{}'; PATH='{path}' PS1='ready> ' {start}", folder.display());
    let tmux = Tmux::new(100, 30, &command);
    tmux.see("ready>");
    for (typed, seen) in [
        ("fsimage part", "fsimage partitions"),
        ("fsimage get --recur", "fsimage get --recursive"),
        ("fsimage ls --partit", "fsimage ls --partition"),
        ("fsimage completions fi", "fsimage completions fish"),
        ("fsimage ls guest-d", "fsimage ls guest-disk.img"),
    ] {
        tmux.press(&["-l", typed]);
        tmux.see(typed).press(&["Tab"]);
        // No ^C: with it the terminal throws away what is typed next.
        tmux.see(seen).press(&["C-u", "C-l"]);
    }
}

#[test]
fn bash_completes_verbs_options_and_files() {
    let stage = Stage::new();
    let (folder, script) = script(&stage, "bash", "fsimage");
    let rc = folder.path().join("rc");
    std::fs::write(&rc, format!("PS1='ready> '; source '{}'\n", script.display())).unwrap();
    type_and_see(
        &stage,
        folder.path(),
        &format!("{} --noprofile --rcfile rc -i", need("bash", "bash").display()),
    );
    // All verbs, by the function that the script is.
    let line = format!(
        "source '{}'; COMP_WORDS=(fsimage ''); COMP_CWORD=1; _fsimage fsimage '' fsimage; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let outcome = Run::new(&need("bash", "bash")).args(["--norc", "-uc", &line]).finish();
    assert_eq!(outcome.stderr, "");
    let offered = outcome.assert_success().text();
    for verb in verbs(&stage) {
        assert!(offered.lines().any(|word| word == verb), "{verb}: {offered}");
    }
}

#[test]
fn zsh_completes_verbs_options_and_files() {
    let stage = Stage::new();
    let (folder, _) = script(&stage, "zsh", "_fsimage");
    let rc = "PS1='ready> '; fpath=($ZDOTDIR $fpath); autoload -U compinit; compinit -u -D\n";
    std::fs::write(folder.path().join(".zshrc"), rc).unwrap();
    let zsh = need("zsh", "zsh");
    let start = format!("ZDOTDIR='{}' {} -d -i", folder.path().display(), zsh.display());
    type_and_see(&stage, folder.path(), &start);
}

#[test]
fn fish_completes_verbs_options_and_files() {
    let stage = Stage::new();
    let (folder, script) = script(&stage, "fish", "fsimage.fish");
    let fish = |line: &str| {
        let line = format!("source {}; {line}", script.display());
        let run = Run::new(&need("fish", "fish")).env("HOME", folder.path()).env("PATH", "/usr/bin:/bin");
        let outcome = run.args(["--no-config", "-c", &line]).finish();
        assert_eq!(outcome.stderr, "");
        outcome.assert_success().text()
    };
    let offered = fish("complete -C 'fsimage '");
    for verb in verbs(&stage) {
        assert!(offered.lines().any(|line| line.split('\t').next() == Some(&verb)), "{verb}: {offered}");
    }
    assert!(fish("complete -C 'fsimage part'").starts_with("partitions\t"));
    assert!(fish("complete -C 'fsimage get --recur'").starts_with("--recursive\t"));
    assert!(
        fish(&format!("cd {}; complete -C 'fsimage ls guest-d'", folder.path().display()))
            .contains("guest-disk.img")
    );
}

/// Every page of the program's, as it is installed.
fn pages(stage: &Stage) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let man1 = folder.path().join("man1");
    std::fs::create_dir(&man1).unwrap();
    let outcome = stage.fsimage().args(["man", "-o"]).arg(&man1).finish();
    assert_eq!((outcome.assert_success().text().as_str(), outcome.stderr.as_str()), ("", ""));
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(&man1).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    (folder, pages)
}

#[test]
fn every_verb_has_a_manual_page_that_man_finds_and_renders() {
    let stage = Stage::new();
    let (folder, pages) = pages(&stage);
    let names: Vec<&str> = pages.iter().map(|page| page.file_stem().unwrap().to_str().unwrap()).collect();
    for verb in verbs(&stage) {
        assert!(names.contains(&format!("fsimage-{verb}").as_str()), "{verb}: {names:?}");
        // The one that is printed is the one that is written.
        let printed = stage.fsimage().args(["man", &verb]).finish();
        let written = std::fs::read(folder.path().join(format!("man1/fsimage-{verb}.1"))).unwrap();
        assert_eq!(printed.assert_success().stdout, written);
    }
    // And those of the two programs.
    assert_eq!(names.len(), verbs(&stage).len() + 2);
    assert!(names.contains(&"fsimage") && names.contains(&"pygrub-rs"), "{names:?}");
    for (page, name) in pages.iter().zip(&names) {
        let run = |tool: &str, package: &str, arguments: &[&str]| {
            let run = Run::new(&need(tool, package)).env("LC_ALL", "C.UTF-8").env("PATH", "/usr/bin:/bin");
            let outcome = run.env("MANWIDTH", "80").args(arguments).arg(page).finish();
            assert_eq!(outcome.stderr, "", "{tool} {name}");
            outcome.assert_success().text()
        };
        run("groff", "groff-base", &["-man", "-ww", "-Tutf8"]);
        let text = run("man", "man-db", &["--warnings", "-P", "cat", "-l"]);
        for section in
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "LIMITS AND JAIL", "EXAMPLES", "SEE ALSO"]
        {
            assert!(text.lines().any(|line| line == section), "{name}: no {section}: {text}");
        }
        let whatis = run("lexgrog", "man-db", &[]);
        assert!(whatis.contains(&format!(": \"{name} - ")), "{whatis}");
        if *name == "pygrub-rs" {
            continue;
        }
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{name}: {wide:#?}");
        // An option without a word about it would be no help.
        assert!(text.contains("Most files and directories that one -R or -r visits"), "{name}: {text}");
        assert!(text.contains(&name.replacen('-', " ", 1)), "{name}: its examples");
    }
    // As a person looks for it.
    Run::new(&need("mandb", "man-db"))
        .env("PATH", "/usr/bin:/bin")
        .arg("-cq")
        .arg(folder.path())
        .finish()
        .assert_success();
    let apropos = Run::new(&need("apropos", "man-db"))
        .arg("-M")
        .arg(folder.path())
        .args(["-a", "copy", "files"])
        .finish();
    assert!(apropos.assert_success().text().starts_with("fsimage"), "{}", apropos.text());
    let located = Run::new(&need("man", "man-db"))
        .env("PATH", "/usr/bin:/bin")
        .arg("-M")
        .arg(folder.path())
        .args(["-w", "fsimage", "get"]);
    assert!(located.finish().assert_success().text().ends_with("/fsimage-get.1\n"));
}

#[test]
fn pages_that_cannot_be_written_are_named() {
    let stage = Stage::new();
    let outcome = stage.fsimage().args(["man", "-o", "/nowhere/man1"]).finish();
    outcome.assert_failure("error: /nowhere/man1/fsimage.1: No such file or directory");
}
