//! GRUB 2: the script language of `grub.cfg`.

use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::Limits;
use crate::menu::{BootMenu, Loader};

/// The menu that a configuration file of a guest makes.
pub(crate) fn menu_from_file(
    _guest: &dyn Guest,
    config: FileRef,
    _limits: &Limits,
) -> Result<BootMenu, Error> {
    Ok(BootMenu {
        loader: Loader::Grub2,
        config,
        entries: vec![],
        default: None,
        timeout: None,
        notes: vec![],
    })
}

/// The menu that a text makes, without a guest.
pub(crate) fn menu_from_text(_text: &[u8], _limits: &Limits) -> Result<BootMenu, Error> {
    let config = FileRef { volume: VolumeId::NONE, path: b"config".to_vec() };
    Ok(BootMenu {
        loader: Loader::Grub2,
        config,
        entries: vec![],
        default: None,
        timeout: None,
        notes: vec![],
    })
}
