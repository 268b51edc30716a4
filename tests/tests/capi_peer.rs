//! One C program, Xen's libxenfsimage and ours, the same images: call by call the same answers, errno included, but for the
//! differences that docs/pygrub-compat.md lists.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::noise;
use fsimage_tests::library::{Library, source};
use fsimage_tests::{Guest, Run, Stage, need, toolstack};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// As Debian's package libxenmisc4.17 has it, which xen-utils-4.17 depends on.
const THEIRS: &str = "/usr/lib/xen-4.17/lib/x86_64-linux-gnu/libxenfsimage.so.4.17";

/// Paths about which both say the same, to the last byte.
const SAME: &[&str] = &[
    "/big",
    "big",
    "/./big",
    "/small",
    "/empty",
    "/holes",
    "/sub/deep/file",
    "/dangling",
    "/nowhere",
    "/sub/nowhere",
];

/// A path, and what each says: `fsi_file_exists`, and how `fsi_open_file` ends.
type Difference = (&'static str, &'static str, &'static str);

const EXT2: &[Difference] = &[
    ("/dir", "1 opened", "1 EISDIR"),
    ("/dirlink", "1 opened", "1 EISDIR"),
    ("/", "1 opened", "1 EISDIR"),
    ("/fifo", "1 opened", "1 ENXIO"),
    ("/loop", "0 ENOENT", "0 ELOOP"),
    ("//big", "0 ENOENT", "1 opened"),
    ("/big/", "1 opened", "0 ENOTDIR"),
    ("/big/x", "0 ENOENT", "0 ENOTDIR"),
];

const UFS: &[Difference] = &[
    ("/link", "0 ENOENT", "1 opened"),
    ("/dir", "0 ENOENT", "1 EISDIR"),
    ("/", "0 ENOENT", "1 EISDIR"),
    ("/fifo", "0 ENOENT", "1 ENXIO"),
    ("/loop", "0 ENOENT", "0 ELOOP"),
    ("/big/", "1 opened", "0 ENOTDIR"),
    ("/big/x", "0 ENOENT", "0 ENOTDIR"),
];

/// Both libraries and the images.
struct Bench {
    library: Library,
    program: PathBuf,
    folder: TempDir,
}

impl Bench {
    fn set_up() -> Self {
        let library = Library::install(Stage::new());
        let program = library.compile(&source("peer"), &[]);
        let folder = tempfile::Builder::new().prefix("pygrub-rs-peer.").tempdir_in("/tmp").unwrap();
        let bench = Self { library, program, folder };
        let tree = bench.image("tree");
        std::fs::create_dir_all(tree.join("sub/deep")).unwrap();
        std::fs::create_dir(tree.join("dir")).unwrap();
        std::fs::write(tree.join("big"), noise(300_000)).unwrap();
        for small in ["small", "sub/deep/file"] {
            std::fs::write(tree.join(small), "some bytes that are read in three steps, and no more").unwrap();
        }
        std::fs::write(tree.join("empty"), "").unwrap();
        File::create(tree.join("holes")).unwrap().write_all_at(b"x", 69_999).unwrap();
        for (target, link) in [("big", "link"), ("dir", "dirlink"), ("nowhere", "dangling"), ("loop", "loop")]
        {
            symlink(target, tree.join(link)).unwrap();
        }
        mknodat(CWD, tree.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let mke2fs = Run::new(&need("mke2fs", "e2fsprogs")).args(["-q", "-F", "-t", "ext2", "-d"]);
        mke2fs.arg(&tree).arg(bench.image("ext2")).arg("8M").finish().assert_success();
        let makefs = Run::new(&need("makefs", "makefs")).args([
            "-t",
            "ffs",
            "-B",
            "le",
            "-s",
            "8m",
            "-o",
            "version=1",
        ]);
        makefs.arg(bench.image("ufs")).arg(&tree).finish().assert_success();
        // The same filesystem behind 3 MiB of something else.
        let mut later = vec![0xa5; 3 << 20];
        later.extend(std::fs::read(bench.image("ext2")).unwrap());
        std::fs::write(bench.image("later"), later).unwrap();
        bench
    }

    fn image(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the program prints with Xen's library, and with ours.
    fn ask(&self, image: &Path, offset: u64, options: &str, paths: &[&str]) -> [String; 2] {
        assert!(Path::new(THEIRS).exists(), "{THEIRS} is missing: install Debian's package libxenmisc4.17");
        [PathBuf::from(THEIRS), self.library.file()].map(|library| {
            let run = Run::new(&self.program).arg(library).arg(image).arg(offset.to_string()).arg(options);
            run.args(paths).finish().assert_success().text()
        })
    }

    #[track_caller]
    fn assert_same(&self, image: &str, offset: u64, paths: &[&str]) {
        let [theirs, ours] = self.ask(&self.image(image), offset, "NULL", paths);
        assert_eq!(theirs, ours);
        assert!(ours.contains("open_fsimage: opened"), "{ours}");
    }

    #[track_caller]
    fn assert_different(&self, image: &str, differences: &[Difference]) {
        for (path, theirs, ours) in differences {
            let found = self.ask(&self.image(image), 0, "NULL", &[path]).map(|text| verdict(&text));
            assert_eq!(found, [(*theirs).to_owned(), (*ours).to_owned()], "{path}");
        }
    }
}

/// `1 opened`, `0 ENOENT`: of the one path that was asked for.
fn verdict(text: &str) -> String {
    let find =
        |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap().trim().to_owned();
    let (exists, open) = (find("file_exists = "), find("open_file: "));
    format!("{exists} {}", open.trim_start_matches("NULL "))
}

#[test]
fn ext2() {
    let bench = Bench::set_up();
    bench.assert_same("ext2", 0, &[SAME, &["/link", "/dir/../big"]].concat());
    bench.assert_different("ext2", EXT2);
}

#[test]
fn ext2_at_an_offset() {
    Bench::set_up().assert_same("later", 3 << 20, SAME);
}

#[test]
fn ufs() {
    let bench = Bench::set_up();
    bench.assert_same("ufs", 0, SAME);
    bench.assert_different("ufs", UFS);
}

#[test]
fn what_cannot_be_opened() {
    let bench = Bench::set_up();
    let nowhere = bench.image("nowhere");
    let image = bench.image("ext2");
    for (image, offset) in [
        (nowhere.as_path(), 0),
        (&image, 512),
        (&image, 8 << 20),
        (&image, 1 << 50),
        (Path::new("/"), 0),
        (Path::new("/dev/null"), 0),
        (&bench.image("later"), 0),
    ] {
        let [theirs, ours] = bench.ask(image, offset, "NULL", &[]);
        assert_eq!(theirs, ours, "{} at {offset}", image.display());
        assert!(ours.contains("open_fsimage: NULL"), "{ours}");
    }
}

#[test]
fn options() {
    let bench = Bench::set_up();
    let image = bench.image("ext2");
    let [theirs, ours] = bench.ask(&image, 0, "", &["/small"]);
    assert_eq!(theirs, ours);
    // Words that nobody knows: there they change nothing, in silence; here the caller is told.
    let [theirs, ours] = bench.ask(&image, 0, "rpool/ROOT", &["/small"]);
    assert!(theirs.contains("open_fsimage: opened"), "{theirs}");
    assert!(ours.contains("open_fsimage: NULL EINVAL"), "{ours}");
}

/// libfsimage under Xen's library's name, in a folder of its own.
fn drop_in(bench: &Bench) -> PathBuf {
    let folder = bench.image("dropin");
    std::fs::create_dir(&folder).unwrap();
    let sources = source("dropin").parent().unwrap().to_owned();
    let name = "libxenfsimage.so.4.17";
    let outcome = Run::new(&need("cc", "gcc"))
        .env("PATH", "/usr/bin:/bin")
        .args(["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"])
        .arg(format!("-DLIBFSIMAGE=\"{}\"", bench.library.file().display()))
        .arg(format!("-Wl,-soname,{name},--version-script={}", sources.join("dropin.map").display()))
        .arg(sources.join("dropin.c"))
        .arg("-o")
        .arg(folder.join(name))
        .finish();
    outcome.assert_success();
    folder
}

#[test]
fn xens_python_module_runs_on_it() {
    let bench = Bench::set_up();
    let folder = drop_in(&bench);
    let ask = |libraries: &Path| {
        let run = Run::new(&need("python3", "python3")).env("LD_LIBRARY_PATH", libraries);
        let outcome = run
            .arg(source("x").with_file_name("module.py"))
            .arg(bench.image("later"))
            .arg("3145728")
            .finish();
        (outcome.assert_success().text(), outcome.stderr)
    };
    let (theirs, their_library) = ask(Path::new(THEIRS).parent().unwrap());
    let (ours, our_library) = ask(&folder);
    assert!(our_library.starts_with(folder.to_str().unwrap()), "{our_library}");
    assert!(their_library.starts_with("/usr/lib/xen-4.17/"), "{their_library}");
    assert_eq!(theirs, ours);
    assert_eq!(ours.lines().count(), 23, "{ours}");
}

#[test]
fn xens_pygrub_runs_on_it() {
    let (bench, guest) = (Bench::set_up(), Guest::demo());
    let boot = |libraries: &Path| {
        let output = tempfile::tempdir().unwrap();
        let outcome = Run::new(&need("pygrub", "xen-utils-4.17"))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LD_LIBRARY_PATH", libraries)
            .args(["-q", "--output-format=simple"])
            .option("--output-directory", output.path())
            .arg(&guest.image)
            .finish();
        let files =
            toolstack::xapi(&outcome.assert_success().stdout, output.path().as_os_str().as_bytes()).unwrap();
        let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
        (read(files.kernel), read(files.ramdisk), files.args)
    };
    assert!(boot(Path::new(THEIRS).parent().unwrap()) == boot(&drop_in(&bench)));
}
