//! `cargo xtask lint`: what a machine can say of the text.

use crate::shell::{Result, cargo, command, finish, output, root, target};
use std::fs;

/// Where unsafe code may stand, and how many blocks each place has. A number that changes is announced here, with the
/// change that made it.
const UNSAFE: &[(&str, usize)] = &[
    ("fsimage/abi/", 1),
    ("fsimage/capi/", 47),
    ("fsimage/sdk/src/export", 63),
    ("fsimage/worker/src/registry/", 39),
    ("fsimage/worker/src/sandbox/", 18),
    ("plugins/evil/", 14),
];

/// All checks, in the order of their speed.
pub(crate) fn run(_: &[String]) -> Result {
    step("rustfmt", || finish(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("unsafe blocks", count_unsafe)?;
    step("licences, bans, sources", deny)?;
    step("clippy", || {
        finish(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    step("fuzz targets", fuzz_targets)?;
    step("docs", || finish(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings")))
}

/// A workspace of its own, which nothing else builds; libFuzzer itself is not needed to see that they compile.
fn fuzz_targets() -> Result {
    const MANIFEST: &str = "fuzz/Cargo.toml";
    finish(&mut cargo(&["fmt", "--manifest-path", MANIFEST, "--check"]))?;
    let words = ["clippy", "--manifest-path", MANIFEST, "--locked", "--all-targets", "--", "-D", "warnings"];
    let linked_by_nobody = target().join("fuzz/libfuzzer.a");
    finish(
        cargo(&words)
            .env("CARGO_TARGET_DIR", target().join("fuzz"))
            .env("CUSTOM_LIBFUZZER_PATH", linked_by_nobody),
    )
}

fn step(name: &str, check: impl FnOnce() -> Result) -> Result {
    println!("lint: {name}");
    check()
}

/// `cargo deny check`; without its advisories where their database cannot be had.
fn deny() -> Result {
    if !command("cargo-deny", &["--version"]).output().is_ok_and(|output| output.status.success()) {
        println!("missing cargo-deny: installing it from crates.io");
        finish(&mut cargo(&["install", "cargo-deny", "--locked", "--quiet"]))?;
    }
    finish(&mut cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]))?;
    let fetched = command("cargo-deny", &["fetch", "db"]).output();
    if fetched.is_ok_and(|output| output.status.success()) {
        finish(&mut cargo(&["deny", "--log-level", "error", "check", "advisories"]))
    } else {
        println!("lint: the advisory database cannot be fetched from here: advisories are NOT checked");
        Ok(())
    }
}

fn count_unsafe() -> Result {
    let files =
        output(&mut command("git", &["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"]))?;
    let mut counts = vec![0; UNSAFE.len()];
    let mut elsewhere = Vec::new();
    for file in files.lines().filter(|file| !is_test(file)) {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        let count = text.lines().filter(|line| is_unsafe(line)).count();
        match UNSAFE.iter().position(|(place, _)| file.starts_with(place)) {
            Some(place) => counts[place] += count,
            None if count > 0 => elsewhere.push(file.to_owned()),
            None => {}
        }
    }
    if !elsewhere.is_empty() {
        return Err(format!("unsafe code outside its places: {}", elsewhere.join(", ")));
    }
    for ((place, allowed), found) in UNSAFE.iter().zip(counts) {
        if *allowed != found {
            return Err(format!(
                "{place} has {found} unsafe blocks where xtask/src/lint.rs announces {allowed}: announce the change there"
            ));
        }
    }
    Ok(())
}

/// The acceptance tests' pty harness and the fuzz targets are not part of the product.
fn is_test(file: &str) -> bool {
    file.starts_with("tests/")
        || file.starts_with("fuzz/")
        || file.contains("/tests/")
        || file.starts_with("xtask/")
}

fn is_unsafe(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with("//")
        && ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern \"C\" {"]
            .iter()
            .any(|form| line.contains(form))
}
