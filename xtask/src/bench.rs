//! `cargo xtask bench`: the same work by us and by its peers, in turns, from one run; a table of ratios.
//!
//! The work: a guest's kernel and ramdisk out of its disk image into two files. Everybody reads the same image and writes
//! onto the same filesystem, in memory: on a disk, writing a GiB takes from half a second to five, whoever does it, and
//! the table would compare the disk with itself. `--disk` does it on the disk below target/ all the same.

use crate::measure::{Measured, time, watch};
use crate::shell::{self, Result, finish, output, target, work_folder};
use crate::{images, packages};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Byte at which the makers put the filesystem.
const OFFSET: &str = "1048576";

/// A guest to be booted, and what lies in it.
struct Guest {
    name: &'static str,
    image: PathBuf,
    kernel: String,
    ramdisk: String,
    rounds: usize,
}

/// A competitor: its name and one turn of the work.
struct Peer {
    name: &'static str,
    command: Box<dyn Fn(&Bench) -> Command>,
}

/// Where a turn reads and writes.
struct Bench {
    guest: Guest,
    /// The filesystem alone, for peers that know no partitions.
    partition: PathBuf,
    /// The extracted files, for cp.
    extracted: PathBuf,
    out: PathBuf,
}

/// Builds, makes the guests, runs, prints.
pub(crate) fn run(words: &[String]) -> Result {
    packages::ensure()?;
    let given = |option: &str| words.iter().any(|word| word == option);
    let quick = given("--quick");
    let folder = if given("--disk") { work_folder("bench")? } else { memory_folder()? };
    shell::build_release()?;
    let large = if quick { "64" } else { "1024" };
    println!(
        "| guest | program | median | best | ours / its, medians | ours / its, bests | our peak | its peak |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let compared = compare(guest("small, 10 MiB", "2", 41, &folder)?, &folder).and_then(|()| {
        let name = if quick { "64 MiB ramdisk" } else { "1 GiB ramdisk" };
        compare(guest(name, large, 9, &folder)?, &folder)
    });
    let _ = fs::remove_dir_all(&folder);
    compared
}

/// A folder in memory, of its own.
fn memory_folder() -> Result<PathBuf> {
    let folder = PathBuf::from(format!("/dev/shm/pygrub-rs-bench.{}", std::process::id()));
    fs::create_dir(&folder).map_err(|why| format!("{}: {why}; --disk does without", folder.display()))?;
    Ok(folder)
}

fn guest(name: &'static str, mib: &str, rounds: usize, folder: &Path) -> Result<Guest> {
    let made = images::large(mib)?;
    let image = folder.join(made.file_name().unwrap_or_default());
    finish(Command::new("cp").arg("--sparse=always").arg(&made).arg(&image))?;
    let listing = output(Command::new(ours()).args(["--list-entries", "--quiet"]).arg(&image))?;
    let field = |key: &str| {
        listing
            .lines()
            .find_map(|line| line.trim().strip_prefix(key).map(|value| value.trim().to_owned()))
            .ok_or_else(|| format!("{} lists no {key}", image.display()))
    };
    Ok(Guest { name, kernel: field("kernel:")?, ramdisk: field("initrd:")?, image, rounds })
}

fn compare(guest: Guest, folder: &Path) -> Result {
    let bench = prepare(guest, folder)?;
    let peers = peers();
    let mut times: Vec<Vec<f64>> = peers.iter().map(|_| Vec::new()).collect();
    for round in 0..=bench.guest.rounds {
        for (peer, times) in peers.iter().zip(&mut times) {
            let measured = turn(&bench, peer, time)?;
            // The first round warms the page cache.
            if round > 0 {
                times.push(measured.seconds);
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    let our_peak = peak(&bench, &peers[0])?;
    // The median has sorted them. On a machine whose speed wanders, the best turns are the steadier measure.
    let bests: Vec<f64> = times.iter().map(|times| times[0]).collect();
    for ((peer, median), best) in peers.iter().zip(&medians).zip(&bests) {
        let its_peak = peak(&bench, peer)?;
        println!(
            "| {} | {} | {:.1} ms | {:.1} ms | {:.2} | {:.2} | {:.1} MiB | {:.1} MiB |",
            bench.guest.name,
            peer.name,
            median * 1000.0,
            best * 1000.0,
            medians[0] / median,
            bests[0] / best,
            our_peak,
            its_peak
        );
    }
    println!("\n{}: {}\n", bench.guest.name, reads(&bench)?);
    Ok(())
}

fn ours() -> PathBuf {
    target().join("release/pygrub-rs")
}

fn peers() -> Vec<Peer> {
    let grub = |bench: &Bench| {
        let mut command = Command::new(if Path::new("/usr/lib/xen-4.17/bin/pygrub").exists() {
            "/usr/lib/xen-4.17/bin/pygrub"
        } else {
            "pygrub"
        });
        loader_arguments(&mut command, bench);
        command
    };
    vec![
        Peer {
            name: "pygrub-rs",
            command: Box::new(|bench| {
                let mut command = Command::new(ours());
                loader_arguments(&mut command, bench);
                command
            }),
        },
        Peer {
            name: "cp (of the extracted files)",
            command: Box::new(|bench| {
                let mut command = Command::new("cp");
                command
                    .arg(bench.extracted.join("kernel"))
                    .arg(bench.extracted.join("ramdisk"))
                    .arg(&bench.out);
                command
            }),
        },
        Peer { name: "Xen 4.17 pygrub", command: Box::new(grub) },
        Peer {
            name: "grub-fstest cp, twice",
            command: Box::new(|bench| {
                twice(bench, |path, to| {
                    format!("grub-fstest '{}' cp '(loop0){path}' '{to}'", bench.partition.display())
                })
            }),
        },
        Peer {
            name: "debugfs dump, twice",
            command: Box::new(|bench| {
                twice(bench, |path, to| {
                    format!("debugfs -R 'dump {path} {to}' '{}'", bench.partition.display())
                })
            }),
        },
    ]
}

fn loader_arguments(command: &mut Command, bench: &Bench) {
    command.args(["--quiet", "--output-format=simple0"]);
    command.arg(format!("--output-directory={}", bench.out.display())).arg(&bench.guest.image);
}

/// One shell that runs a tool for the kernel and again for the ramdisk: a dash costs less than a millisecond.
fn twice(bench: &Bench, line: impl Fn(&str, &str) -> String) -> Command {
    let to = |name: &str| bench.out.join(name).display().to_string();
    let script = format!(
        "{} && {}",
        line(&bench.guest.kernel, &to("kernel")),
        line(&bench.guest.ramdisk, &to("ramdisk"))
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]);
    command
}

/// Takes the filesystem out of the image, and the files out of the filesystem, by foreign tools.
fn prepare(guest: Guest, folder: &Path) -> Result<Bench> {
    let name = guest.image.file_stem().unwrap_or_default().display().to_string();
    let bench = Bench {
        partition: folder.join(format!("{name}.partition")),
        extracted: folder.join(format!("{name}.files")),
        out: folder.join("out"),
        guest,
    };
    fs::create_dir_all(&bench.extracted).map_err(|why| why.to_string())?;
    let mut cut = Command::new("dd");
    cut.arg(format!("if={}", bench.guest.image.display())).arg(format!("of={}", bench.partition.display()));
    cut.args(["bs=1M", "iflag=skip_bytes", "conv=sparse", "status=none"]).arg(format!("skip={OFFSET}"));
    finish(&mut cut)?;
    for (path, file) in [(&bench.guest.kernel, "kernel"), (&bench.guest.ramdisk, "ramdisk")] {
        let mut dump = Command::new("debugfs");
        dump.arg("-R").arg(format!("dump {path} {}", bench.extracted.join(file).display()));
        finish(dump.arg(&bench.partition).stderr(Stdio::null()))?;
    }
    Ok(bench)
}

/// One turn: an empty folder, the work, the check that two whole files came out.
fn turn(bench: &Bench, peer: &Peer, measure: impl Fn(&mut Command) -> Result<Measured>) -> Result<Measured> {
    let _ = fs::remove_dir_all(&bench.out);
    fs::create_dir_all(&bench.out).map_err(|why| why.to_string())?;
    rustix::fs::sync();
    let mut command = (peer.command)(bench);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let measured = measure(&mut command)?;
    let wanted = sizes(&bench.extracted)?;
    if !measured.status.success() || sizes(&bench.out)? != wanted {
        return Err(format!(
            "{}: {}, files of {:?}, wanted {wanted:?}",
            peer.name,
            measured.status,
            sizes(&bench.out)?
        ));
    }
    Ok(measured)
}

fn sizes(folder: &Path) -> Result<Vec<u64>> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| why.to_string())? {
        let entry = entry.map_err(|why| why.to_string())?;
        sizes.push(entry.metadata().map_err(|why| why.to_string())?.len());
    }
    sizes.sort_unstable();
    Ok(sizes)
}

/// The most of three runs: a short one may slip between two looks.
fn peak(bench: &Bench, peer: &Peer) -> Result<f64> {
    let mut most = 0;
    for _ in 0..3 {
        most = most.max(turn(bench, peer, |command| watch(command, Duration::from_secs(600)))?.peak_kib);
    }
    #[allow(clippy::cast_precision_loss, clippy::as_conversions)] // KiB of a process
    Ok(most as f64 / 1024.0)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What was read from the image, as strace saw it: through the worker's own reads (metadata) and by the kernel's
/// copying (data).
fn reads(bench: &Bench) -> Result<String> {
    let _ = fs::remove_dir_all(&bench.out);
    fs::create_dir_all(&bench.out).map_err(|why| why.to_string())?;
    // A log for each process: in a common one, calls of several would be cut into pieces.
    let logs = work_folder("bench/strace")?;
    let mut command = Command::new("strace");
    command.args(["-ff", "-y", "-e", "trace=read,pread64,copy_file_range,sendfile", "-o"]);
    command.arg(logs.join("log")).arg(ours());
    loader_arguments(&mut command, bench);
    finish(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let mut text = String::new();
    for entry in fs::read_dir(&logs).map_err(|why| why.to_string())? {
        let path = entry.map_err(|why| why.to_string())?.path();
        text += &fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        fs::remove_file(&path).map_err(|why| why.to_string())?;
    }
    let image = bench.guest.image.display().to_string();
    let (mut metadata, mut reads, mut data) = (0_u64, 0_u64, 0_u64);
    for line in text.lines().filter(|line| line.contains(&image)) {
        let Some(count) = line.rsplit(" = ").next().and_then(|count| count.trim().parse::<u64>().ok()) else {
            continue;
        };
        if line.contains("pread64(") || line.contains("read(") {
            metadata += count;
            reads += 1;
        } else {
            data += count;
        }
    }
    Ok(format!(
        "{metadata} bytes of metadata read from the image in {reads} reads; {data} bytes copied by the kernel"
    ))
}
