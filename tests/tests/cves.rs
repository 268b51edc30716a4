//! What went wrong in other loaders, and that it does not here. Each test is named after its CVE or advisory.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::output::listing;
use fsimage_tests::{Guest, Outcome, Output, Stage, Tree, toolstack};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a guest may write into its configuration in the hope that somebody executes it.
const CODE: [&str; 8] = [
    "__import__('os').system('touch MARK')",
    "str(0+0*os.system('touch MARK'))",
    "0; os.system(\"touch MARK\")",
    "$(touch MARK)",
    "`touch MARK`",
    "; touch MARK;",
    "| touch MARK",
    "%{touch MARK}",
];

fn boot(stage: &Stage, guest: &Guest, format: &str, output: &Output) -> Outcome {
    stage
        .pygrub()
        .arg("-q")
        .option("--output-format", format)
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .finish()
}

#[test]
fn cve_2007_4993_nothing_in_a_configuration_is_executed() {
    let (stage, marks) = (Stage::new(), tempfile::tempdir().unwrap());
    std::fs::set_permissions(marks.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    for code in CODE {
        let code = code.replace("MARK", &format!("{}/mark", marks.path().display()));
        let quoted = code.replace('\'', "'\\''");
        for config in [
            format!("set default='{quoted}'\nmenuentry x {{\nlinux /boot/vmlinuz ro\n}}\n"),
            format!("default={code}\nmenuentry x {{\nlinux /boot/vmlinuz ro\n}}\n"),
            format!("set timeout='{quoted}'\nmenuentry x {{\nlinux /boot/vmlinuz ro\n}}\n"),
            format!("menuentry '{quoted}' {{\nlinux /boot/vmlinuz '{quoted}'\ninitrd '{quoted}'\n}}\n"),
            format!("menuentry x {{\n{code}\nlinux /boot/vmlinuz {code}\n}}\n"),
            format!("{code}\nmenuentry x {{\nlinux {code}\n}}\n"),
        ] {
            let output = Output::new();
            let outcome = boot(&stage, &Tree::configured(&config).guest(), "simple0", &output);
            // It boots or it is a clear error: nothing else.
            match outcome.code {
                Some(0) => assert!(toolstack::libxl(&outcome.stdout).kernel.is_some()),
                _ => {
                    outcome.assert_failure("RuntimeError: ");
                    output.assert_untouched();
                }
            }
            assert_eq!(listing(marks.path()), [], "executed: {config}");
        }
    }
}

/// Values by which a guest could make the toolstack read, or delete, another file of the host's.
const VALUES: [&[u8]; 18] = [
    b"plain",
    b"two\nlines",
    b"x\nkernel /etc/shadow",
    b"x\nramdisk /etc/shadow\n",
    b"x\rkernel /etc/shadow",
    b"x\0kernel /etc/shadow",
    b"x\0\0",
    b"')(kernel '/etc/shadow')(args '",
    b"\")(kernel \"/etc/shadow\")(args \"",
    b"\\')(kernel \\'/etc/shadow\\')(args \\'",
    b"back\\slash \\n \\x27 \\u0027",
    b"'single' \"double\"",
    b"\xff\xfe not UTF-8 \x80",
    b"\x1b[2J\x07 terminal",
    b"\xe2\x80\xae reordered",
    b"tab\there",
    b"kernel /etc/shadow",
    b"(kernel /etc/shadow)",
];

/// A value in grub's single quotes.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut text = b"'".to_vec();
    for byte in value {
        match byte {
            b'\'' => text.extend_from_slice(b"'\\''"),
            other => text.push(*other),
        }
    }
    text.push(b'\'');
    text
}

/// The result says exactly this much: two files of ours, and arguments that are the guest's to the byte or an error.
fn assert_parses_back(stage: &Stage, guest: &Guest, expected_args: Option<&[u8]>) {
    for format in ["simple", "simple0", "sxp"] {
        let output = Output::new();
        let outcome = boot(stage, guest, format, &output);
        if outcome.code != Some(0) {
            outcome.assert_failure("RuntimeError: ");
            assert!(outcome.stdout.is_empty(), "{outcome:#?}");
            output.assert_untouched();
            continue;
        }
        let directory = output.directory().as_os_str().as_bytes();
        let boot = match format {
            "simple" => toolstack::xapi(&outcome.stdout, directory).unwrap(),
            "simple0" => toolstack::libxl(&outcome.stdout),
            _ => toolstack::sxp(&outcome.stdout).unwrap(),
        };
        let named: Vec<Vec<u8>> = [boot.kernel, boot.ramdisk].into_iter().flatten().collect();
        let there: Vec<Vec<u8>> =
            output.files().iter().map(|(path, _)| path.as_os_str().as_bytes().to_vec()).collect();
        assert_eq!(named, there, "{format}: {}", toolstack::show(&outcome.stdout));
        if let (Some(expected), Some(args)) = (expected_args, &boot.args) {
            assert_eq!(toolstack::show(args), toolstack::show(expected), "{format}");
        }
    }
}

#[test]
fn xsa_198_no_argument_reaches_into_the_result() {
    let stage = Stage::new();
    for value in VALUES {
        let config =
            [b"menuentry x {\nlinux /boot/vmlinuz ", &quoted(value)[..], b"\ninitrd /boot/initrd.img\n}\n"];
        assert_parses_back(&stage, &Tree::configured(config.concat()).guest(), None);
    }
}

#[test]
fn xsa_198_no_argument_of_the_callers_does_either() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    for value in VALUES.into_iter().filter(|value| !value.contains(&0)) {
        for format in ["simple", "simple0", "sxp"] {
            let output = Output::new();
            let outcome = stage
                .pygrub()
                .args(["-q", "--kernel=/vmlinuz"])
                .option("--args", std::ffi::OsStr::from_bytes(value))
                .option("--output-format", format)
                .option("--output-directory", output.directory())
                .arg(&guest.image)
                .finish();
            if outcome.code != Some(0) {
                // A line break in a format of lines is the one reason to refuse.
                outcome.assert_failure("contains a line break");
                assert_eq!(format, "simple");
                output.assert_untouched();
                continue;
            }
            let args = match format {
                "simple" => {
                    toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap().args
                }
                "simple0" => toolstack::libxl(&outcome.stdout).args,
                _ => toolstack::sxp(&outcome.stdout).unwrap().args,
            };
            assert_eq!(toolstack::show(&args.unwrap()), toolstack::show(value), "{format}");
        }
    }
}

#[test]
fn xsa_198_no_path_reaches_into_the_result() {
    use std::ffi::OsStr;
    let stage = Stage::new();
    // A path can hold neither a slash nor a NUL.
    for value in VALUES.into_iter().filter(|value| !value.contains(&0)) {
        let name: Vec<u8> = value.iter().map(|byte| if *byte == b'/' { b'_' } else { *byte }).collect();
        let path = [b"boot/", &name[..]].concat();
        let config =
            [b"menuentry x {\nlinux ", &quoted(&[b"/", &path[..]].concat())[..], b" ro\n}\n"].concat();
        let tree = Tree::new().file(OsStr::from_bytes(&path), b"kernel").file("boot/grub/grub.cfg", config);
        assert_parses_back(&stage, &tree.guest(), Some(b"ro"));
        // Not copied, the guest's own path is the value.
        for format in ["simple", "simple0", "sxp"] {
            let outcome = stage
                .pygrub()
                .args(["-q", "-n"])
                .option("--output-format", format)
                .arg(&tree.guest().image)
                .finish();
            if outcome.code == Some(0) && format != "simple" {
                let boot = if format == "sxp" {
                    toolstack::sxp(&outcome.stdout).unwrap()
                } else {
                    toolstack::libxl(&outcome.stdout)
                };
                let expected = [b"<kernel:/", &path[..], b">"].concat();
                assert_eq!(toolstack::show(&boot.kernel.unwrap()), toolstack::show(&expected));
                assert_eq!(boot.ramdisk, None);
            }
        }
    }
}

#[test]
fn xsa_198_no_title_reaches_the_terminal() {
    let stage = Stage::new();
    for value in VALUES {
        let config = [b"menuentry ", &quoted(value)[..], b" {\nlinux /boot/vmlinuz ro\n}\n"].concat();
        let guest = Tree::configured(config).guest();
        for arguments in [&["-l"][..], &["-l", "--debug"], &["--debug", "--output-format=json", "-n"]] {
            let outcome = stage.pygrub().args(arguments).arg(&guest.image).finish();
            for text in [&outcome.stdout[..], outcome.stderr.as_bytes()] {
                let bad = text.iter().find(|byte| (**byte < 0x20 && **byte != b'\n') || **byte == 0x7f);
                assert_eq!(bad, None, "{arguments:?}: {}", toolstack::show(text));
                assert!(
                    !text.windows(3).any(|window| window == b"\xe2\x80\xae"),
                    "{}",
                    toolstack::show(text)
                );
            }
            if arguments[0] == "-l" && outcome.code == Some(0) {
                let text = outcome.text();
                let keys: Vec<&str> =
                    text.lines().map(|line| line.trim_start().split(':').next().unwrap()).collect();
                assert_eq!(keys, ["title", "root", "kernel", "args"], "one entry, one title: {text}");
            }
        }
    }
}

#[test]
fn output_directory_race_of_2014_nothing_lands_behind_a_link() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    let (folder, victim) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (directory, link) = (folder.path().join("out"), folder.path().join("link"));
    std::fs::create_dir(&directory).unwrap();
    symlink(victim.path(), &link).unwrap();
    let over = AtomicBool::new(false);
    let (mut done, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // Directory and link change places, over and over.
                renameat_with(CWD, &directory, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let mut race = || {
            for _ in 0..100 {
                let outcome = stage
                    .pygrub()
                    .args(["-q", "--output-format=simple0"])
                    .option("--output-directory", &directory)
                    .arg(&guest.image)
                    .finish();
                match outcome.code {
                    Some(0) => done += 1,
                    _ => {
                        outcome.assert_failure("a symbolic link is not followed here");
                        refused += 1;
                    }
                }
                assert_eq!(listing(victim.path()), []);
            }
        };
        // The other thread has to end whatever becomes of this one.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut race));
        over.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
    println!("{done} delivered, {refused} refused");
    assert_eq!(done + refused, 100);
    // Two files for each that was delivered, in the directory that was opened, wherever it is called by now.
    let kept = if directory.is_symlink() { &link } else { &directory };
    assert_eq!(listing(kept).len(), 2 * done);
}
