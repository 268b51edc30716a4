//! Kernel and ramdisk onto the host, and the result that names them: all of it or nothing.
//!
//! The order is what keeps a domain builder from ever seeing half of it: everything that can be refused is refused
//! before a byte is copied; the files are copied without a name; then, with terminating signals held back, they get
//! their names, the result is written, and only when that has succeeded do they stay.

use super::args::Options;
use super::boot::Choice;
use super::image::{Found, Located, of};
use super::limits::Limits;
use super::ramdisk::Layout;
use super::signals::Held;
use super::target::{Directory, Target};
use super::volumes;
use crate::console::say;
use crate::exit::{Failure, Result};
use crate::format::{BootResult, Origin, Unrepresentable};
use fsimage::output::{Draft, Published, publish};
use fsimage::protocol::BootFile;
use fsimage::{Session, escape};
use std::collections::BTreeSet;
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
    let (kernel, ramdisks, joined) = find(session, choice, limits)?;
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
    let drafts = copy(session, directory, &kernel, (&ramdisks, &joined), options)?;
    hand_over(directory, drafts, result, &target, options)
}

/// Whether a choice could be delivered, as far as that can be said before a byte is copied.
pub(super) fn check(session: &mut Session, choice: &Choice, options: &Options, limits: Limits) -> Result<()> {
    find(session, choice, limits)?;
    // The paths come later; of what is there already, the arguments may not fit the format.
    let result = BootResult {
        kernel: named("kernel", std::slice::from_ref(&choice.kernel)),
        ramdisk: None,
        args: choice.args.clone(),
        origin: origin(session, choice)?,
    };
    render(&result, options).map(drop)
}

/// The files, each there and of a size that is allowed.
fn find<'a>(
    session: &mut Session,
    choice: &'a Choice,
    limits: Limits,
) -> Result<(Found<'a>, Vec<Found<'a>>, Layout)> {
    let kernel = Found::find(session, &choice.kernel, "kernel")?;
    let ramdisks = choice
        .ramdisks
        .iter()
        .map(|image| Found::find(session, image, "ramdisk"))
        .collect::<Result<Vec<Found<'_>>>>()?;
    check_size("kernel", "--max-kernel-size", kernel.size(), limits.kernel)?;
    let joined = layout(&ramdisks)?;
    check_size("ramdisk", "--max-ramdisk-size", joined.size, limits.ramdisk)?;
    Ok((kernel, ramdisks, joined))
}

fn layout(ramdisks: &[Found<'_>]) -> Result<Layout> {
    let files = ramdisks
        .iter()
        .map(|found| (found.size(), found.image.newc_name.as_ref().map(|name| name.0.as_slice())));
    Layout::new(files).map_err(|why| Failure::Failed(format!("the ramdisk cannot be made: {why}")))
}

fn check_size(what: &str, option: &str, size: u64, limit: u64) -> Result<()> {
    if size > limit {
        return Err(Failure::Failed(format!(
            "the {what} has {size} bytes and may have {limit}; {option} raises the limit"
        )));
    }
    Ok(())
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
    kernel: &Found<'_>,
    (ramdisks, joined): (&[Found<'_>], &Layout),
    options: &Options,
) -> Result<Vec<Draft<'a>>> {
    let kernel = kernel.locate(session)?;
    let ramdisks = ramdisks.iter().map(|found| found.locate(session)).collect::<Result<Vec<_>>>()?;
    if options.debug {
        let images = ramdisks.iter().chain([&kernel]);
        let used: BTreeSet<u32> = images.map(|image| image.found.image.file.volume).collect();
        for volume in used {
            let address = escape(&volumes::address(session, volume)?);
            for remark in session.remarks(volume)? {
                say(&format!("pygrub-rs: debug: volume {address}: {remark}"));
            }
        }
        let read = session.statistics()?;
        say(&format!("pygrub-rs: the worker read {} bytes of the disk in {} reads", read.bytes, read.reads));
    }
    if kernel.is_plain() && ramdisks.iter().all(Located::is_plain) {
        session.release();
    }
    let draft = directory.held.draft(KERNEL)?;
    kernel.copy(session, &draft, 0).map_err(|why| of(kernel.found, why))?;
    let mut drafts = vec![draft];
    if !ramdisks.is_empty() {
        let draft = directory.held.draft(RAMDISK)?;
        joined.write(session, &ramdisks, &draft)?;
        drafts.push(draft);
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
