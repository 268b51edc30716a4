//! Run exactly as libxl runs it, pygrub-rs gives libxl exactly what it wants.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::libxl::{Call, STRAY};
use fsimage_tests::output::{listing, same_bytes};
use fsimage_tests::processes::identity;
use fsimage_tests::{Guest, Stage, toolstack};
use rustix::process::Signal;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// The call succeeds with these of the guest's files and these arguments, and leaves nothing else.
fn assert_boots(call: &Call, guest: &Guest, args: &str) {
    let outcome = call.finish();
    assert_eq!(outcome.code, Some(0), "{}", String::from_utf8_lossy(&outcome.stdout));

    let boot = toolstack::libxl(&call.output.result());
    assert_eq!(boot.args.as_deref().map(OsStr::from_bytes), Some(OsStr::new(args)));
    let (kernel, ramdisk) = (path(&boot.kernel.unwrap()), path(&boot.ramdisk.unwrap()));
    let there: Vec<PathBuf> = call.output.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        there,
        [kernel.clone(), ramdisk.clone()],
        "the directory holds the two files and nothing else"
    );
    for (file, prefix) in [(&kernel, "boot_kernel."), (&ramdisk, "boot_ramdisk.")] {
        assert!(file.file_name().unwrap().to_str().unwrap().starts_with(prefix), "{}", file.display());
        let status = std::fs::symlink_metadata(file).unwrap();
        assert_eq!((status.mode() & 0o177_777, status.uid(), status.nlink()), (0o100_600, 0, 1));
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, inside) in [(&kernel, &guest.kernel), (&ramdisk, &guest.ramdisk)] {
        let expected = guest.dump(inside, &folder.path().join("dump"));
        assert!(std::fs::metadata(&expected).unwrap().len() > 0);
        assert!(same_bytes(file, &expected), "{inside} is not what debugfs dumps");
    }
    call.assert_log_unharmed();
}

#[test]
fn the_demo_guest_boots() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    assert_boots(&Call::new(&stage.path("pygrub-rs"), &guest.image), &guest, &guest.args);
    stage.assert_nothing_runs();
}

#[test]
fn a_real_debian_guest_boots() {
    let (stage, guest) = (Stage::new(), Guest::debian());
    assert_boots(&Call::new(&stage.path("pygrub-rs"), &guest.image), &guest, &guest.args);
    stage.assert_nothing_runs();
}

#[test]
fn deprivileged_it_boots_the_same() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    let call = Call::new(&stage.path("pygrub-rs"), &guest.image).run_as(65534);
    assert_boots(&call, &guest, &guest.args);
}

#[test]
fn the_domains_own_kernel_ramdisk_and_arguments_are_taken() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    let call = Call::new(&stage.path("pygrub-rs"), &guest.image)
        .first("--kernel=/vmlinuz")
        .first("--ramdisk=/initrd.img")
        .first("--args=root=/dev/xvda1 ro \"quoted\"");
    assert_boots(&call, &guest, "root=/dev/xvda1 ro \"quoted\"");
}

#[test]
fn bootloader_args_arrive() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    let entry = "Debian GNU/Linux, with Linux 1.0-demo (recovery mode)";
    let call = Call::new(&stage.path("pygrub-rs"), &guest.image).argument(format!("--entry={entry}"));
    let args = guest.args.replace(" ro console=ttyS0 quiet", " ro single console=ttyS0");
    assert_ne!(args, guest.args);
    assert_boots(&call, &guest, &args);
}

#[test]
fn the_terminals_lines_end_as_a_raw_terminal_needs_it() {
    let stage = Stage::new();
    let call = Call::new(&stage.path("pygrub-rs"), Path::new("/no/such/disk"));
    let outcome = call.finish();
    assert_eq!(outcome.code, Some(1));
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert!(text.contains("/no/such/disk: No such file or directory"), "{text}");
    // libxl may have set the terminal raw before or after the first line: then the terminal itself ends it so.
    for line in text.split_inclusive('\n') {
        assert!(line.ends_with("\r\n"), "{text:?}");
    }
    call.output.assert_untouched();
}

#[test]
fn the_log_file_that_leaks_in_does_not_reach_the_worker() {
    let (stage, guest) = (Stage::with_evil(), Guest::evil("breakpoint"));
    let call = Call::new(&stage.path("pygrub-rs"), &guest.image).first("--kernel=/hold");
    let running = call.spawn();
    let log = identity(&call.log()).unwrap();
    let (warden, inmate) = stage.locked_in();
    for worker in [warden, inmate] {
        let descriptors = worker.descriptors();
        assert!(!descriptors.contains_key(&STRAY), "{descriptors:?}");
        for descriptor in descriptors.keys() {
            assert_ne!(identity(&worker.proc(&format!("fd/{descriptor}"))), Some(log), "{descriptors:?}");
        }
    }
    running.signal(Signal::TERM);
    let _ = running.finish();
    stage.assert_nothing_runs();
    call.assert_log_unharmed();
    assert_eq!(listing(call.output.directory()), []);
}
