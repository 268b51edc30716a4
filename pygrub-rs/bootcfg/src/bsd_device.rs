//! What NetBSD's and OpenBSD's loaders call a file: `hd0a:netbsd`, `netbsd`, `NAME=root:/netbsd` (boot(8) of both).

use crate::guest::{FileRef, VolumeId};
use crate::limits::LimitName;
use crate::reader::Reader;
use crate::text::shown;

/// The file of a name. One that is not on its own volume is looked for on the others: a loader on an EFI system partition names
/// devices as the firmware counts them.
pub(crate) fn file(
    reader: &mut Reader<'_>,
    name: &[u8],
    device: Option<&[u8]>,
    home: VolumeId,
) -> Result<FileRef, LimitName> {
    let colon = name.iter().position(|&byte| byte == b':');
    let (device, path) = match colon.map(|colon| name.split_at(colon)) {
        Some((device, path)) => (Some(device), path.get(1..).unwrap_or_default()),
        None => (device, name),
    };
    let volume = device.map_or(home, |device| volume(reader, device));
    let path = if path.starts_with(b"/") { path.to_vec() } else { [b"/", path].concat() };
    let meant = FileRef { volume, path };
    if reader.is_file(&meant)? {
        return Ok(meant);
    }
    for other in reader.guest.map(|guest| guest.volumes()).unwrap_or_default() {
        let file = FileRef { volume: other.id, path: meant.path.clone() };
        if reader.is_file(&file)? {
            reader.note(&format!("{} is on another volume than its name says", shown(&file.path)));
            return Ok(file);
        }
    }
    Ok(meant)
}

/// The volume of a device: `NAME=` a label, or a disk and a letter, which is the partition of a BSD label. One that this guest
/// does not have means the configuration's own.
pub(crate) fn volume(reader: &mut Reader<'_>, name: &[u8]) -> VolumeId {
    let Some(guest) = reader.guest else { return VolumeId::NONE };
    let label = name.strip_prefix(b"NAME=");
    let letter = name.last().copied().filter(u8::is_ascii_lowercase);
    let found = guest.volumes().iter().find(|volume| match (label, letter) {
        (Some(label), _) => volume.label.as_deref() == Some(label),
        (None, Some(letter)) => {
            let legacy = volume.legacy_grub_name.as_deref().unwrap_or_default().as_bytes();
            legacy.ends_with(&[b',', letter])
        }
        (None, None) => false,
    });
    match found {
        Some(volume) => volume.id,
        None => {
            let name = shown(name);
            reader.note(&format!("no volume is called `{name}`; the configuration's own is meant"));
            reader.home
        }
    }
}
