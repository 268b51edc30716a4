//! libfsimage in C programs, installed and compiled as a user would: every call used well and badly, threads, workers that
//! die, plugins that misbehave, and nothing of the library's left in the process afterwards.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::{USER, noise};
use fsimage_tests::library::{Library, source};
use fsimage_tests::output::same_bytes;
use fsimage_tests::{Guest, Run, Stage, layout, need};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Where the filesystem begins.
const OFFSET: &str = "1048576";

/// A disk with one partition, on which are the files that tests/c expects.
struct Image {
    path: PathBuf,
    _folder: TempDir,
}

impl Image {
    /// As an argument.
    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("pygrub-rs-c-image.").tempdir_in("/tmp").unwrap();
        let (tree, path) = (folder.path().join("tree"), folder.path().join("disk.img"));
        std::fs::create_dir_all(tree.join("dir")).unwrap();
        std::fs::write(tree.join("big"), noise(300_000)).unwrap();
        let big = File::options().write(true).open(tree.join("big")).unwrap();
        big.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
        std::fs::set_permissions(tree.join("big"), PermissionsExt::from_mode(0o640)).unwrap();
        std::fs::write(tree.join("empty"), "").unwrap();
        std::fs::write(tree.join("inline"), "in the inode itself, and nowhere else on the disk").unwrap();
        // More extents than anybody remembers: every other block of 1 KiB is a hole.
        let blocks = (0..4400_u32).flat_map(|n| [if n % 2 == 0 { n.to_le_bytes()[0] | 1 } else { 0 }; 1024]);
        std::fs::write(tree.join("scattered"), blocks.collect::<Vec<u8>>()).unwrap();
        let holes = File::create(tree.join("holes")).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&holes, b"x", 69_999).unwrap();
        for (target, link) in [("big", "link"), ("nowhere", "dangling"), ("loop", "loop")] {
            symlink(target, tree.join(link)).unwrap();
        }
        mknodat(CWD, tree.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();

        File::create(&path).unwrap().set_len(12 << 20).unwrap();
        let _ = layout::tool_on(&path, "sfdisk", "fdisk", &["-q"], "start=2048, type=83, bootable\n");
        let outcome = Run::new(&need("mke2fs", "e2fsprogs"))
            .args([
                "-q",
                "-F",
                "-t",
                "ext4",
                "-b",
                "1024",
                "-O",
                "inline_data",
                "-E",
                &format!("offset={OFFSET},root_owner=0:0"),
                "-d",
            ])
            .arg(tree)
            .arg(&path)
            .arg("10M")
            .finish();
        outcome.assert_success();
        let image = Self { path, _folder: folder };
        // debugfs' word that the files are what the tests want of them: 2200 pieces with as many holes between.
        assert!(image.debugfs("stat /inline").contains("Size of inline data"));
        let pieces = image.debugfs("dump_extents -l /scattered").lines().count();
        assert!((2200..2300).contains(&pieces), "{pieces}");
        image
    }

    fn debugfs(&self, request: &str) -> String {
        let run = Run::new(&need("debugfs", "e2fsprogs")).args(["-R", request]);
        run.arg(format!("{}?offset={OFFSET}", self.path())).finish().assert_success().text()
    }
}

fn library() -> Library {
    Library::install(Stage::new())
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fsimage/capi/examples/extract.c")
}

#[test]
fn the_example_extracts_a_kernel() {
    assert!(std::fs::read_to_string(example()).unwrap().lines().count() <= 40);
    let (library, guest) = (library(), Guest::demo());
    let extract = || Run::new(&library.compile(&example(), &[])).arg(&guest.image);
    let target = library.folder().join("kernel");
    extract().arg(&guest.kernel).arg(&target).args(["partition=1", "deadline=20"]).finish().assert_success();
    assert!(same_bytes(&target, &guest.dump(&guest.kernel, &library.folder().join("dump"))));
    // What exists stays as it is; what fails leaves nothing.
    let outcome = extract().arg(&guest.ramdisk).arg(&target).finish();
    assert_eq!((outcome.code, outcome.stderr.contains("File exists")), (Some(1), true), "{outcome:?}");
    assert!(same_bytes(&target, &library.folder().join("dump")));
    let other = library.folder().join("other");
    let outcome = extract().arg("/boot").arg(&other).finish();
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.stderr, "extract: /boot: /boot is a directory\n");
    assert!(!other.exists());
}

#[test]
fn an_ordinary_user_extracts_a_kernel_too() {
    let (library, guest) = (library(), Guest::demo().readable());
    std::fs::set_permissions(library.folder(), PermissionsExt::from_mode(0o777)).unwrap();
    let target = library.folder().join("kernel");
    let run = Run::new(&library.compile(&example(), &[])).arg(&guest.image).arg(&guest.kernel).arg(&target);
    run.user(USER).finish().assert_success();
    assert!(same_bytes(&target, &guest.dump(&guest.kernel, &library.folder().join("dump"))));
}

#[test]
fn every_call_used_well_and_badly() {
    let (library, image) = (library(), Image::make());
    library.assert_passes("calls", &[image.path(), OFFSET, library.folder().to_str().unwrap()]);
}

#[test]
fn valgrind_finds_no_error_and_no_leak() {
    let (library, image) = (library(), Image::make());
    let program = library.compile(&source("calls"), &["-pthread"]);
    let outcome = Run::new(&need("valgrind", "valgrind"))
        .args([
            "-q",
            "--error-exitcode=9",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect,possible",
        ])
        .arg(program)
        .env("UNDER_VALGRIND", "1")
        .arg(image.path())
        .args([OFFSET, &library.folder().display().to_string()])
        .finish();
    outcome.assert_success();
    assert_eq!((outcome.text().as_str(), outcome.stderr.as_str()), ("all as it should be\n", ""));
}

#[test]
fn threads_share_a_filesystem_and_a_file() {
    library().assert_passes("threads", &[Image::make().path(), OFFSET]);
}

#[test]
fn a_worker_that_is_killed_is_an_errno() {
    let (library, image) = (library(), Image::make());
    let (mut said, says) = std::io::pipe().unwrap();
    let program = library.program("killed").arg(image.path()).arg(OFFSET).stdout_to(says);
    let program = program.spawn();
    let mut line = [0; 5];
    said.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"open\n");
    let (_, inmate) = library.stage().locked_in();
    assert!(inmate.signal(Signal::KILL));
    program.finish().assert_success();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "all as it should be\n");
    library.stage().assert_nothing_runs();
}

/// Misdeeds, the errno, and what the sentence says; tests/evil.rs has the others, which end in the same errors.
const MISDEEDS: &[(&str, i32, &str)] = &[
    ("open", libc::ECONNRESET, "it made a forbidden system call: open"),
    ("segfault", libc::ECONNRESET, "killed by signal 11 (SIGSEGV)"),
    ("exit", libc::ECONNRESET, "it exited with status 0"),
    ("spin", libc::ETIMEDOUT, "the worker did not answer in 1 s"),
    ("panic", libc::ENOTRECOVERABLE, "evil panics on command"),
    ("garbage-to-channel", libc::EPROTO, "the worker sent a malformed message"),
    ("oversized-message", libc::EPROTO, "the worker sent an oversized message"),
    ("forge-extent-past-disk", libc::EPROTO, "the worker sent an extent of 8192 bytes"),
    ("forge-extent-overlap", libc::EPROTO, "where 0x1000 comes next"),
    ("forge-extent-disk", libc::EPROTO, "on disk 99, which does not exist"),
    ("endless-directory", libc::EFBIG, "more entries than max_directory_entries=1000000"),
    ("path-as-name", libc::EPROTO, "is not a file's name"),
    ("nul-in-name", libc::EPROTO, "is not a file's name"),
    ("lying-count", libc::EFBIG, "a file of 1152921504606846976 bytes, where at most 68719476736 are opened"),
    ("lying-lengths", libc::EPROTO, "a read of 8193 bytes in a buffer of 8192"),
    ("usurp-data-too-much", libc::EPROTO, "bytes where 8192 were asked for"),
    ("usurp-data-short", libc::EPROTO, "the end of a file before its size"),
    ("usurp-zeros-too-much", libc::EPROTO, "4294967295 bytes where 8192 were asked for"),
    ("usurp-zeros-none", libc::EPROTO, "the worker sent no zeros at all"),
    ("extent-wrap", libc::EPROTO, "18446744073709551615 bytes at"),
];

#[test]
fn a_plugin_that_misbehaves_is_an_errno_and_the_host_goes_on() {
    let library = Library::install(Stage::with_evil());
    let program = library.compile(&source("hostile"), &[]);
    let honest = Run::new(&program).arg(&Guest::evil("none").image).finish();
    assert_eq!(honest.assert_success().text(), "nothing failed\n");
    let mut wrong = Vec::new();
    for (misdeed, errno, text) in MISDEEDS {
        let guest = Guest::evil(misdeed);
        let outcome = Run::new(&program).arg(&guest.image).finish();
        let expected = format!("{errno} ");
        if outcome.code != Some(0) || !outcome.text().starts_with(&expected) || !outcome.text().contains(text)
        {
            wrong.push(format!("{misdeed}: {:?} {}{}", outcome.code, outcome.text(), outcome.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    library.stage().assert_nothing_runs();
}

#[test]
fn the_worker_is_the_one_beside_the_library() {
    let (library, guest) = (library(), Guest::demo());
    let program = library.compile(&example(), &[]);
    // A bait, where a program of ours would look.
    std::fs::copy("/bin/true", library.folder().join("fsimage-worker")).unwrap();
    let target = library.folder().join("kernel");
    let extract = || Run::new(&program).arg(&guest.image).arg(&guest.kernel).arg(&target);
    for variable in ["FSIMAGE_LIBEXECDIR", "FSIMAGE_WORKER", "PATH"] {
        extract().env(variable, library.folder()).finish().assert_success();
        std::fs::remove_file(&target).unwrap();
    }
    std::fs::remove_file(library.stage().path("fsimage-worker")).unwrap();
    let outcome = extract().finish();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("the worker is missing"), "{}", outcome.stderr);
    assert!(!target.exists());
}

#[test]
fn pkg_config_and_the_loader_know_it() {
    let library = library();
    assert_eq!(library.pkg_config(&["--modversion"]), env!("CARGO_PKG_VERSION"));
    let outcome = Run::new(&need("readelf", "binutils")).arg("-d").arg(library.file()).finish();
    let dynamic = outcome.assert_success().text();
    assert!(dynamic.contains("Library soname: [libfsimage.so.1]"), "{dynamic}");
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let known = ["libc.so.6", "libgcc_s.so.1", "ld-linux"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
    let link = std::fs::read_link(library.libdir().join("libfsimage.so")).unwrap();
    assert_eq!(link, Path::new("libfsimage.so.1"));
}

#[test]
fn what_is_installed() {
    let library = library();
    let prefix = library.stage().path("usr");
    let outcome = Run::new(&need("find", "findutils"))
        .arg(&prefix)
        .args(["!", "-type", "d", "-printf", "%P\\n"])
        .finish();
    let found = outcome.assert_success().text();
    for file in [
        "bin/fsimage",
        "include/fsimage.h",
        "include/fsimage_plugin.h",
        "lib/fsimage/fsimage-worker",
        "lib/fsimage/plugins/libfsimage_plugin_ext2.so",
        "lib/fsimage/plugins/libfsimage_plugin_iso9660.so",
        "lib/fsimage/plugins/libfsimage_plugin_ufs.so",
        "lib/libfsimage.so",
        "lib/libfsimage.so.1",
        "lib/pkgconfig/fsimage.pc",
        "lib/xen/bin/pygrub-rs",
        "share/bash-completion/completions/fsimage",
        "share/bash-completion/completions/pygrub-rs",
        "share/fish/vendor_completions.d/fsimage.fish",
        "share/man/man1/fsimage.1",
        "share/man/man1/pygrub-rs.1",
        "share/zsh/site-functions/_fsimage",
    ] {
        assert!(found.lines().any(|line| line == file), "{file} is not among\n{found}");
    }
    assert!(!found.contains("evil"), "{found}");
}
