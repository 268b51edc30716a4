//! A large file and a tree of small ones out of ext4, beside whatever else gets at them: a mount, 7-Zip, debugfs.

use super::mounted::{Mounted, say_there_is_none};
use super::row::{self, Peer, Row};
use super::{Bench, ext2, ours};
use crate::shell::{Result, finish};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The large file's name.
const LARGE: &str = "large";
/// Directories of the tree, and files in each.
const FOLDERS: usize = 100;
const FILES: usize = 100;
/// A small file has at most so many bytes.
const SMALL: usize = 16 << 10;
/// A prime, so that no two small files are of one size.
const STEP: usize = 7919;

pub(super) fn run(bench: &Bench) -> Result {
    row::head();
    let (large, tree) = (bench.folder().join("wanted-file"), bench.folder().join("wanted-tree"));
    row::empty(&large)?;
    ext2::noise(&large.join(LARGE), bench.large())?;
    let work = format!("a file of {} MiB", bench.large());
    one(bench, &work, &large, bench.large() + bench.large() / 16 + 64, copies_of_a_file)?;
    row::empty(&tree)?;
    grow(&large.join(LARGE), &tree)?;
    one(bench, &format!("a tree of {} files", FOLDERS * FILES), &tree, 256, copies_of_a_tree)
}

/// Many files, each with some of the large file's bytes.
fn grow(large: &Path, tree: &Path) -> Result {
    let bytes = fs::read(large).map_err(|why| why.to_string())?;
    for number in 0..FOLDERS * FILES {
        let folder = tree.join(format!("folder-{}", number / FILES));
        let (start, length) = (number * 4096 % (bytes.len() - SMALL), number * STEP % SMALL + 1);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join(format!("file-{number}")), &bytes[start..start + length]))
            .map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    Ok(())
}

/// One row: an image of what is wanted, and all who copy it out.
fn one(
    bench: &Bench,
    work: &str,
    wanted: &Path,
    mib: u32,
    peers: fn(&Path, Option<&Path>) -> Vec<Peer>,
) -> Result {
    let image = bench.folder().join("image");
    let _ = fs::remove_file(&image);
    let mut mke2fs = Command::new("mke2fs");
    mke2fs.args([
        "-q",
        "-F",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-N",
        "20000",
        "-m",
        "0",
        "-O",
        "^has_journal",
        "-d",
    ]);
    mke2fs.arg(wanted).arg(&image).arg(format!("{mib}M"));
    finish(mke2fs.stdout(Stdio::null()).stderr(Stdio::null()))?;
    let mounted = Mounted::new(&image, &bench.folder().join("mounted"));
    if mounted.is_none() {
        say_there_is_none();
    }
    let row = Row {
        name: work.to_owned(),
        rounds: 7,
        wanted: Some(wanted.to_owned()),
        peers: peers(&image, mounted.as_ref().map(Mounted::path)),
    };
    row.run(bench.folder())
}

fn copies_of_a_file(image: &Path, mounted: Option<&Path>) -> Vec<Peer> {
    let (ours_from, its_from) = (image.to_owned(), image.to_owned());
    let mut peers = vec![
        Peer::new("fsimage get", move |out: &Path| {
            let mut command = Command::new(ours("fsimage"));
            command.arg("get").arg("-o").arg(out.join(LARGE)).arg(&ours_from).arg(LARGE);
            command
        }),
        Peer::new("debugfs dump", move |out: &Path| {
            let mut command = Command::new("debugfs");
            command.arg("-R").arg(format!("dump {LARGE} {}", out.join(LARGE).display())).arg(&its_from);
            command
        }),
        seven_zip(image),
    ];
    peers.extend(mounted.map(|folder| cp("cp (from a loop mount)", folder.join(LARGE))));
    peers
}

fn copies_of_a_tree(image: &Path, mounted: Option<&Path>) -> Vec<Peer> {
    let (ours_from, its_from) = (image.to_owned(), image.to_owned());
    let mut peers = vec![
        Peer::new("fsimage get -r", move |out: &Path| {
            let mut command = Command::new(ours("fsimage"));
            command.args(["get", "-r", "-o"]).arg(out).arg(&ours_from).arg("/");
            command
        }),
        Peer::new("debugfs rdump", move |out: &Path| {
            let mut command = Command::new("debugfs");
            command.arg("-R").arg(format!("rdump / {}", out.display())).arg(&its_from);
            command
        }),
        seven_zip(image),
    ];
    peers.extend(mounted.map(|folder| cp("cp -r (from a loop mount)", folder.join("."))));
    peers
}

fn seven_zip(image: &Path) -> Peer {
    let image = image.to_owned();
    Peer::new("7z x", move |out: &Path| {
        let mut command = Command::new("7z");
        command.args(["x", "-y", "-bd"]).arg(format!("-o{}", out.display())).arg(&image);
        command
    })
}

fn cp(name: &str, from: PathBuf) -> Peer {
    Peer::new(name, move |out: &Path| {
        let mut command = Command::new("cp");
        command.arg("-r").arg(&from).arg(out);
        command
    })
}
