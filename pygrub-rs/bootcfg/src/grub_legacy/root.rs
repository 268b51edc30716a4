//! Commands that say on which volume an entry's paths lie (manual: "root"; Solaris' `findroot`, Ubuntu's `uuid`).

use super::device::{name_of, parted, volume, volumes};
use super::entry::State;
use crate::guest::FileRef;
use crate::limits::LimitName;
use crate::reader::{Reader, first_word, trimmed};
use crate::text::shown;

impl State<'_> {
    pub(super) fn set_root(&mut self, reader: &mut Reader<'_>, rest: &[u8]) {
        // Without a device the command only shows what is set.
        if let Some((device, _)) = parted(first_word(rest).0) {
            self.root = volume(reader, device);
            self.root_name = device.to_vec();
        }
    }

    /// `find --set-root FILE`, of some distributions; without the option it only shows where the file is. GRUB ends the entry
    /// where it is nowhere: what it looks for is often GRUB's own, which such guests do without.
    pub(super) fn find(&mut self, reader: &mut Reader<'_>, rest: &[u8]) -> Result<(), LimitName> {
        let (mut sets, mut rest) = (false, rest);
        while let (word, after) = first_word(rest)
            && word.starts_with(b"--")
        {
            sets |= word == b"--set-root";
            rest = after;
        }
        let path = first_word(rest).0.to_vec();
        for volume in volumes(reader) {
            if reader.is_file(&FileRef { volume: volume.id, path: path.clone() })? {
                if sets {
                    self.root = volume.id;
                    self.root_name = name_of(reader, volume.id);
                }
                return Ok(());
            }
        }
        reader.note(&format!("`find {}` finds nothing", shown(&path)));
        Ok(())
    }

    /// Solaris: the volume with `/boot/grub/bootsign/SIGNATURE` (illumos' menu.lst: `findroot (pool_rpool,0,a)`); of several the
    /// one whose partition and slice are those that stand behind it.
    pub(super) fn find_root(&mut self, reader: &mut Reader<'_>, rest: &[u8]) -> Result<(), LimitName> {
        let device = parted(rest).map_or(rest, |(device, _)| device);
        let signature = device.split(|&byte| byte == b',').next().map(trimmed).unwrap_or_default();
        let path = [b"/boot/grub/bootsign/", signature].concat();
        let place = device.iter().position(|&byte| byte == b',').and_then(|comma| device.get(comma..));
        let mut found = None;
        for volume in volumes(reader) {
            if reader.is_file(&FileRef { volume: volume.id, path: path.clone() })? {
                let name = volume.legacy_grub_name.as_deref().unwrap_or_default();
                let is_there = place.is_some_and(|place| name.as_bytes().ends_with(place));
                if found.is_none() || is_there {
                    found = Some(volume.id);
                }
                if is_there {
                    break;
                }
            }
        }
        if let Some(volume) = found {
            self.root = volume;
            self.root_name = name_of(reader, volume);
            return Ok(());
        }
        let signature = shown(signature);
        reader.note(&format!("no volume is signed `{signature}`; the configuration's own is meant"));
        Ok(())
    }

    /// Ubuntu's: the volume of this filesystem.
    pub(super) fn root_by_uuid(&mut self, reader: &mut Reader<'_>, uuid: &[u8]) {
        let has = |other: &String| other.as_bytes().eq_ignore_ascii_case(uuid);
        match volumes(reader).iter().find(|volume| volume.uuid.as_ref().is_some_and(has)) {
            Some(volume) => {
                self.root = volume.id;
                self.root_name = name_of(reader, volume.id);
            }
            None => reader.note(&format!("no volume has the UUID `{}`", shown(uuid))),
        }
    }
}
