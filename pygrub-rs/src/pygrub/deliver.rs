//! Kernel and ramdisk onto the host, and the result that names them: all of it or nothing.
//!
//! The order is what keeps a domain builder from ever seeing half of it: everything that can be refused is refused
//! before a byte is copied; the files are copied without a name; then, with terminating signals held back, they get
//! their names, the result is written, and only when that has succeeded do they stay.

use super::args::Options;
use super::boot::Choice;
use super::limits::Limits;
use super::signals::Held;
use super::target::{Directory, Target};
use super::volumes;
use crate::console::say;
use crate::exit::{Failure, Result};
use crate::format::{BootResult, Origin, Unrepresentable};
use fsimage::copy::Plan;
use fsimage::output::{Draft, Published, publish};
use fsimage::protocol::FileRef;
use fsimage::{ErrorKind, FileType, Node, Session, escape};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the files' names begin with.
const KERNEL: &str = "boot_kernel";
const RAMDISK: &str = "boot_ramdisk";
/// Several ramdisks are joined as the kernel wants its archives: each begins at a multiple of this.
const RAMDISK_ALIGNMENT: u64 = 4;

/// A file of the guest's that is there, with what it is.
struct Found<'a> {
    file: &'a FileRef,
    node: Node,
}

/// Delivers the choice.
pub(super) fn deliver(
    session: &mut Session,
    choice: &Choice,
    target: Target,
    options: &Options,
    limits: Limits,
) -> Result<()> {
    let kernel = find(session, &choice.kernel, "kernel")?;
    let ramdisks = choice
        .ramdisks
        .iter()
        .map(|file| find(session, file, "ramdisk"))
        .collect::<Result<Vec<Found<'_>>>>()?;
    check_size("kernel", "--max-kernel-size", kernel.node.metadata.size, limits.kernel)?;
    check_size("ramdisk", "--max-ramdisk-size", joined_size(&ramdisks), limits.ramdisk)?;
    let mut result = BootResult {
        kernel: named("kernel", std::slice::from_ref(&choice.kernel)),
        ramdisk: (!ramdisks.is_empty()).then(|| named("ramdisk", &choice.ramdisks)),
        args: choice.args.clone(),
        origin: origin(session, choice)?,
    };
    let Some(directory) = target.directory.as_ref().filter(|_| !options.not_really) else {
        return tell(&target, &render(&result, options)?, Held::new()?, None);
    };
    // A rehearsal with names of the length they will have: what cannot be told is not copied either.
    let rehearsed = |name: &str| path_bytes(&directory.path.join(format!("{name}.XXXXXX")));
    result.kernel = rehearsed(KERNEL);
    result.ramdisk = result.ramdisk.map(|_| rehearsed(RAMDISK));
    render(&result, options)?;
    let drafts = copy(session, directory, &kernel, &ramdisks, options)?;
    hand_over(directory, drafts, result, &target, options)
}

fn find<'a>(session: &mut Session, file: &'a FileRef, what: &str) -> Result<Found<'a>> {
    let shown = format!("the {what} {}", escape(&file.path.0));
    let volume = escape(&volumes::address(session, file.volume)?);
    let node = session.stat(file.volume, &file.path.0, true).map_err(|why| match why.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Failure::Failed(format!("{shown} does not exist in the guest; `fsimage ls` shows what does"))
        }
        _ => Failure::Fsimage(why).within(format!("{shown} on volume {volume}")),
    })?;
    match node.file_type {
        FileType::Regular => Ok(Found { file, node }),
        FileType::Directory => Err(Failure::Failed(format!("{shown}: a directory, where a file is wanted"))),
        other => Err(Failure::Failed(format!("{shown}: a {}, where a file is wanted", other.text()))),
    }
}

fn check_size(what: &str, option: &str, size: u64, limit: u64) -> Result<()> {
    if size > limit {
        return Err(Failure::Failed(format!(
            "the {what} has {size} bytes and may have {limit}; {option} raises the limit"
        )));
    }
    Ok(())
}

fn joined_size(ramdisks: &[Found<'_>]) -> u64 {
    ramdisks.iter().fold(0, |end, ramdisk| aligned(end).saturating_add(ramdisk.node.metadata.size))
}

fn aligned(offset: u64) -> u64 {
    offset.checked_next_multiple_of(RAMDISK_ALIGNMENT).unwrap_or(u64::MAX)
}

/// A file that was not written, as XenServer documents the form: `<kernel:/path>`.
fn named(what: &str, files: &[FileRef]) -> Vec<u8> {
    let paths: Vec<&[u8]> = files.iter().map(|file| file.path.0.as_slice()).collect();
    [format!("<{what}:").as_bytes(), &paths.join(&b' '), b">"].concat()
}

fn origin(session: &mut Session, choice: &Choice) -> Result<Origin> {
    Ok(Origin {
        title: choice.title.clone(),
        volume: volumes::address(session, choice.kernel.volume)?,
        kernel: choice.kernel.path.0.clone(),
        ramdisks: choice.ramdisks.iter().map(|file| file.path.0.clone()).collect(),
    })
}

/// Kernel first, then the ramdisk if there is one. The worker is let go as soon as it is known where all of their bytes
/// lie: it ends while they are copied.
fn copy<'a>(
    session: &mut Session,
    directory: &'a Directory,
    kernel: &Found<'_>,
    ramdisks: &[Found<'_>],
    options: &Options,
) -> Result<Vec<Draft<'a>>> {
    let kernel = located(session, kernel)?;
    let ramdisks =
        ramdisks.iter().map(|found| located(session, found)).collect::<Result<Vec<Located<'_>>>>()?;
    if options.debug {
        let read = session.statistics()?;
        say(&format!("pygrub-rs: the worker read {} bytes of the disk in {} reads", read.bytes, read.reads));
    }
    if kernel.plan.is_some() && ramdisks.iter().all(|ramdisk| ramdisk.plan.is_some()) {
        session.release();
    }
    let draft = directory.held.draft(KERNEL)?;
    copy_one(session, &kernel, &draft, 0)?;
    let mut drafts = vec![draft];
    if !ramdisks.is_empty() {
        let draft = directory.held.draft(RAMDISK)?;
        let mut end = 0;
        for ramdisk in &ramdisks {
            end = copy_one(session, ramdisk, &draft, aligned(end))?;
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

/// A file, and where its bytes lie if that can be said beforehand.
struct Located<'a> {
    found: &'a Found<'a>,
    plan: Option<Plan>,
}

fn located<'a>(session: &mut Session, found: &'a Found<'_>) -> Result<Located<'a>> {
    let plan = session.plan(found.file.volume, &found.node).map_err(|why| of(found, why))?;
    Ok(Located { found, plan })
}

fn copy_one(session: &mut Session, located: &Located<'_>, draft: &Draft<'_>, start: u64) -> Result<u64> {
    let found = located.found;
    match &located.plan {
        Some(plan) => session.copy_plan(plan, draft.as_fd(), start),
        None => session.copy_to_file(found.file.volume, &found.node, draft.as_fd(), start),
    }
    .map_err(|why| of(found, why))
}

/// An error about a file of the guest's.
fn of(found: &Found<'_>, why: fsimage::Error) -> Failure {
    Failure::Fsimage(why).within(escape(&found.file.path.0))
}

fn hand_over(
    directory: &Directory,
    drafts: Vec<Draft<'_>>,
    mut result: BootResult,
    target: &Target,
    options: &Options,
) -> Result<()> {
    let held = Held::new()?;
    let published = publish(&directory.held, drafts)?;
    let mut paths = published.paths().into_iter().map(|path| path_bytes(&path));
    result.kernel = paths.next().unwrap_or_default();
    result.ramdisk = paths.next();
    tell(target, &render(&result, options)?, held, Some(published))
}

/// Writes the result. The files stay only when that succeeded and nobody wanted the program to end meanwhile.
fn tell(target: &Target, text: &[u8], held: Held, published: Option<Published<'_>>) -> Result<()> {
    target.output.write(text, &held)?;
    match held.arrived()? {
        None => {
            published.into_iter().for_each(Published::keep);
            Ok(())
        }
        Some(signal) => {
            // The files go first: a result that names nothing is harmless.
            drop(published);
            let _ = target.output.clear();
            Err(held.die(signal))
        }
    }
}

fn render(result: &BootResult, options: &Options) -> Result<Vec<u8>> {
    options.output_format.render(result).map_err(|why: Unrepresentable| {
        Failure::Failed(format!("the result cannot be written: {why}; nothing was extracted"))
    })
}

fn path_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}
