//! Legacy GRUB's names of devices and files (manual: "Naming convention", "Filesystem syntax").

use crate::guest::{FileRef, VolumeId, VolumeName};
use crate::limits::LimitName;
use crate::reader::Reader;
use crate::text::shown;

/// The device GRUB calls so, without parentheses: partitions count from 0, a slice is a letter. One that this guest does not
/// have is taken for the configuration's own volume: the names are those of the machine it was written on.
pub(super) fn volume(reader: &mut Reader<'_>, name: &[u8]) -> VolumeId {
    let found = volumes(reader)
        .iter()
        .find(|volume| volume.legacy_grub_name.as_ref().is_some_and(|legacy| legacy.as_bytes() == name));
    match (reader.guest, found.map(|volume| volume.id)) {
        (None, _) => VolumeId::NONE,
        (Some(_), Some(volume)) => volume,
        (Some(_), None) => {
            let name = shown(name);
            reader.note(&format!("no volume is called `{name}`; the configuration's own is meant"));
            reader.home
        }
    }
}

/// All volumes, in boot-search order.
pub(super) fn volumes<'g>(reader: &Reader<'g>) -> &'g [VolumeName] {
    reader.guest.map(|guest| guest.volumes()).unwrap_or_default()
}

/// Legacy's name of a volume, empty when there is none.
pub(super) fn name_of(reader: &Reader<'_>, id: VolumeId) -> Vec<u8> {
    let volume = volumes(reader).iter().find(|volume| volume.id == id);
    volume.and_then(|volume| volume.legacy_grub_name.clone()).unwrap_or_default().into_bytes()
}

/// `(device)rest` parted; `None` when the parenthesis is not closed, or none is there.
pub(super) fn parted(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = name.strip_prefix(b"(")?;
    let end = inside.iter().position(|&byte| byte == b')')?;
    Some((inside.get(..end)?, inside.get(end.saturating_add(1)..)?))
}

/// The file of a name, `(hd0,0)/x` or `/x` on the entry's root; an error is the entry's problem.
///
/// Xen's pygrub never looked at devices, and guests whose `root` is another machine's boot with it: what is only on the
/// configuration's own volume is taken from there, with a note.
pub(super) fn locate(
    reader: &mut Reader<'_>,
    root: VolumeId,
    name: &[u8],
) -> Result<Result<FileRef, String>, LimitName> {
    let (on, path) = match parted(name) {
        Some((device, path)) => (volume(reader, device), path),
        None => (root, name),
    };
    if path.first() != Some(&b'/') {
        return Ok(Err(format!("`{}` is not the name of a file", shown(name))));
    }
    let meant = FileRef { volume: on, path: path.to_vec() };
    if on == reader.home || reader.is_file(&meant)? {
        return Ok(Ok(meant));
    }
    let at_home = FileRef { volume: reader.home, path: path.to_vec() };
    if reader.is_file(&at_home)? {
        let path = shown(path);
        reader.note(&format!("{path} is not where its device says; it is on the configuration's own volume"));
        return Ok(Ok(at_home));
    }
    Ok(Ok(meant))
}
