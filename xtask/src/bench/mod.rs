//! `cargo xtask bench [--quick] [--disk] [ROOM…]`: the same work by us and by its peers, in turns, from one run; a table of
//! ratios for each room.
//!
//! Everybody reads the same image and writes onto the same filesystem, in memory: on a disk, writing a GiB takes from half
//! a second to five, whoever does it, and the table would compare the disk with itself. `--disk` does it on the disk below
//! target/ all the same. A room removes what it made before the next begins: at most 5 GiB are in use at a time.

mod boot;
mod ext2;
mod extractor;
mod iso9660;
mod library;
mod mounted;
mod reads;
mod row;
mod ufs;

use crate::packages;
use crate::shell::{self, Result, target, work_folder};
use std::fs;
use std::path::{Path, PathBuf};

/// Makes a room's images and runs its rows.
type Room = fn(&Bench) -> Result;

/// Every room: its name, what is compared in it, its function.
const ROOMS: &[(&str, &str, Room)] = &[
    ("boot", "a guest's kernel and ramdisk, by whole boot loaders: small, and 1 GiB", boot::run),
    ("ext2", "a ramdisk in one extent, in 10,000 fragments, through indirect blocks", ext2::run),
    ("ufs", "a file of 1 GiB out of UFS1 and UFS2", ufs::run),
    ("iso9660", "a large file of a disc, plain and compressed by zisofs; many small ones", iso9660::run),
    ("library", "a large file through the C library, beside Xen's", library::run),
    ("extractor", "a file of 1 GiB and a tree of 10,000 small ones out of ext4", extractor::run),
];

/// What each room is given.
struct Bench {
    /// Smaller images: to see that the bench works, not to measure.
    quick: bool,
    /// Where images are made and files written; the room's own.
    folder: Folder,
}

impl Bench {
    fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The large size that files have in this run, in MiB.
    fn large(&self) -> u32 {
        if self.quick { 64 } else { 1024 }
    }
}

/// Builds, then goes through the rooms named, or through all.
pub(crate) fn run(words: &[String]) -> Result {
    let (options, names): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| !["--quick", "--disk"].contains(&option.as_str())) {
        return Err(format!("{unknown}: the options are --quick and --disk"));
    }
    if let Some(unknown) = names.iter().find(|name| !ROOMS.iter().any(|(room, _, _)| room == *name)) {
        let rooms: String = ROOMS.iter().map(|(name, help, _)| format!("\n  {name:<10} {help}")).collect();
        return Err(format!("no room is called {unknown}; the rooms are{rooms}"));
    }
    packages::ensure()?;
    shell::build_release()?;
    let given = |option: &str| options.iter().any(|word| *word == option);
    for (room, help, run) in
        ROOMS.iter().filter(|(room, _, _)| names.is_empty() || names.iter().any(|name| name == room))
    {
        println!("\n## {room}: {help}\n");
        let folder = if given("--disk") { work_folder(&format!("bench-{room}"))? } else { memory_folder()? };
        run(&Bench { quick: given("--quick"), folder: Folder(folder) })?;
    }
    Ok(())
}

/// A folder that goes with all that is in it, however the bench ends, short of a signal.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder in memory, of its own.
fn memory_folder() -> Result<PathBuf> {
    let folder = PathBuf::from(format!("/dev/shm/pygrub-rs-bench.{}", std::process::id()));
    fs::create_dir(&folder).map_err(|why| format!("{}: {why}; --disk does without", folder.display()))?;
    Ok(folder)
}

/// A program of ours, as it ships.
fn ours(program: &str) -> PathBuf {
    target().join("release").join(program)
}
