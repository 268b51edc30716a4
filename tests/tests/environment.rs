//! No environment variable changes which code is loaded.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Guest, Output, Stage, built, need};
use std::path::Path;

/// Names by which programs of this kind were, or could be, told where their plugins and helpers lie.
const NAMES: [&str; 20] = [
    "FSIMAGE_FSDIR",
    "FSIMAGE_PLUGINDIR",
    "FSIMAGE_PLUGIN_DIR",
    "FSIMAGE_PLUGIN_PATH",
    "FSIMAGE_PLUGINS",
    "FSIMAGE_LIBEXECDIR",
    "FSIMAGE_LIBDIR",
    "FSIMAGE_WORKER",
    "XENFSIMAGE_FSDIR",
    "XENFSIMAGE_PLUGINDIR",
    "XENFSIMAGE_LIBDIR",
    "LIBFSIMAGE_FSDIR",
    "PYGRUB_PLUGINDIR",
    "LD_LIBRARY_PATH",
    "PATH",
    "HOME",
    "XDG_DATA_DIRS",
    "XDG_CONFIG_HOME",
    "PWD",
    "TMPDIR",
];

/// A folder full of what must not be loaded: a plugin under every name, and a worker.
fn bait(stage: &Stage) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("pygrub-rs-bait.").tempdir_in("/tmp").unwrap();
    let copy = |from: &Path, to: &str| {
        let status = std::process::Command::new(need("cp", "coreutils"))
            .arg(from)
            .arg(folder.path().join(to))
            .status()
            .unwrap();
        assert!(status.success());
    };
    for name in ["libfsimage_plugin_evil.so", "libfsimage_plugin_aaa.so", "fsimage.so"] {
        copy(&built().join("libfsimage_evil.so"), name);
    }
    std::fs::create_dir(folder.path().join("evil")).unwrap();
    copy(&built().join("libfsimage_evil.so"), "evil/fsimage.so");
    copy(&stage.path("pygrub-rs"), "fsimage-worker");
    folder
}

#[test]
fn no_variable_makes_a_plugin_or_a_worker_load() {
    let stage = Stage::new();
    let (guest, bait) = (Guest::evil("none"), bait(&stage));
    for name in NAMES {
        let outcome = stage.pygrub().arg("-l").arg(&guest.image).env(name, bait.path()).finish();
        outcome.assert_failure("no filesystem known to ext2");
        assert!(!outcome.stderr.contains("evil"), "{name}: {}", outcome.stderr);
    }
    // All of them at once, and from inside the folder.
    let mut run = stage.fsimage().args(["info", "--sandbox"]);
    for name in NAMES {
        run = run.env(name, bait.path());
    }
    let outcome = run.finish();
    outcome.assert_success();
    assert!(!outcome.text().contains("evil"), "{}", outcome.text());
    // The bait would be taken if it lay beside the worker.
    let outcome = Stage::with_evil().pygrub().arg("-l").arg(&guest.image).finish();
    assert!(outcome.assert_success().text().contains("Evil Linux"));
}

#[test]
fn a_guest_boots_the_same_with_all_of_them_set() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    let bait = bait(&stage);
    let mut run = stage.pygrub().args(["-q", "--output-format=simple0"]).option("--output", output.file());
    for name in NAMES {
        run = run.env(name, bait.path());
    }
    run.option("--output-directory", output.directory()).arg(&guest.image).finish().assert_success();
    assert_eq!(output.files().len(), 2);
}

#[test]
fn a_worker_that_others_may_replace_is_not_started() {
    use std::os::unix::fs::PermissionsExt;
    let (stage, guest) = (Stage::new(), Guest::demo());
    std::fs::set_permissions(stage.path("fsimage-worker"), PermissionsExt::from_mode(0o757)).unwrap();
    let outcome = stage.pygrub().arg("-l").arg(&guest.image).finish();
    outcome.assert_failure("others may write there, and so replace the worker");
}

#[test]
fn a_worker_of_another_users_is_not_started() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    std::os::unix::fs::chown(stage.path("fsimage-worker"), Some(1234), None).unwrap();
    let outcome = stage.pygrub().arg("-l").arg(&guest.image).finish();
    outcome.assert_failure("belongs to user 1234");
}

#[test]
fn a_plugin_that_others_may_replace_is_not_loaded() {
    use std::os::unix::fs::PermissionsExt;
    let (stage, guest) = (Stage::with_evil(), Guest::evil("none"));
    let plugin = stage.path("libfsimage_plugin_evil.so");
    std::fs::set_permissions(&plugin, PermissionsExt::from_mode(0o775)).unwrap();
    let outcome = stage.pygrub().args(["-l", "--debug"]).arg(&guest.image).finish();
    outcome.assert_failure("plugin libfsimage_plugin_evil.so not loaded: ");
    assert!(outcome.stderr.contains("writable by others"), "{}", outcome.stderr);
}

#[test]
fn a_missing_worker_is_an_error_that_says_so() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    std::fs::remove_file(stage.path("fsimage-worker")).unwrap();
    let outcome = stage.pygrub().arg("-l").arg(&guest.image).finish();
    outcome.assert_failure("fsimage-worker");
}
