//! Which file is a volume's boot configuration.

use crate::error::Error;
use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::Limits;
use crate::menu::{BootMenu, Loader};
use crate::text::shown;
use crate::{extlinux, grub_legacy, grub2};

/// Where each loader's configuration may lie, in the order pygrub looks; the first that gives something to boot wins.
pub const CONFIG_PATHS: &[(Loader, &str)] = &[
    (Loader::Grub2, "/boot/grub/grub.cfg"),
    (Loader::Grub2, "/grub/grub.cfg"),
    (Loader::Grub2, "/boot/grub2/grub.cfg"),
    (Loader::Grub2, "/grub2/grub.cfg"),
    (Loader::Extlinux, "/boot/isolinux/isolinux.cfg"),
    (Loader::Extlinux, "/boot/extlinux/extlinux.conf"),
    (Loader::Extlinux, "/boot/extlinux.conf"),
    (Loader::Extlinux, "/extlinux/extlinux.conf"),
    (Loader::Extlinux, "/extlinux.conf"),
    (Loader::GrubLegacy, "/boot/grub/menu.lst"),
    (Loader::GrubLegacy, "/boot/grub/grub.conf"),
    (Loader::GrubLegacy, "/grub/menu.lst"),
    (Loader::GrubLegacy, "/grub/grub.conf"),
    // Beyond pygrub's: isolinux and syslinux look here too.
    (Loader::Extlinux, "/isolinux/isolinux.cfg"),
    (Loader::Extlinux, "/isolinux.cfg"),
    (Loader::Extlinux, "/boot/syslinux/syslinux.cfg"),
    (Loader::Extlinux, "/syslinux/syslinux.cfg"),
    (Loader::Extlinux, "/syslinux.cfg"),
];

/// The menu of the first configuration on this volume that gives something to boot, with a note on each before it;
/// when none does, what the first one came to; `None` when there is none.
///
/// # Errors
/// The first configuration is there, and cannot be read or exceeds a limit, and no other boots.
pub fn discover(guest: &dyn Guest, volume: VolumeId, limits: &Limits) -> Result<Option<BootMenu>, Error> {
    let mut first = None;
    let mut passed_over = Vec::new();
    for &(loader, path) in CONFIG_PATHS {
        let path = path.as_bytes();
        if !guest.status(volume, path).is_some_and(|status| status.kind == FileKind::File) {
            continue;
        }
        let config = FileRef { volume, path: path.to_vec() };
        let result = match loader {
            Loader::Grub2 => grub2::menu_from_file(guest, config, limits),
            Loader::GrubLegacy => grub_legacy::menu_from_file(guest, config, limits),
            Loader::Extlinux => extlinux::menu_from_file(guest, config, limits),
        };
        let why = match result {
            Ok(mut menu) if menu.default.is_some() => {
                menu.notes.splice(0..0, passed_over);
                return Ok(Some(menu));
            }
            Ok(ref menu) => {
                let problem = menu.entries.iter().flat_map(|entry| &entry.problems).next();
                let problem = problem.map_or("it has no menu entry", String::as_str);
                format!("{} gives nothing to boot: {problem}", shown(path))
            }
            Err(ref error) => error.to_string(),
        };
        passed_over.push(why);
        first.get_or_insert(result);
    }
    first.transpose()
}

/// The menu of a configuration's text alone, without a guest: no `search` succeeds, no file exists, and every
/// [`FileRef`] is on [`VolumeId::NONE`]. Whose text it is is told by the first words of its lines: `menuentry` or
/// `submenu` is GRUB 2's; else `title` is GRUB legacy's; else `set`, `if` or `function` is GRUB 2's; else `label` or
/// `append`, in either case, is extlinux's; all else is GRUB 2's.
///
/// # Errors
/// It exceeds a limit.
pub fn parse_config(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    match loader_of(text) {
        Loader::Grub2 => grub2::menu_from_text(text, limits),
        Loader::GrubLegacy => grub_legacy::menu_from_text(text, limits),
        Loader::Extlinux => extlinux::menu_from_text(text, limits),
    }
}

fn loader_of(text: &[u8]) -> Loader {
    let (mut legacy, mut script, mut extlinux) = (false, false, false);
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii_start();
        let end =
            line.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'=').unwrap_or(line.len());
        match line.get(..end).unwrap_or_default() {
            b"menuentry" | b"submenu" => return Loader::Grub2,
            b"title" => legacy = true,
            b"set" | b"if" | b"function" => script = true,
            word => extlinux |= word.eq_ignore_ascii_case(b"label") || word.eq_ignore_ascii_case(b"append"),
        }
    }
    match (legacy, script, extlinux) {
        (true, _, _) => Loader::GrubLegacy,
        (false, false, true) => Loader::Extlinux,
        _ => Loader::Grub2,
    }
}
