//! A NetWare guest under Xen: the loader's one file, without a ramdisk or arguments.

use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::Limits;
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, menu_without_text};

/// Where it lies.
pub(crate) const KERNEL: &str = "/nwserver/xnloader.sys";

/// The one entry of a NetWare loader that is there.
pub(crate) fn menu_of_kernel(guest: &dyn Guest, kernel: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    menu_without_text(Loader::NetWare, guest, kernel.clone(), limits, |reader, entries| {
        let entry =
            BootEntry { title: b"NetWare".to_vec(), kernel: Some(kernel.into()), ..BootEntry::default() };
        reader.push(entry, entries)?;
        Ok(Outcome::in_order(entries, Some(0)))
    })
}
