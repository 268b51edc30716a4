//! Code that has taken over the worker reaches nothing: each misdeed of plugins/evil is blocked or bounded, the error
//! names it, and the caller goes on.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Guest, Outcome, Output, Stage, toolstack};
use std::collections::BTreeSet;
use std::time::Duration;

/// What a misdeed that waits may take: the deadline given is one second.
const BOUNDED: Duration = Duration::from_secs(20);

/// How a misdeed is reached.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Extracting this file.
    Kernel(&'static str),
    /// Unpacking the kernel.
    Unpacking,
    /// Listing a directory.
    Listing,
    /// Copying a directory with all that is below it.
    Tree,
}

use By::{Kernel, Listing, Tree, Unpacking};

const VMLINUZ: By = Kernel("/boot/vmlinuz");

/// A system call that the filter stops.
macro_rules! call {
    ($name:literal) => {
        concat!("worker died: it made a forbidden system call: ", $name, " (")
    };
}

/// Something that the trusted side takes from no worker.
macro_rules! violation {
    ($what:literal) => {
        concat!("the worker sent ", $what)
    };
}

/// Every misdeed, how it is reached, and what the error says.
const MISDEEDS: &[(&str, By, &str)] = &[
    // In the order of security.md.
    ("open", VMLINUZ, call!("open")),
    ("openat2", VMLINUZ, call!("openat2")),
    ("creat", VMLINUZ, call!("openat")),
    ("unlink", VMLINUZ, call!("unlinkat")),
    ("connect", VMLINUZ, call!("connect")),
    ("socket", VMLINUZ, call!("socket")),
    ("execve", VMLINUZ, call!("execve")),
    ("fork", VMLINUZ, call!("clone")),
    ("clone3", VMLINUZ, call!("clone3")),
    ("ptrace", VMLINUZ, call!("ptrace")),
    ("kill-parent", VMLINUZ, call!("kill")),
    ("process_vm_writev", VMLINUZ, call!("process_vm_writev")),
    ("mount", VMLINUZ, call!("mount")),
    ("unshare", VMLINUZ, call!("unshare")),
    ("setuid", VMLINUZ, call!("setresuid")),
    ("prctl", VMLINUZ, call!("prctl")),
    ("bpf", VMLINUZ, call!("bpf")),
    ("io_uring_setup", VMLINUZ, call!("io_uring_setup")),
    ("keyctl", VMLINUZ, call!("keyctl")),
    ("userfaultfd", VMLINUZ, call!("userfaultfd")),
    ("memfd_create", VMLINUZ, call!("memfd_create")),
    ("memfd-exec", VMLINUZ, call!("memfd_create")),
    ("mprotect-exec", VMLINUZ, call!("mprotect")),
    ("mmap-exec", VMLINUZ, call!("mmap")),
    ("write-disk", VMLINUZ, call!("pwrite64")),
    // A descriptor open for reading cannot be mapped for writing: the kernel's own rule.
    ("map-disk", VMLINUZ, "evil map-disk was refused: Permission denied"),
    ("write-stray-descriptors", VMLINUZ, call!("write")),
    ("dup", VMLINUZ, call!("dup")),
    ("read-proc", VMLINUZ, call!("openat")),
    ("memory-bomb", VMLINUZ, "evil memory-bomb was refused: out of memory after"),
    // Its own end, and none.
    ("spin", VMLINUZ, "deadline passed: the worker did not answer in 1 s; it was stopped"),
    ("silence", VMLINUZ, "deadline passed: the worker did not answer in 1 s; it was stopped"),
    (
        "breakpoint",
        Kernel("/hold"),
        "deadline passed: /hold: the worker did not answer in 1 s; it was stopped",
    ),
    ("segfault", VMLINUZ, "worker died: killed by signal 11 (SIGSEGV)"),
    ("abort", VMLINUZ, "worker died: it aborted"),
    ("panic", VMLINUZ, "plugin evil, open: panic: evil panics on command"),
    ("stack-overflow", VMLINUZ, "worker died: killed by signal 11 (SIGSEGV)"),
    ("exit", VMLINUZ, "worker died: it exited with status 0"),
    // The channel behind the worker's back.
    ("garbage-to-channel", VMLINUZ, "protocol violation: the worker sent a malformed message: "),
    ("short-message", VMLINUZ, "protocol violation: the worker sent a malformed message: the message ends"),
    ("empty-message", VMLINUZ, "protocol violation: the worker sent a malformed message: the message ends"),
    ("oversized-message", VMLINUZ, "protocol violation: the worker sent an oversized message"),
    ("wrong-message", VMLINUZ, "protocol violation: the worker sent "),
    ("lying-count-message", VMLINUZ, "a length of 4294967295 where at most 256 is allowed; it was stopped"),
    (
        "forge-extent-past-disk",
        VMLINUZ,
        "protocol violation: /boot/vmlinuz: the worker sent an extent of 8192 bytes",
    ),
    ("forge-extent-overlap", VMLINUZ, "where 0x1000 comes next; it was stopped"),
    ("forge-extent-wrap", VMLINUZ, "past the file's end at 0x2000; it was stopped"),
    ("forge-extent-disk", VMLINUZ, "on disk 99, which does not exist; it was stopped"),
    (
        "forge-unpack-other",
        Unpacking,
        "protocol violation: /boot/vmlinuz: the worker sent another answer to Unpack",
    ),
    (
        "forge-unpack-length",
        Unpacking,
        "/boot/vmlinuz: the worker sent 4294967295 bytes where 262144 were asked for",
    ),
    ("forge-unpack-zeros", Unpacking, "/boot/vmlinuz: the worker sent no zeros at all; it was stopped"),
    (
        "forge-unpack-endless",
        Unpacking,
        "/boot/vmlinuz: the worker sent more than the 1048576 bytes that may be unpacked; it was stopped",
    ),
    // Lies to the worker.
    ("endless-reply", Listing, "deadline passed: the worker did not answer in 1 s; it was stopped"),
    (
        "endless-directory",
        Listing,
        "limit reached: a directory has more entries than max_directory_entries=1000000",
    ),
    ("stuck-cursor", Listing, "plugin fault: plugin evil, read_dir: cursor 1 after 1"),
    ("lying-name-length", Listing, "plugin fault: plugin evil, read_dir: a name of 4294967295 bytes"),
    ("path-as-name", Listing, "\"../../etc/passwd\" is not a file's name"),
    ("nul-in-name", Listing, "is not a file's name"),
    ("lying-lengths", VMLINUZ, "plugin evil, read_at: a read of 8193 bytes in a buffer of 8192"),
    (
        "lying-link-length",
        Kernel("/link"),
        "plugin evil, read_link: an answer of 4097 bytes in a buffer of 4096",
    ),
    ("lying-count", VMLINUZ, "the kernel has 1152921504606846976 bytes and may have 1073741824"),
    ("lying-info", VMLINUZ, "plugin evil, info: a label of 4294967295 bytes in a buffer of 256"),
    ("lying-mode", VMLINUZ, "plugin evil, metadata: mode 0o100644 holds more than permissions"),
    ("unknown-code", VMLINUZ, "plugin evil, metadata: unknown error code 4711"),
    ("host-code", VMLINUZ, "plugin evil, metadata: error code 18 (jail not built) is the host's own"),
    ("lying-message-length", VMLINUZ, "plugin evil, metadata: an error message of 4294967295 bytes"),
    ("extent-past-disk", VMLINUZ, "plugin evil, extents: 8192 bytes beyond the volume's 1048576 bytes"),
    ("extent-overlap", VMLINUZ, "plugin fault: /boot/vmlinuz: plugin evil, extents: a range at "),
    ("extent-wrap", VMLINUZ, "plugin evil, extents: 18446744073709551615 bytes at "),
    ("extent-wrap-physical", VMLINUZ, "plugin evil, extents: 8192 bytes beyond the volume's 1048576 bytes"),
    ("extent-volume", VMLINUZ, "plugin evil, extents: volume 7 of 1"),
    ("extent-gap", VMLINUZ, "plugin fault: /boot/vmlinuz: plugin evil, extents: a range at "),
    ("extent-empty", VMLINUZ, "plugin evil, extents: 0 bytes at 0"),
    // The conversation, taken over with the first listing.
    ("usurp-slash", Tree, violation!("the file name \"../../etc/passwd\"")),
    ("usurp-absolute", Tree, violation!("the file name \"/etc/passwd\"")),
    ("usurp-dot-dot", Tree, violation!("the file name \"..\"")),
    ("usurp-dot", Tree, violation!("the file name \".\"")),
    ("usurp-no-name", Tree, violation!("the file name \"\"")),
    ("usurp-nul", Tree, violation!("the file name \"a\\x00b\"")),
    ("usurp-twice", Tree, "error: /boot/same: "),
    ("usurp-directory-twice", Tree, "error: /boot/same: "),
    ("usurp-endless", Tree, "more files than --max-entries allows; a hostile directory tree can have no end"),
    ("usurp-round", Tree, "error: /boot/again: "),
    ("usurp-standing", Tree, violation!("a directory listing without progress")),
    ("usurp-empty-pages", Tree, violation!("a directory listing without progress")),
    ("usurp-self", Tree, "/boot/self: this directory contains itself; not entered again"),
    ("usurp-deep", Tree, "deeper: more than --max-depth=256 directories deep; not entered"),
    ("usurp-type", Tree, violation!("file type 99")),
    ("usurp-mode", Tree, violation!("the mode 0o100644")),
    ("usurp-size", Tree, violation!("extents that end before the file does")),
    ("usurp-huge", Tree, "/boot/file: a file of 18446744073709551615 bytes, where at most 68719476736 are"),
    ("usurp-past-disk", Tree, violation!("an extent of 8192 bytes at file offset 0x0")),
    (
        "usurp-overlap",
        Tree,
        violation!("an extent of 6144 bytes at file offset 0x800 where 0x1000 comes next"),
    ),
    ("usurp-gap", Tree, violation!("an extent of 2048 bytes at file offset 0x1800 where 0x1000 comes next")),
    (
        "usurp-past-end",
        Tree,
        violation!("an extent of 8193 bytes at file offset 0x0: past the file's end at 0x2000"),
    ),
    ("usurp-short", Tree, violation!("extents that end before the file does")),
    (
        "usurp-other-disk",
        Tree,
        violation!("an extent of 8192 bytes at file offset 0x0 on disk 99, which does not exist"),
    ),
    ("usurp-no-extents", Tree, violation!("extents that end before the file does")),
    ("usurp-link-to-nul", Tree, "link: a link to \"a\\x00b\" cannot be"),
    ("usurp-link-to-nothing", Tree, "link: a link to \"\" cannot be"),
    ("usurp-data-too-much", Tree, violation!("8193 bytes where 8192 were asked for")),
    ("usurp-data-short", Tree, violation!("the end of a file before its size")),
    ("usurp-zeros-too-much", Tree, violation!("4294967295 bytes where 8192 were asked for")),
    ("usurp-zeros-none", Tree, violation!("no zeros at all")),
];

/// Those with a test of their own, here or in get.rs.
const ELSEWHERE: [&str; 5] = ["none", "title-escapes", "usurp-set-user-id", "usurp-time", "usurp-devices"];

fn commit(stage: &Stage, misdeed: &str, by: By, output: &Output) -> Outcome {
    let guest = Guest::evil(misdeed);
    let out = tempfile::tempdir().unwrap();
    let run = match by {
        Kernel(path) => stage
            .pygrub()
            .args(["-q", "--output-format=simple0"])
            .option("--kernel", path)
            .option("--output", output.file())
            .option("--output-directory", output.directory())
            .arg(&guest.image),
        Unpacking => stage
            .fsimage()
            .args(["boot", "--vmlinux", "--kernel=/boot/vmlinuz", "--max-kernel-size=1M"])
            .option("--output", output.directory())
            .arg(&guest.image),
        Listing => stage.fsimage().arg("ls").arg(&guest.image).arg("/boot"),
        Tree => {
            let run =
                stage.fsimage().args(["get", "-r", "--max-entries=2000"]).arg(&guest.image).arg("/boot");
            run.arg("-o").arg(out.path())
        }
    };
    // With --debug its last words are shown: it would boast there.
    run.args(["--deadline=1", "--debug"]).finish()
}

fn assert_caller_goes_on(stage: &Stage) {
    let (guest, output) = (Guest::demo(), Output::new());
    let outcome = stage
        .pygrub()
        .args(["-q", "--output-format=simple0"])
        .option("--output", output.file())
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .finish();
    outcome.assert_success();
    assert_eq!(output.files().len(), 2);
}

#[test]
fn each_misdeed_is_blocked_or_bounded_and_named() {
    let stage = Stage::with_evil();
    let mut failures = Vec::new();
    for (misdeed, by, expected) in MISDEEDS {
        let output = Output::new();
        let outcome = commit(&stage, misdeed, *by, &output);
        let everything = format!("{}{}", String::from_utf8_lossy(&outcome.stdout), outcome.stderr);
        let first = outcome.stderr.lines().find(|line| line.contains("error: ")).unwrap_or_default();
        if outcome.code != Some(1) || !first.contains(expected) || everything.contains("EVIL SUCCEEDED") {
            failures
                .push(format!("{misdeed}: wanted \"{expected}\", status {:?}: {everything}", outcome.code));
        }
        if outcome.elapsed > BOUNDED {
            failures.push(format!("{misdeed}: it took {:?}", outcome.elapsed));
        }
        output.assert_untouched();
        stage.assert_nothing_runs();
        assert_caller_goes_on(&stage);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn no_misdeed_is_forgotten() {
    let source = include_str!("../../plugins/evil/src/misdeeds.rs");
    let table = source.split_once("misdeeds! {\n    //").unwrap().1;
    let exist: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    let tried: BTreeSet<&str> = MISDEEDS.iter().map(|(name, ..)| *name).chain(ELSEWHERE).collect();
    assert_eq!(exist, tried);
}

#[test]
fn without_a_misdeed_its_guest_boots() {
    let stage = Stage::with_evil();
    let output = Output::new();
    commit(&stage, "none", VMLINUZ, &output).assert_success();
    assert_eq!(output.files().into_iter().map(|(_, size)| size).collect::<Vec<_>>(), [8192]);
    let outcome = commit(&stage, "none", Listing, &Output::new());
    assert_eq!(outcome.assert_success().text().lines().collect::<Vec<_>>(), ["grub", "initrd", "vmlinuz"]);
}

#[test]
fn a_listing_that_lies_does_not_keep_the_guest_from_booting() {
    // Nothing is listed for a boot whose kernel is named.
    let stage = Stage::with_evil();
    for (misdeed, by, _) in MISDEEDS {
        if matches!(by, Listing | Tree) {
            let output = Output::new();
            commit(&stage, misdeed, VMLINUZ, &output).assert_success();
        }
    }
}

#[test]
fn escapes_in_titles_and_separators_in_arguments_reach_nobody() {
    let (stage, guest) = (Stage::with_evil(), Guest::evil("title-escapes"));
    let run = |arguments: &[&str]| {
        let output = Output::new();
        let outcome = stage
            .pygrub()
            .args(arguments)
            .option("--output-directory", output.directory())
            .arg(&guest.image)
            .finish();
        for text in [&outcome.stdout[..], outcome.stderr.as_bytes()] {
            assert!(!text.contains(&0x1b) && !text.contains(&0x07), "{}", toolstack::show(text));
        }
        (outcome, output)
    };
    let (list, _) = run(&["-l", "--debug"]);
    assert!(list.assert_success().text().starts_with("title: Evil \\x1b]0;owned\\x07\\x1b[2J"));

    let (simple, output) = run(&["--output-format=simple"]);
    simple.assert_failure("contains a line break");
    output.assert_untouched();

    for format in ["simple0", "sxp"] {
        let (outcome, output) = run(&["--debug", "--output-format", format]);
        outcome.assert_success();
        let boot = match format {
            "sxp" => toolstack::sxp(&outcome.stdout).unwrap(),
            _ => toolstack::libxl(&outcome.stdout),
        };
        for (path, (there, _)) in [boot.kernel, boot.ramdisk].into_iter().zip(output.files()) {
            assert_eq!(String::from_utf8(path.unwrap()).unwrap(), there.to_str().unwrap());
        }
        let args = boot.args.unwrap();
        assert!(args.starts_with(b"root=/dev/xvda1 a\nkernel=/etc/shadow"), "{}", toolstack::show(&args));
    }
}
