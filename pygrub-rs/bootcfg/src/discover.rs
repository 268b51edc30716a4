//! Which file is a volume's boot configuration.

use crate::error::Error;
use crate::grub2;
use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::Limits;
use crate::menu::{BootMenu, Loader};

/// Where each loader's configuration may lie, in the order pygrub looks; the first that exists wins.
pub const CONFIG_PATHS: &[(Loader, &str)] = &[
    (Loader::Grub2, "/boot/grub/grub.cfg"),
    (Loader::Grub2, "/grub/grub.cfg"),
    (Loader::Grub2, "/boot/grub2/grub.cfg"),
    (Loader::Grub2, "/grub2/grub.cfg"),
];

/// The menu of the first configuration found on this volume; `None` when there is none.
///
/// # Errors
/// The configuration is there, and cannot be read or exceeds a limit.
pub fn discover(guest: &dyn Guest, volume: VolumeId, limits: &Limits) -> Result<Option<BootMenu>, Error> {
    for &(loader, path) in CONFIG_PATHS {
        let path = path.as_bytes();
        if !guest.status(volume, path).is_some_and(|status| status.kind == FileKind::File) {
            continue;
        }
        let config = FileRef { volume, path: path.to_vec() };
        return match loader {
            Loader::Grub2 => grub2::menu_from_file(guest, config, limits).map(Some),
        };
    }
    Ok(None)
}

/// The menu of a configuration's text alone, without a guest: no `search` succeeds, no file exists, and every
/// [`FileRef`] is on [`VolumeId::NONE`].
///
/// # Errors
/// It exceeds a limit.
pub fn parse_config(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    grub2::menu_from_text(text, limits)
}
