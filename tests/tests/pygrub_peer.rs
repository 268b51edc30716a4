//! The same image, the same answer from Xen's own pygrub.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::output::same_bytes;
use fsimage_tests::{Guest, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const FORMATS: [&str; 2] = ["simple", "sxp"];

/// One answer with the folder and the random part of the names replaced, and the kernel's and the ramdisk's bytes.
fn answer(run: Run, format: &str, arguments: &[&str], guest: &Guest) -> (String, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run
        .arg("-q")
        .option("--output-format", format)
        .option("--output-directory", folder.path())
        .args(arguments)
        .arg(&guest.image)
        .finish();
    outcome.assert_success();
    let boot = match format {
        "sxp" => toolstack::sxp(&outcome.stdout).unwrap(),
        _ => toolstack::xapi(&outcome.stdout, folder.path().as_os_str().as_bytes()).unwrap(),
    };
    let mut text = outcome.text();
    let mut files = Vec::new();
    for path in [boot.kernel, boot.ramdisk].into_iter().flatten() {
        let path = Path::new(OsStr::from_bytes(&path));
        let name = path.file_name().unwrap().to_str().unwrap();
        let (prefix, random) = name.split_once('.').unwrap();
        assert!(
            random.len() >= 6 && random.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
            "{name}"
        );
        text = text.replace(path.to_str().unwrap(), &format!("DIR/{prefix}.XXXXXX"));
        files.push(std::fs::read(path).unwrap());
    }
    (text, files)
}

fn assert_same(guest: &Guest, arguments: &[&str]) {
    let pygrub = need("pygrub", "xen-utils-4.17");
    // Xen's pygrub is found by PATH's python.
    let theirs = || Run::new(&pygrub).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let stage = Stage::new();
    for format in FORMATS {
        let expected = answer(theirs(), format, arguments, guest);
        let ours = answer(stage.pygrub(), format, arguments, guest);
        assert_eq!(ours.0, expected.0, "{format} {arguments:?}");
        assert!(ours.1 == expected.1, "{format} {arguments:?}: other bytes");
        assert!(!ours.1.is_empty());
    }
}

#[test]
fn the_demo_guest() {
    assert_same(&Guest::demo(), &[]);
}

#[test]
fn a_real_debian_guest() {
    assert_same(&Guest::debian(), &[]);
}

#[test]
fn more_arguments() {
    assert_same(&Guest::demo(), &["--args=single it's \"quoted\""]);
}

#[test]
fn another_entry() {
    assert_same(&Guest::demo(), &["--entry=1"]);
}

#[test]
fn files_named_by_the_toolstack() {
    let arguments = ["--kernel=/vmlinuz", "--ramdisk=/initrd.img", "--args=ro"];
    assert_same(&Guest::demo(), &arguments);
    assert_same(&Guest::demo(), &arguments[..1]);
}

#[test]
fn an_offset() {
    assert_same(&Guest::demo(), &["--offset=1048576"]);
}

#[test]
fn what_both_extract_is_what_debugfs_dumps() {
    let (guest, folder) = (Guest::demo(), tempfile::tempdir().unwrap());
    let (_, files) = answer(Stage::new().pygrub(), "simple", &[], &guest);
    for (bytes, inside) in files.iter().zip([&guest.kernel, &guest.ramdisk]) {
        let ours = folder.path().join("ours");
        std::fs::write(&ours, bytes).unwrap();
        assert!(same_bytes(&ours, &guest.dump(inside, &folder.path().join("theirs"))));
    }
}
