//! The jail, looked at from outside while a worker is held in it.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::USER;
use fsimage_tests::processes::{Process, identity};
use fsimage_tests::run::Running;
use fsimage_tests::{Guest, Output, Run, Stage, need};
use rustix::process::Signal;
use std::path::PathBuf;

/// A front end whose worker is held inside a plugin, at its first read of /hold.
struct Held {
    stage: Stage,
    guest: Guest,
    _output: Output,
    running: Running,
    warden: Process,
    inmate: Process,
}

impl Held {
    fn new(user: u32, arguments: &[&str]) -> Self {
        let (stage, guest) = (Stage::with_evil(), Guest::evil("breakpoint"));
        let output = if user == 0 { Output::new() } else { Output::of_user(user) };
        let mut run: Run = stage.pygrub();
        if user != 0 {
            run = run.user(user);
        }
        let running = run
            .args(["-q", "--kernel=/hold", "--output-format=simple"])
            .option("--output-directory", output.directory())
            .args(arguments)
            .arg(&guest.image)
            // Only root's processes see it; it must not tell a worker anything.
            .env("SECRET", "of the host's")
            .spawn();
        let (warden, inmate) = stage.locked_in();
        Self { stage, guest, _output: output, running, warden, inmate }
    }

    fn both(&self) -> [(&'static str, Process); 2] {
        [("warden", self.warden), ("inmate", self.inmate)]
    }

    fn release(self) {
        self.running.signal(Signal::TERM);
        let outcome = self.running.finish();
        assert_eq!(outcome.code, None, "{outcome:#?}");
        self.stage.assert_nothing_runs();
    }
}

fn assert_status(process: (&str, Process), key: &str, expected: &str) {
    let (name, process) = process;
    assert_eq!(process.status(key).as_deref(), Some(expected), "{key} of the {name}");
}

fn assert_locked_in(held: &Held, uid: u32) {
    for process in held.both() {
        assert_status(process, "Seccomp", "2");
        assert_status(process, "NoNewPrivs", "1");
        assert_status(process, "Threads", "1");
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_status(process, set, "0000000000000000");
        }
        let all_four = format!("{uid} {uid} {uid} {uid}");
        assert_status(process, "Uid", &all_four);
        assert_status(process, "Gid", &all_four);
        assert_eq!(std::fs::read(process.1.proc("environ")).unwrap(), b"", "the {}'s environment", process.0);
    }
}

#[test]
fn neither_warden_nor_inmate_has_any_right() {
    let held = Held::new(0, &[]);
    assert_locked_in(&held, 65534);
    for process in held.both() {
        assert_status(process, "CapBnd", "0000000000000000");
        assert_status(process, "Groups", "");
    }
    held.release();
}

#[test]
fn runas_names_the_user() {
    let held = Held::new(0, &["--runas=12345"]);
    assert_locked_in(&held, 12345);
    held.release();
}

#[test]
fn an_ordinary_users_worker_has_no_right_either() {
    let held = Held::new(USER, &[]);
    assert_locked_in(&held, USER);
    // Changing the bounding set takes a right that the warden never had; the inmate has it in its own namespace.
    assert_status(("inmate", held.inmate), "CapBnd", "0000000000000000");
    held.release();
}

#[test]
fn the_inmate_holds_its_channel_its_last_words_and_the_disk() {
    let held = Held::new(0, &[]);
    let image = identity(&held.guest.image).unwrap();
    let mut kinds = Vec::new();
    for (number, target) in held.inmate.descriptors() {
        let flags = held.inmate.descriptor_flags(number);
        let target = target.to_str().unwrap().to_owned();
        if target.starts_with("socket:") {
            assert_eq!(number, 0);
            kinds.push("channel");
        } else if target.starts_with("pipe:") {
            assert_eq!((number, flags & libc::O_ACCMODE), (2, libc::O_WRONLY));
            kinds.push("last words");
        } else {
            assert_eq!(
                identity(&held.inmate.proc(&format!("fd/{number}"))),
                Some(image),
                "{number} is {target}"
            );
            assert_eq!(flags & libc::O_ACCMODE, libc::O_RDONLY, "{number} is {target}, open with {flags:o}");
            kinds.push("disk");
        }
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["channel", "disk", "last words"]);
    held.release();
}

#[test]
fn the_warden_holds_no_disk() {
    let held = Held::new(0, &[]);
    for (number, target) in held.warden.descriptors() {
        let target = target.to_str().unwrap();
        // The second pipe is the one on which the inmate waited to be let go.
        let fits = match number {
            0 => target.starts_with("socket:"),
            _ => target.starts_with("pipe:"),
        };
        assert!(fits, "{number} is {target}");
    }
    held.release();
}

#[test]
fn the_inmate_lives_in_namespaces_of_its_own() {
    let held = Held::new(0, &[]);
    let namespace = |process: &str, name: &str| -> PathBuf {
        std::fs::read_link(format!("/proc/{process}/ns/{name}")).unwrap()
    };
    for name in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        assert_ne!(namespace(&held.inmate.pid.to_string(), name), namespace("self", name), "{name}");
    }
    // The first of its process namespace: nobody else is in it.
    assert_eq!(held.inmate.status("NSpid").unwrap().split(' ').next_back(), Some("1"));
    // One user and one group exist there.
    for map in ["uid_map", "gid_map"] {
        let text = std::fs::read_to_string(held.inmate.proc(map)).unwrap();
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["65534", "65534", "1"], "{map}");
    }
    // No interface but a loopback that is down.
    let interfaces = std::fs::read_to_string(held.inmate.proc("net/dev")).unwrap();
    let names: Vec<&str> =
        interfaces.lines().skip(2).map(|line| line.split(':').next().unwrap().trim()).collect();
    assert!(names.iter().all(|name| !name.starts_with("eth") && !name.starts_with("en")), "{names:?}");
    held.release();
}

#[test]
fn the_inmates_root_directory_is_empty_and_read_only() {
    let held = Held::new(0, &[]);
    let entries: Vec<_> = std::fs::read_dir(held.inmate.proc("root")).unwrap().collect();
    assert!(entries.is_empty(), "{entries:?}");
    let working: Vec<_> = std::fs::read_dir(held.inmate.proc("cwd")).unwrap().collect();
    assert!(working.is_empty(), "{working:?}");
    let mounts = std::fs::read_to_string(held.inmate.proc("mountinfo")).unwrap();
    let [mount] = mounts.lines().collect::<Vec<_>>()[..] else { panic!("{mounts}") };
    let fields: Vec<&str> = mount.split(' ').collect();
    assert_eq!(fields[4], "/", "{mount}");
    for option in ["ro", "nosuid", "nodev", "noexec"] {
        assert!(fields[5].split(',').any(|word| word == option), "{option}: {mount}");
    }
    held.release();
}

#[test]
fn the_kernel_limits_what_the_inmate_uses() {
    let held = Held::new(0, &[]);
    for (name, expected) in [
        ("Max file size", "0"),
        ("Max processes", "0"),
        ("Max core file size", "0"),
        ("Max locked memory", "0"),
        ("Max msgqueue size", "0"),
        ("Max open files", "0"),
    ] {
        assert_eq!(held.inmate.limit(name), (expected.to_owned(), expected.to_owned()), "{name}");
    }
    for (name, at_most) in [("Max cpu time", 120_u64), ("Max address space", 512 << 20)] {
        let (soft, hard) = held.inmate.limit(name);
        let number: u64 = hard.parse().unwrap_or_else(|_| panic!("{name} is {hard}"));
        assert!(number > 0 && number <= at_most, "{name} is {number}");
        assert!(soft.parse::<u64>().unwrap() <= number, "{name}");
    }
    held.release();
}

#[test]
fn nobody_of_the_same_user_may_look_into_the_inmate() {
    let held = Held::new(USER, &[]);
    // Not dumpable: its files in /proc belong to root, and its memory to nobody.
    let path = held.inmate.proc("mem");
    let outcome = Run::new(&need("cat", "coreutils")).arg(&path).user(USER).finish();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("Permission denied"), "{}", outcome.stderr);
    held.release();
}

#[test]
fn the_extractor_tells_what_is_in_force() {
    let outcome = Stage::new().fsimage().args(["info", "--sandbox"]).finish();
    outcome.assert_success();
    let text = outcome.text();
    for step in [
        "close descriptors",
        "no new privileges",
        "resource limits",
        "namespaces",
        "empty root directory",
        "unprivileged user",
        "no capabilities",
        "end with the warden",
        "landlock",
        "no more descriptors",
        "seccomp",
    ] {
        let line =
            text.lines().find(|line| line.contains(step)).unwrap_or_else(|| panic!("no {step} in {text}"));
        // Landlock is the one that a kernel may be built without.
        let ok = line.trim_start().starts_with("enforced") || step == "landlock";
        assert!(ok, "{line}");
    }
    assert!(text.contains("ext2"), "{text}");
}

#[test]
fn without_the_sandbox_it_says_so_loudly() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    let outcome = stage.pygrub().args(["-l", "--no-sandbox"]).arg(&guest.image).finish();
    outcome.assert_success();
    assert!(outcome.stderr.contains("WARNING: --no-sandbox"), "{}", outcome.stderr);
    let outcome = stage.pygrub().arg("-l").arg(&guest.image).finish();
    assert_eq!(outcome.assert_success().stderr, "");
}

#[test]
fn a_good_run_makes_no_forbidden_call() {
    // From the first to the last: a worker that the filter stops at its end looks like one that did something evil.
    let (stage, guest, strace) = (Stage::new(), Guest::demo(), need("strace", "strace"));
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        Run::new(&strace)
            .args(["-f", "-e", "trace=none", "-o"])
            .arg(&trace)
            .arg(stage.path("pygrub-rs"))
            .args(["-q", "--output-format=simple"])
            .option("--output-directory", folder.path())
            .arg(&guest.image)
            .finish()
            .assert_success();
        let text = std::fs::read_to_string(&trace).unwrap();
        assert!(text.contains("+++ exited with 0 +++"), "{text}");
        assert!(!text.contains("SIGSYS"), "{text}");
    }
}
