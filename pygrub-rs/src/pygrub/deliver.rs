//! Kernel and ramdisk onto the host, and the result that names them: all of it or nothing.
//!
//! The order is what keeps a domain builder from ever seeing half of it: everything that can be refused is refused
//! before a byte is copied; the files are copied without a name; then, with terminating signals held back, they get
//! their names, the result is written, and only when that has succeeded do they stay.

use super::args::Options;
use super::target::{Directory, Target};
use crate::boot::{BootFiles, Choice, Limits, volumes};
use crate::exit::{Failure, Result};
use crate::format::{BootResult, Origin, Unrepresentable};
use crate::signals::Held;
use fsimage::output::{Draft, Published, publish};
use fsimage::protocol::BootFile;
use fsimage::{Session, escape};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the files' names begin with.
const KERNEL: &str = "boot_kernel";
const RAMDISK: &str = "boot_ramdisk";

/// Delivers the choice.
pub(super) fn deliver(
    session: &mut Session,
    choice: &Choice,
    target: Target,
    options: &Options,
    limits: Limits,
) -> Result<()> {
    let files = find(session, choice, options, limits)?;
    let mut result = BootResult {
        kernel: named("kernel", std::slice::from_ref(&choice.kernel)),
        ramdisk: files.has_ramdisk().then(|| named("ramdisk", &choice.ramdisks)),
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
    let drafts = copy(session, directory, &files, options, limits)?;
    hand_over(directory, drafts, result, &target, options)
}

/// Whether a choice could be delivered, as far as that can be said before a byte is copied.
pub(super) fn check(session: &mut Session, choice: &Choice, options: &Options, limits: Limits) -> Result<()> {
    find(session, choice, options, limits)?;
    // The paths come later; of what is there already, the arguments may not fit the format.
    let result = BootResult {
        kernel: named("kernel", std::slice::from_ref(&choice.kernel)),
        ramdisk: None,
        args: choice.args.clone(),
        origin: origin(session, choice)?,
    };
    render(&result, options).map(drop)
}

/// The files, each there and of a size that is allowed; a kernel that is to be unpacked, of a kind that can be.
fn find<'a>(
    session: &mut Session,
    choice: &'a Choice,
    options: &Options,
    limits: Limits,
) -> Result<BootFiles<'a>> {
    let files = BootFiles::find(session, choice, limits)?;
    if options.vmlinux {
        files.packed_kernel(session, limits)?;
    }
    Ok(files)
}

/// A file that was not written, as XenServer documents the form: `<kernel:/path>`.
fn named(what: &str, images: &[BootFile]) -> Vec<u8> {
    let paths: Vec<&[u8]> = images.iter().map(|image| image.file.path.0.as_slice()).collect();
    [format!("<{what}:").as_bytes(), &paths.join(&b' '), b">"].concat()
}

fn origin(session: &mut Session, choice: &Choice) -> Result<Origin> {
    Ok(Origin {
        title: choice.title.clone(),
        guess: choice.guess,
        volume: volumes::address(session, choice.kernel.file.volume)?,
        kernel: choice.kernel.file.path.0.clone(),
        ramdisks: choice.ramdisks.iter().map(|image| image.file.path.0.clone()).collect(),
    })
}

/// Kernel first, then the ramdisk if there is one. The worker is let go as soon as it is known where all of their bytes
/// lie: it ends while they are copied.
fn copy<'a>(
    session: &mut Session,
    directory: &'a Directory,
    files: &BootFiles<'_>,
    options: &Options,
    limits: Limits,
) -> Result<Vec<Draft<'a>>> {
    let kernel = directory.held.draft(KERNEL)?;
    if options.vmlinux {
        let packed = files.packed_kernel(session, limits)?;
        files.unpack_kernel(session, &packed, &kernel)?;
    }
    let located = files.locate(session)?;
    if options.debug {
        for volume in located.volumes() {
            let address = escape(&volumes::address(session, volume)?);
            for remark in session.remarks(volume)? {
                options.voice().debug(&format!("volume {address}: {remark}"));
            }
        }
        let read = session.statistics()?;
        let read = format!("the worker read {} bytes of the disk in {} reads", read.bytes, read.reads);
        options.voice().say(&read);
    }
    located.let_go(session, !options.vmlinux);
    if !options.vmlinux {
        located.copy_kernel(session, &kernel)?;
    }
    let mut drafts = vec![kernel];
    if files.has_ramdisk() {
        let ramdisk = directory.held.draft(RAMDISK)?;
        located.copy_ramdisk(session, &ramdisk)?;
        drafts.push(ramdisk);
    }
    Ok(drafts)
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
