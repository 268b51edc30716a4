//! A large ramdisk out of an ext filesystem, however it lies there.

use super::mounted::Mounted;
use super::row::{self, Peer, Row};
use super::{Bench, ours, reads};
use crate::shell::{Result, finish};
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The file's name in its filesystem and outside.
const NAME: &str = "ramdisk";
/// Bytes of a block in all of these filesystems.
const BLOCK: u64 = 4096;
/// Pieces of the fragmented file.
const FRAGMENTS: u64 = 10_000;

pub(super) fn run(bench: &Bench) -> Result {
    let files = bench.folder().join("wanted");
    row::empty(&files)?;
    noise(&files.join(NAME), bench.large())?;
    row::head();
    let rows: [(&str, &[&str], bool); 3] = [
        ("one extent", &["-O", "extent,^has_journal,^resize_inode", "-E", "packed_meta_blocks=1"], false),
        ("10,000 fragments", &["-O", "extent,^has_journal,^resize_inode"], true),
        ("indirect blocks", &["-O", "^extent,^64bit,^has_journal,^resize_inode"], false),
    ];
    let mut remarks = Vec::new();
    for (name, layout, is_fragmented) in rows {
        let image = bench.folder().join("image");
        make(&image, &files.join(NAME), bench.large(), layout, is_fragmented)?;
        let name = format!("{} MiB in {name}", bench.large());
        let mounted = Mounted::new(&image, &bench.folder().join("mounted"));
        let row = Row {
            name: name.clone(),
            rounds: 5,
            wanted: Some(files.clone()),
            peers: peers(&image, &files.join(NAME), mounted.as_ref().map(Mounted::path)),
        };
        row.run(bench.folder())?;
        let out = bench.folder().join("out");
        row::empty(&out)?;
        remarks.push(format!("{name}: we read {}", reads::from_image(&image, &row.peers[0].command(&out))?));
    }
    remarks.iter().for_each(|remark| println!("\n{remark}"));
    Ok(())
}

/// Bytes that do not compress and are the same in every run.
pub(super) fn noise(file: &Path, mib: u32) -> Result {
    let made = File::create(file).map_err(|why| format!("{}: {why}", file.display()))?;
    let mut command = Command::new("sh");
    let cipher = "openssl enc -aes-128-ctr -nosalt -K 72616d6469736b000000000000000000 -iv 00000000000000000000000000000000";
    finish(command.arg("-c").arg(format!("head -c {mib}M /dev/zero | {cipher}")).stdout(made))
}

/// The filesystem with the file, by mke2fs and debugfs. Every so many of its blocks are taken before the file is written, where
/// it is to be fragmented.
fn make(image: &Path, file: &Path, mib: u32, layout: &[&str], is_fragmented: bool) -> Result {
    let _ = fs::remove_file(image);
    // A sixteenth more for inode tables and the like, 40 MiB for the blocks that are taken.
    let mut mke2fs = Command::new("mke2fs");
    mke2fs.args(["-q", "-F", "-t", "ext4", "-b", "4096", "-N", "64", "-m", "0"]).args(layout).arg(image);
    finish(mke2fs.arg(format!("{}M", mib + mib / 16 + 64)).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let mut script = String::new();
    if is_fragmented {
        let every = u64::from(mib) * (1 << 20) / BLOCK / FRAGMENTS + 1;
        for number in 1..=FRAGMENTS + FRAGMENTS / 100 {
            let _ = writeln!(script, "setb {}", 1000 + number * every);
        }
    }
    let _ = writeln!(script, "write {} {NAME}", file.display());
    let commands = image.with_extension("debugfs");
    fs::write(&commands, script).map_err(|why| why.to_string())?;
    let mut debugfs = Command::new("debugfs");
    debugfs.arg("-w").arg("-f").arg(&commands).arg(image);
    finish(debugfs.stdout(Stdio::null()).stderr(Stdio::null()))
}

fn peers(image: &Path, file: &Path, mounted: Option<&Path>) -> Vec<Peer> {
    let shown = image.display().to_string();
    let cp = |name: &str, from: PathBuf| {
        Peer::new(name, move |out: &Path| {
            let mut command = Command::new("cp");
            command.arg(&from).arg(out);
            command
        })
    };
    let image = image.to_owned();
    let dumped = shown.clone();
    let mut peers = vec![
        Peer::new("fsimage get", move |out: &Path| {
            let mut command = Command::new(ours("fsimage"));
            command.arg("get").arg("-o").arg(out.join(NAME)).arg(&image).arg(NAME);
            command
        }),
        cp("cp (of such a file)", file.to_owned()),
        Peer::new("debugfs dump", move |out: &Path| {
            let mut command = Command::new("debugfs");
            command.arg("-R").arg(format!("dump {NAME} {}", out.join(NAME).display())).arg(&dumped);
            command
        }),
        Peer::new("grub-fstest cp", move |out: &Path| {
            let mut command = Command::new("grub-fstest");
            command.arg(&shown).arg("cp").arg(format!("(loop0)/{NAME}")).arg(out.join(NAME));
            command
        }),
    ];
    match mounted {
        Some(folder) => peers.push(cp("cp (from a loop mount)", folder.join(NAME))),
        None => super::mounted::say_there_is_none(),
    }
    peers
}
