//! `fsimage boot`: kernel, ramdisk and arguments in a directory, all of them or none.
//!
//! The order is `pygrub-rs`': everything that can be refused is refused before a byte is copied; the files are written
//! without names; with terminating signals held back they get them, the kernel last.

mod options;
mod told;

pub(super) use options::Booting;

use super::args::Common;
use super::output::Output;
use super::progress::Progress;
use crate::boot::{self, BootFiles, Choice, Limits, UNPACKING_MEMORY, Voice, Wanted, volumes};
use crate::exit::{Failure, Result};
use crate::machine::{Machine, Monitor};
use crate::signals::Held;
use fsimage::output::{Draft, Folder};
use fsimage::protocol::MenuReport;
use fsimage::{PackedKernel, Session, escape};
use rustix::io::{Errno, pwrite};
use rustix::termios::isatty;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use told::Told;

/// The files' names.
const KERNEL: &str = "kernel";
const RAMDISK: &str = "ramdisk";
const CMDLINE: &str = "cmdline";
/// The kernel comes last: where it is, the others are.
const NAMES: [&str; 3] = [RAMDISK, CMDLINE, KERNEL];

/// What is to be done with what was found.
#[derive(Debug, Clone)]
pub(in crate::extractor) struct How {
    pub wanted: Wanted,
    /// Instead of the entry's arguments.
    pub cmdline: Option<Vec<u8>>,
    pub unpack: bool,
    pub replace: bool,
    pub monitor: Option<Monitor>,
    pub verbose: bool,
    pub limits: Limits,
}

/// The options, with the memory that unpacking takes.
pub(super) fn with_memory(common: &Common, unpack: bool) -> Common {
    let mut common = common.clone();
    if unpack {
        common.worker.worker_memory = common.worker.worker_memory.or(Some(UNPACKING_MEMORY));
    }
    common
}

/// The directory, opened before the disk is.
pub(super) fn open(how: &Booting) -> Result<Folder> {
    let folder = Folder::open(&how.output)?;
    folder.check(&NAMES, how.force).map_err(may_be_forced)?;
    Ok(folder)
}

fn may_be_forced(why: fsimage::Error) -> Failure {
    match why.message().ends_with(": it exists") {
        true => Failure::Failed(format!("{}; --force replaces it", why.message())),
        false => why.into(),
    }
}

/// Puts kernel, ramdisk and arguments into the directory.
pub(super) fn boot(
    session: &mut Session,
    image: &Path,
    folder: &Folder,
    how: &How,
    common: &Common,
) -> Result<()> {
    let voice = Voice {
        program: "fsimage",
        lists: "`fsimage bootcfg` lists them",
        more_arguments: "--append",
        debug: common.debug,
    };
    let only = match &common.partition {
        Some(address) => Some(volumes::number(session, address)?),
        None => None,
    };
    if common.debug {
        volumes::explain(session, voice)?;
    }
    let (mut choice, menu) = choose(session, how, only, voice)?;
    if let Some(cmdline) = &how.cmdline {
        choice.args.clone_from(cmdline);
    }
    if choice.args.contains(&0) {
        return Err(Failure::Failed(
            "the arguments contain a NUL byte, which no kernel could be given".to_owned(),
        ));
    }
    let files = BootFiles::find(session, &choice, how.limits)?;
    let image = std::path::absolute(image).map_err(|why| Failure::io(image.display(), &why))?;
    let paths = Paths::new(folder, &files, image);
    // A rehearsal: what cannot be told is not copied either.
    let command = paths.command(how, &choice)?;
    let mut told = Told::new(session, &choice, menu.as_ref(), &files, &paths)?;

    let progress = Progress::new(common);
    progress.watch(session, u64::MAX);
    // Until it is known whether there is something to take back.
    let held = Held::new()?;
    let kernel = folder.draft(KERNEL)?;
    let is_visible = kernel.is_visible();
    if !is_visible {
        held.release();
    }
    let unpacked = match is_visible {
        false => {
            copy(session, folder, kernel, &files, &choice, how, &progress).and_then(|(drafts, unpacked)| {
                let held = Held::new()?;
                folder.publish(drafts, &NAMES, how.replace).map_err(may_be_forced)?;
                // Whoever wanted the program to end meanwhile is heard now; the files are whole.
                held.release();
                Ok(unpacked)
            })
        }
        // What has a hidden name is taken back first.
        true => progress.clone().uninterrupted(|| {
            let (drafts, unpacked) = copy(session, folder, kernel, &files, &choice, how, &progress)?;
            folder.publish(drafts, &NAMES, how.replace).map_err(may_be_forced)?;
            Ok(unpacked)
        }),
    };
    progress.finish();
    told.unpacked(unpacked?);

    let mut output = Output::new();
    match (common.json, how.monitor) {
        (true, _) => output.json(&told)?,
        (false, Some(_)) => output.bytes(command.as_bytes())?,
        (false, None) if how.verbose || isatty(std::io::stdout()) => {
            output.bytes(told.text(&command).as_bytes())?
        }
        (false, None) => {}
    }
    output.finish()
}

fn choose(
    session: &mut Session,
    how: &How,
    only: Option<u32>,
    voice: Voice,
) -> Result<(Choice, Option<MenuReport>)> {
    let wanted = &how.wanted;
    if let Some(kernel) = &wanted.kernel {
        return Ok((boot::without_config(session, kernel, wanted, only)?, None));
    }
    let menu = boot::menu(session, voice, only)?;
    let (index, entry) = boot::entry(session, &menu, wanted, voice)?;
    let choice = boot::from_entry((Some(index), entry), &menu, wanted, voice)?;
    Ok((choice, Some(menu)))
}

/// Files that have no name yet, with the ones they will have.
type Drafts<'a> = Vec<(Draft<'a>, &'static str)>;

/// All files of the set, the kernel last. The worker is let go as soon as nothing of it is needed.
fn copy<'a>(
    session: &mut Session,
    folder: &'a Folder,
    kernel: Draft<'a>,
    files: &BootFiles<'_>,
    choice: &Choice,
    how: &How,
    progress: &Progress,
) -> Result<(Drafts<'a>, Option<PackedKernel>)> {
    let mut drafts = Vec::new();
    let shown = escape(&choice.kernel.file.path.0);
    // Unpacked first of all: until then it may be refused.
    let unpacked = match how.unpack {
        true => {
            let mut packed = files.packed_kernel(session, how.limits)?;
            progress.file(&shown, packed.size.unwrap_or_else(|| files.kernel_size()));
            packed.size = Some(files.unpack_kernel(session, &packed, &kernel)?);
            Some(packed)
        }
        false => {
            progress.file(&shown, files.kernel_size());
            None
        }
    };
    let located = files.locate(session)?;
    located.let_go(session, !how.unpack);
    if !how.unpack {
        located.copy_kernel(session, &kernel)?;
    }
    if files.has_ramdisk() {
        let ramdisk = folder.draft(RAMDISK)?;
        let paths: Vec<String> = choice.ramdisks.iter().map(|image| escape(&image.file.path.0)).collect();
        progress.file(&paths.join(" + "), files.ramdisk_size());
        located.copy_ramdisk(session, &ramdisk)?;
        drafts.push((ramdisk, RAMDISK));
    }
    let cmdline = folder.draft(CMDLINE)?;
    write_all(&cmdline, &[&choice.args, &b"\n"[..]].concat())?;
    drafts.extend([(cmdline, CMDLINE), (kernel, KERNEL)]);
    Ok((drafts, unpacked))
}

fn write_all(draft: &Draft<'_>, bytes: &[u8]) -> Result<()> {
    let mut done = 0_usize;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        let offset = u64::try_from(done).unwrap_or(u64::MAX);
        let count = match rustix::io::retry_on_intr(|| pwrite(draft.as_fd(), rest, offset)) {
            Ok(0) => Err(Errno::NOSPC),
            other => other,
        };
        done = done.saturating_add(count.map_err(|errno| Failure::io(CMDLINE, &errno.into()))?);
    }
    Ok(())
}

/// Where everything is on the host, all of it absolute.
struct Paths {
    kernel: PathBuf,
    ramdisk: Option<PathBuf>,
    cmdline: PathBuf,
    image: PathBuf,
}

impl Paths {
    fn new(folder: &Folder, files: &BootFiles<'_>, image: PathBuf) -> Self {
        let at = |name: &str| folder.path().join(name);
        let ramdisk = files.has_ramdisk().then(|| at(RAMDISK));
        Self { kernel: at(KERNEL), ramdisk, cmdline: at(CMDLINE), image }
    }

    /// What boots the files: for the monitor that was asked for, else QEMU's command, as far as there is one.
    fn command(&self, how: &How, choice: &Choice) -> Result<String> {
        let machine = Machine {
            kernel: self.kernel.as_os_str().as_bytes(),
            ramdisk: self.ramdisk.as_deref().map(|path| path.as_os_str().as_bytes()),
            args: &choice.args,
            disk: self.image.as_os_str().as_bytes(),
            disk_is_device: self.image.metadata().is_ok_and(|found| found.file_type().is_block_device()),
        };
        match how.monitor {
            Some(monitor) => monitor
                .render(&machine)
                .map_err(|why| Failure::Failed(format!("{why}; nothing was extracted"))),
            None => Ok(Monitor::Qemu.render(&machine).unwrap_or_default()),
        }
    }
}
