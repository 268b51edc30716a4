//! One row of the table: the same work, done in turns by us and by others.

use crate::measure::{Measured, time, watch};
use crate::shell::Result;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Work shorter than this, in seconds, is watched three times for its memory: it may slip between two looks.
const SHORT: f64 = 0.1;

/// A piece of work and everybody who does it.
pub(crate) struct Row {
    /// What is done.
    pub(crate) name: String,
    /// Turns of each peer that count; odd, so that there is one in the middle.
    pub(crate) rounds: usize,
    /// A folder with the files as they have to come out of every turn, whatever they are called then. Nothing where the
    /// work makes no files.
    pub(crate) wanted: Option<PathBuf>,
    /// The first one is ours.
    pub(crate) peers: Vec<Peer>,
}

/// One who does the work.
pub(crate) struct Peer {
    /// As the table calls it.
    pub(crate) name: String,
    command: Box<dyn Fn(&Path) -> Command>,
}

impl Peer {
    /// A peer by its name and the command of one turn, which writes its files into the empty folder it is given.
    pub(crate) fn new(name: impl Into<String>, command: impl Fn(&Path) -> Command + 'static) -> Self {
        Self { name: name.into(), command: Box::new(command) }
    }

    /// The command of one turn, silent.
    pub(crate) fn command(&self, out: &Path) -> Command {
        let mut command = (self.command)(out);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Prints the head of a table.
pub(crate) fn head() {
    println!(
        "| work | program | median | best | ours / its, medians | ours / its, bests | our peak | its peak |"
    );
    println!("|---|---|---|---|---|---|---|---|");
}

impl Row {
    /// Runs the turns, A B C A B C …, and prints a line for each peer. The first turn of each warms the page cache, does
    /// not count, and its files are compared byte by byte; the other turns' by their sizes.
    pub(crate) fn run(&self, folder: &Path) -> Result {
        let out = folder.join("out");
        let mut times: Vec<Vec<f64>> = self.peers.iter().map(|_| Vec::new()).collect();
        for round in 0..=self.rounds {
            for (peer, times) in self.peers.iter().zip(&mut times) {
                let measured = self.turn(peer, &out, time)?;
                if round > 0 {
                    times.push(measured.seconds);
                } else {
                    self.compare(peer, &out)?;
                }
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        // On a machine whose speed wanders, the best turns are the steadier measure.
        let summary: Vec<(f64, f64)> = times.iter().map(|times| (times[times.len() / 2], times[0])).collect();
        let (our_median, our_best) = summary[0];
        let our_peak = self.peak(&self.peers[0], &out, our_best)?;
        for (peer, (median, best)) in self.peers.iter().zip(&summary) {
            println!(
                "| {} | {} | {:.1} ms | {:.1} ms | {:.2} | {:.2} | {our_peak:.1} MiB | {:.1} MiB |",
                self.name,
                peer.name,
                median * 1000.0,
                best * 1000.0,
                our_median / median,
                our_best / best,
                self.peak(peer, &out, *best)?
            );
        }
        let _ = fs::remove_dir_all(&out);
        Ok(())
    }

    /// One turn: an empty folder, the work, the check that the files came out whole.
    fn turn(
        &self,
        peer: &Peer,
        out: &Path,
        measure: impl Fn(&mut Command) -> Result<Measured>,
    ) -> Result<Measured> {
        empty(out)?;
        let measured = measure(&mut peer.command(out))?;
        if !measured.status.success() {
            return Err(format!("{}: {}: {:?}", peer.name, measured.status, peer.command(out)));
        }
        if let Some(wanted) = &self.wanted {
            let sizes =
                |folder| files(folder).map(|files| files.iter().map(|file| file.size).collect::<Vec<_>>());
            let (wanted, made) = (sizes(wanted)?, sizes(out)?);
            if made != wanted {
                let (made, wanted) = (summary(&made), summary(&wanted));
                return Err(format!("{}: {made}, wanted {wanted}", peer.name));
            }
        }
        Ok(measured)
    }

    fn compare(&self, peer: &Peer, out: &Path) -> Result {
        let Some(folder) = &self.wanted else { return Ok(()) };
        for (made, wanted) in files(out)?.iter().zip(&files(folder)?) {
            let (ours, theirs) = (made.path.display(), wanted.path.display());
            if !made.is(out, wanted, folder).map_err(|why| format!("{ours}: {why}"))? {
                return Err(format!("{}: {ours} differs from {theirs}", peer.name));
            }
        }
        Ok(())
    }

    /// A peer's most memory, in MiB.
    fn peak(&self, peer: &Peer, out: &Path, seconds: f64) -> Result<f64> {
        let mut most = 0;
        for _ in 0..if seconds < SHORT { 3 } else { 1 } {
            let measured = self.turn(peer, out, |command| watch(command, Duration::from_secs(600)))?;
            most = most.max(measured.peak_kib);
        }
        #[allow(clippy::cast_precision_loss, clippy::as_conversions)] // KiB of a process
        Ok(most as f64 / 1024.0)
    }
}

/// Makes a folder that is empty.
pub(crate) fn empty(folder: &Path) -> Result {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))
}

/// A file that came out of a turn, or was to.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    size: u64,
    /// From the folder on.
    path: PathBuf,
}

impl Made {
    /// Whether the other one has the same bytes, and in a tree also the same place. Directly in the folder a file may be called
    /// anything.
    fn is(&self, folder: &Path, other: &Self, of: &Path) -> std::io::Result<bool> {
        let is_in_a_tree = other.path.components().count() > 1;
        Ok((!is_in_a_tree || self.path == other.path)
            && same(&folder.join(&self.path), &of.join(&other.path))?)
    }
}

/// All files below a folder, by size.
fn files(folder: &Path) -> Result<Vec<Made>> {
    let mut files = Vec::new();
    let mut below = vec![PathBuf::new()];
    while let Some(directory) = below.pop() {
        let mut list = || -> std::io::Result<()> {
            for entry in fs::read_dir(folder.join(&directory))? {
                let entry = entry?;
                let (path, status) = (directory.join(entry.file_name()), entry.metadata()?);
                match status.is_dir() {
                    true => below.push(path),
                    false => files.push(Made { size: status.len(), path }),
                }
            }
            Ok(())
        };
        list().map_err(|why| format!("{}: {why}", folder.join(&directory).display()))?;
    }
    files.sort();
    Ok(files)
}

/// How many files there are and how large, in a line.
fn summary(sizes: &[u64]) -> String {
    match sizes {
        [] | [_, _, _, _, ..] => {
            format!("{} files of {} bytes in all", sizes.len(), sizes.iter().sum::<u64>())
        }
        few => format!("files of {few:?} bytes"),
    }
}

fn same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (mut one, mut other) = (fs::File::open(one)?, fs::File::open(other)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(other.read(&mut right)? == 0);
        }
        if other.read_exact(&mut right[..read]).is_err() || left[..read] != right[..read] {
            return Ok(false);
        }
    }
}
