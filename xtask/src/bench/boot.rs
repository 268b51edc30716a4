//! A guest's kernel and ramdisk out of its disk image into two files, as a domain builder wants them.

use super::row::{self, Peer, Row};
use super::{Bench, ours, reads};
use crate::images;
use crate::shell::{Result, finish, output};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Byte at which the makers put the filesystem.
const OFFSET: &str = "1048576";
/// Where Debian puts the program that we replace.
const PYGRUB: &str = "/usr/lib/xen-4.17/bin/pygrub";

/// A guest to be booted, and what lies in it.
struct Guest {
    image: PathBuf,
    kernel: String,
    ramdisk: String,
    /// The extracted files, for cp, and to compare with.
    extracted: PathBuf,
}

pub(super) fn run(bench: &Bench) -> Result {
    row::head();
    boot("small, 10 MiB", 2, 41, bench.folder())?;
    boot(&format!("{} MiB ramdisk", bench.large()), bench.large(), 9, bench.folder())
}

fn boot(name: &str, mib: u32, rounds: usize, folder: &Path) -> Result {
    let guest = guest(mib, folder)?;
    let row =
        Row { name: name.to_owned(), rounds, wanted: Some(guest.extracted.clone()), peers: peers(&guest) };
    row.run(folder)?;
    let out = folder.join("out");
    row::empty(&out)?;
    let read = reads::from_image(&guest.image, &row.peers[0].command(&out))?;
    println!("\n{name}: we read {read}\n");
    Ok(())
}

/// Makes the guest, and takes its files out by foreign tools.
fn guest(mib: u32, folder: &Path) -> Result<Guest> {
    let made = images::large(&mib.to_string())?;
    let image = folder.join("guest.img");
    finish(Command::new("cp").arg("--sparse=always").arg(&made).arg(&image))?;
    let listing = output(Command::new(ours("pygrub-rs")).args(["--list-entries", "--quiet"]).arg(&image))?;
    let field = |key: &str| {
        listing
            .lines()
            .find_map(|line| line.trim().strip_prefix(key).map(|value| value.trim().to_owned()))
            .ok_or_else(|| format!("{} lists no {key}", image.display()))
    };
    let (kernel, ramdisk) = (field("kernel:")?, field("initrd:")?);
    let extracted = folder.join("extracted");
    row::empty(&extracted)?;
    for (path, file) in [(&kernel, "kernel"), (&ramdisk, "ramdisk")] {
        let mut dump = Command::new("debugfs");
        dump.arg("-R").arg(format!("dump {path} {}", extracted.join(file).display()));
        finish(dump.arg(filesystem(&image)).stderr(Stdio::null()))?;
        fs::metadata(extracted.join(file)).map_err(|why| format!("debugfs dump {path}: {why}"))?;
    }
    Ok(Guest { image, kernel, ramdisk, extracted })
}

/// The guest's filesystem as e2fsprogs names one that lies within a file.
fn filesystem(image: &Path) -> String {
    format!("{}?offset={OFFSET}", image.display())
}

fn peers(guest: &Guest) -> Vec<Peer> {
    let loader = |name: &str, program: PathBuf| {
        let image = guest.image.clone();
        Peer::new(name, move |out: &Path| {
            let mut command = Command::new(&program);
            command.args(["--quiet", "--output-format=simple0"]);
            command.arg(format!("--output-directory={}", out.display())).arg(&image);
            command
        })
    };
    let files = guest.extracted.clone();
    let cp = Peer::new("cp (of the extracted files)", move |out: &Path| {
        let mut command = Command::new("cp");
        command.arg(files.join("kernel")).arg(files.join("ramdisk")).arg(out);
        command
    });
    let (image, of_debugfs) = (guest.image.display().to_string(), filesystem(&guest.image));
    vec![
        loader("pygrub-rs", ours("pygrub-rs")),
        cp,
        loader("Xen 4.17 pygrub", PathBuf::from(PYGRUB)),
        twice(guest, "grub-fstest cp, twice", move |path, to| {
            format!("grub-fstest '{image}' cp '(loop0,msdos1){path}' '{to}'")
        }),
        twice(guest, "debugfs dump, twice", move |path, to| {
            format!("debugfs -R 'dump {path} {to}' '{of_debugfs}'")
        }),
    ]
}

/// One shell that runs a tool for the kernel and again for the ramdisk: a dash costs less than a millisecond.
fn twice(guest: &Guest, name: &str, line: impl Fn(&str, &str) -> String + 'static) -> Peer {
    let (kernel, ramdisk) = (guest.kernel.clone(), guest.ramdisk.clone());
    Peer::new(name, move |out: &Path| {
        let to = |name: &str| out.join(name).display().to_string();
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!(
            "{} && {}",
            line(&kernel, &to("kernel")),
            line(&ramdisk, &to("ramdisk"))
        ));
        command
    })
}
