//! Whoever runs it, and whoever the worker becomes: the same bytes.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::USER;
use fsimage_tests::output::same_bytes;
use fsimage_tests::{Guest, Output, Run, Stage, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn assert_same_bytes(run: Run, guest: &Guest, output: &Output, owner: u32) {
    let outcome = run
        .args(["-q", "--output-format=simple0"])
        .option("--output", output.file())
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .finish();
    outcome.assert_success();
    let boot = toolstack::libxl(&output.result());
    assert_eq!(boot.args.as_deref(), Some(guest.args.as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    for (file, inside) in [(boot.kernel, &guest.kernel), (boot.ramdisk, &guest.ramdisk)] {
        let file = file.unwrap();
        let file = Path::new(OsStr::from_bytes(&file));
        assert!(same_bytes(file, &guest.dump(inside, &folder.path().join("dump"))), "{inside}");
        let status = std::fs::symlink_metadata(file).unwrap();
        assert_eq!((status.uid(), status.mode() & 0o7777), (owner, 0o600));
    }
    assert_eq!(output.files().len(), 2);
}

#[test]
fn root() {
    let stage = Stage::new();
    assert_same_bytes(stage.pygrub(), &Guest::debian(), &Output::new(), 0);
}

#[test]
fn an_ordinary_user() {
    let stage = Stage::new();
    let guest = Guest::debian().readable();
    assert_same_bytes(stage.pygrub().user(USER), &guest, &Output::of_user(USER), USER);
}

#[test]
fn deprivileged_as_nobody() {
    let stage = Stage::new();
    assert_same_bytes(stage.pygrub().arg("--runas=65534"), &Guest::debian(), &Output::new(), 0);
}

#[test]
fn deprivileged_as_a_user_that_does_not_exist() {
    let stage = Stage::new();
    assert_same_bytes(stage.pygrub().arg("--runas=12345"), &Guest::debian(), &Output::new(), 0);
}

#[test]
fn an_image_that_only_root_may_read_is_read_deprivileged_too() {
    let stage = Stage::new();
    let guest = Guest::demo().private();
    assert_same_bytes(stage.pygrub().arg("--runas=65534"), &guest, &Output::new(), 0);
}

#[test]
fn the_worker_never_runs_as_root() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    let outcome =
        stage.pygrub().args(["-q", "--runas=0"]).option("--output", output.file()).arg(&guest.image).finish();
    outcome.assert_failure("the worker may not run as root");
    output.assert_untouched();
}

#[test]
fn an_ordinary_user_cannot_become_another() {
    let (stage, guest, output) = (Stage::new(), Guest::demo().readable(), Output::of_user(USER));
    let outcome = stage
        .pygrub()
        .args(["-q", "--runas=65534"])
        .option("--output", output.file())
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .user(USER)
        .finish();
    outcome.assert_failure("user 1000 cannot become user 65534");
    output.assert_untouched();
}
