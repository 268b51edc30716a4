//! A Linux whose volumes have no configuration that boots: kernels are known by their names, and this is a guess.
//!
//! The names are those that distributions give ([`names`]); the root filesystem is the one that an fstab tells ([`root`]).

mod names;
mod root;

use crate::error::Error;
use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Reader, menu_without_text};
use crate::text::shown;
use names::Kernel;
use root::Root;

/// Directories with kernels: those of a root filesystem, and of one mounted at `/boot`.
const DIRECTORIES: [&str; 2] = ["/boot/", "/"];
/// Most names in one of them.
const MAX_NAMES: usize = 4096;
/// Most kernels offered.
const MAX_KERNELS: usize = 32;

/// The likeliest kernel of a volume, by names alone.
pub(crate) fn first_kernel(guest: &dyn Guest, volume: VolumeId) -> Option<FileRef> {
    let is_file =
        |path: &Vec<u8>| guest.status(volume, path).is_some_and(|status| status.kind == FileKind::File);
    let path = names(guest, volume).iter().take(MAX_KERNELS).map(Kernel::path).find(is_file)?;
    Some(FileRef { volume, path })
}

/// All kernels of the volume of this one, [`first_kernel`]'s.
pub(crate) fn menu_of_kernels(guest: &dyn Guest, first: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let volume = first.volume;
    menu_without_text(Loader::LinuxGuess, guest, first, limits, |reader, entries| {
        let kernels = kernels(reader, guest, volume)?;
        let root = Root::find(reader, guest, volume)?;
        for kernel in &kernels {
            let entry = entry(reader, volume, kernel, &root)?;
            reader.push(entry, entries)?;
        }
        Ok(Outcome::in_order(entries, Some(0)))
    })
}

fn kernels(reader: &mut Reader<'_>, guest: &dyn Guest, volume: VolumeId) -> Result<Vec<Kernel>, LimitName> {
    let mut found = Vec::new();
    for kernel in names(guest, volume) {
        if found.len() >= MAX_KERNELS {
            reader.notes.add(|| format!("no more than {MAX_KERNELS} kernels are offered"));
            break;
        }
        if reader.is_file(&FileRef { volume, path: kernel.path() })? {
            found.push(kernel);
        }
    }
    Ok(found)
}

/// Whatever is called like a kernel, the likeliest first.
fn names(guest: &dyn Guest, volume: VolumeId) -> Vec<Kernel> {
    let mut kernels = Vec::new();
    for directory in DIRECTORIES {
        let Ok(names) = guest.list(volume, directory.as_bytes(), MAX_NAMES) else { continue };
        // A symbolic link is neither file nor directory here; whether it leads to a file is looked at later.
        let names = names.iter().filter(|name| name.kind != FileKind::Directory);
        kernels.extend(names.filter_map(|name| Kernel::of_name(directory, &name.name)));
    }
    kernels.sort();
    kernels
}

fn entry(
    reader: &mut Reader<'_>,
    volume: VolumeId,
    kernel: &Kernel,
    root: &Root,
) -> Result<BootEntry, LimitName> {
    let mut ramdisk = None;
    for path in kernel.ramdisks() {
        let file = FileRef { volume, path };
        if reader.is_file(&file)? {
            ramdisk = Some(file);
            break;
        }
    }
    let path = kernel.path();
    if ramdisk.is_none() {
        reader.notes.add(|| format!("no ramdisk is named after {}", shown(&path)));
    }
    let arguments = root.arguments(reader, ramdisk.is_some(), kernel.is_alpine());
    reader.budget.check_value(arguments.len())?;
    Ok(BootEntry {
        title: [b"Linux, guessed: ", path.as_slice()].concat(),
        kernel: Some(FileRef { volume, path }.into()),
        ramdisks: ramdisk.into_iter().map(Into::into).collect(),
        arguments,
        ..BootEntry::default()
    })
}
