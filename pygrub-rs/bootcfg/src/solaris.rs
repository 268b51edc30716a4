//! A Solaris guest under Xen: its kernel and boot archive lie where they always lie, and no configuration is needed.
//!
//! `/platform/i86xpv` holds the kernels for a Xen guest, `/platform/i86pc` the boot archives (illumos boot(7),
//! Solaris' `xvm` documents). The kernel takes its own path as the first word behind Xen's own properties `root=` and `ip=`;
//! where these come from the front end's options, it is the front end that puts them in front.

use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::Limits;
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, menu_without_text};
use crate::text::shown;

/// The 64-bit kernel.
pub(crate) const KERNEL_64: &str = "/platform/i86xpv/kernel/amd64/unix";
/// The 32-bit one.
pub(crate) const KERNEL_32: &str = "/platform/i86xpv/kernel/unix";
const ARCHIVE_64: &str = "/platform/i86pc/amd64/boot_archive";
const ARCHIVE_32: &str = "/platform/i86pc/boot_archive";

/// The one entry of a Solaris kernel that is there.
pub(crate) fn menu_of_kernel(guest: &dyn Guest, kernel: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    menu_without_text(Loader::Solaris, guest, kernel.clone(), limits, |reader, entries| {
        let (title, archive) = match kernel.path == KERNEL_64.as_bytes() {
            true => ("Solaris, 64-bit", ARCHIVE_64),
            false => ("Solaris, 32-bit", ARCHIVE_32),
        };
        let archive = FileRef { volume: kernel.volume, path: archive.as_bytes().to_vec() };
        let mut problems = Vec::new();
        if !reader.is_file(&archive)? {
            problems.push(format!("not bootable because {} is missing", shown(&archive.path)));
        }
        let entry = BootEntry {
            title: title.into(),
            arguments: kernel.path.clone(),
            kernel: Some(kernel.into()),
            ramdisks: vec![archive.into()],
            problems,
            ..BootEntry::default()
        };
        reader.push(entry, entries)?;
        Ok(Outcome::in_order(entries, Some(0)))
    })
}
