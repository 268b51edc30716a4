//! Files out of a disc: one large one, the same compressed by zisofs, many small ones.

use super::ext2::noise;
use super::row::{self, Peer, Row};
use super::{Bench, ours};
use crate::shell::{Result, finish};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The large file's name on the disc and outside.
const NAME: &str = "ramdisk";
/// Small files, and bytes of each.
const SMALL_FILES: u32 = 5000;
const SMALL_SIZE: u32 = 4096;
/// Inflates every block of a zisofs file that lies in one piece of an image, with zlib and nothing else: image, offset of the
/// file, bytes of a pointer, log2 of a block, where to write.
const INFLATE: &str = "
import sys, zlib, mmap
image, start, width, log, out = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
source = open(image, 'rb')
disc = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
number = lambda at, width: int.from_bytes(disc[at:at + width], 'little')
size, table = (number(start + 8, 4), start + 16) if width == 4 else (number(start + 12, 8), start + 24)
with open(out, 'wb') as file:
    for block in range((size + (1 << log) - 1) >> log):
        begin, end = (number(table + (block + i) * width, width) for i in (0, 1))
        file.write(zlib.decompress(disc[start + begin:start + end]) if end > begin else bytes(min(1 << log, size - (block << log))))
";

pub(super) fn run(bench: &Bench) -> Result {
    row::head();
    plain(bench)?;
    // A quarter: what takes time is inflating.
    zisofs(bench, "zisofs 1, blocks of 128 KiB", "version_2=off:block_size=128k", (4, 17))?;
    zisofs(bench, "zisofs 2, blocks of 1 MiB", "version_2=on:block_size_v2=1m", (8, 20))?;
    small(bench)
}

fn plain(bench: &Bench) -> Result {
    let files = bench.folder().join("wanted");
    row::empty(&files)?;
    noise(&files.join(NAME), bench.large())?;
    let image = bench.folder().join("disc.iso");
    let mut make = Command::new("xorriso");
    make.args(["-as", "mkisofs", "-quiet", "-R", "-o"]).arg(&image).arg(&files).stderr(Stdio::null());
    finish(&mut make)?;
    let file = files.join(NAME);
    let cp = Peer::new("cp (of the extracted file)", move |out: &Path| {
        let mut command = Command::new("cp");
        command.arg(&file).arg(out);
        command
    });
    let disc = image.clone();
    let grub = Peer::new("grub-fstest cp", move |out: &Path| {
        let mut command = Command::new("grub-fstest");
        command.arg(&disc).args(["cp", &format!("(loop0)/{NAME}")]).arg(out.join(NAME));
        command
    });
    let peers = vec![get(&image), cp, grub, xorriso(&image)];
    Row { name: format!("{} MiB", bench.large()), rounds: 9, wanted: Some(files.clone()), peers }
        .run(bench.folder())?;
    clear(&[files, image]);
    Ok(())
}

/// A file that compresses to about a quarter, as text does.
fn zisofs(bench: &Bench, name: &str, parameters: &str, (width, log): (u32, u32)) -> Result {
    let mib = bench.large() / 4;
    let files = bench.folder().join("wanted");
    row::empty(&files)?;
    let text = format!("seq 100000000 | head -c {mib}M >'{}'", files.join(NAME).display());
    finish(Command::new("sh").args(["-c", &text]).stderr(Stdio::null()))?;
    let image = bench.folder().join("disc.iso");
    let mut make = Command::new("xorriso");
    make.args(["-zisofs", parameters, "-outdev", &drive(&image)]).arg("-map").arg(&files).arg("/");
    make.args(["-set_filter_r", "--zisofs", "/", "--"]).stdout(Stdio::null()).stderr(Stdio::null());
    finish(&mut make)?;
    let start = place(&image)?;
    let disc = image.clone();
    let inflate = Peer::new("zlib.decompress, block by block", move |out: &Path| {
        let mut command = Command::new("python3");
        command.args(["-c", INFLATE]).arg(&disc);
        command.args([start, u64::from(width), u64::from(log)].map(|number| number.to_string()));
        command.arg(out.join(NAME));
        command
    });
    let peers = vec![get(&image), inflate, xorriso(&image)];
    Row { name: format!("{mib} MiB, {name}"), rounds: 5, wanted: Some(files.clone()), peers }
        .run(bench.folder())?;
    clear(&[files, image]);
    Ok(())
}

/// Where the file lies on the disc, as xorriso says.
fn place(image: &Path) -> Result<u64> {
    let mut command = Command::new("xorriso");
    command.args(["-indev", &drive(image), "-find", &format!("/{NAME}"), "-exec", "report_lba"]);
    let report = crate::shell::output(command.stderr(Stdio::null()))?;
    let line = report.lines().find_map(|line| line.strip_prefix("File data lba:"));
    let sector =
        line.and_then(|line| line.split(',').nth(1)).and_then(|number| number.trim().parse::<u64>().ok());
    Ok(sector.ok_or_else(|| format!("xorriso does not say where the file lies: {report}"))? * 2048)
}

/// The sums of many small files: there, each costs a lookup and an answer.
fn small(bench: &Bench) -> Result {
    let files = bench.folder().join("small");
    row::empty(&files)?;
    for number in 0..SMALL_FILES {
        let folder = files.join(format!("folder{:02}", number % 50));
        fs::create_dir_all(&folder).map_err(|why| why.to_string())?;
        let text = format!("{number:08}").repeat(usize::try_from(SMALL_SIZE / 8).unwrap_or(0));
        fs::write(folder.join(format!("file-{number}.txt")), text).map_err(|why| why.to_string())?;
    }
    let image = bench.folder().join("disc.iso");
    let mut make = Command::new("xorriso");
    make.args(["-as", "mkisofs", "-quiet", "-R", "-o"]).arg(&image).arg(&files).stderr(Stdio::null());
    finish(&mut make)?;
    let disc = image.clone();
    let sum = Peer::new("fsimage sum -R", move |_: &Path| {
        let mut command = Command::new(ours("fsimage"));
        command.args(["sum", "-R"]).arg(&disc).arg("/");
        command
    });
    let disc = image.clone();
    let extract = Peer::new("xorriso -extract, then sha256sum", move |out: &Path| {
        let mut command = Command::new("sh");
        let script =
            "xorriso -osirrox on -indev \"$1\" -extract / \"$2\" && find \"$2\" -type f -exec sha256sum {} +";
        command.args(["-c", script, "sh", &drive(&disc)]).arg(out.join("all"));
        command
    });
    let host = files.clone();
    let sha256sum = Peer::new("sha256sum (of the extracted files)", move |_: &Path| {
        let mut command = Command::new("find");
        command.arg(&host).args(["-type", "f", "-exec", "sha256sum", "{}", "+"]);
        command
    });
    let name = format!("{SMALL_FILES} files of {SMALL_SIZE} bytes, summed");
    Row { name, rounds: 5, wanted: None, peers: vec![sum, extract, sha256sum] }.run(bench.folder())?;
    clear(&[files, image]);
    Ok(())
}

fn get(image: &Path) -> Peer {
    let image = image.to_owned();
    Peer::new("fsimage get", move |out: &Path| {
        let mut command = Command::new(ours("fsimage"));
        command.args(["get", "-o"]).arg(out).arg(&image).arg(format!("/{NAME}"));
        command
    })
}

fn xorriso(image: &Path) -> Peer {
    let image = image.to_owned();
    Peer::new("xorriso -osirrox", move |out: &Path| {
        let mut command = Command::new("xorriso");
        command.args(["-osirrox", "on", "-indev", &drive(&image)]);
        command.args(["-extract", &format!("/{NAME}")]).arg(out.join(NAME));
        command
    })
}

/// As xorriso wants it told: what begins with /dev/ is a burner to it, and the work folder is in /dev/shm.
fn drive(image: &Path) -> String {
    format!("stdio:{}", image.display())
}

fn clear(paths: &[PathBuf]) {
    for path in paths {
        let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
    }
}
