//! A guest whose every known file is the input.

use bootcfg::{DirName, FileKind, FileStatus, Guest, GuestError, Limits, VolumeId, VolumeName};

/// Names that a listing tells, in every directory.
const NAMES: [&str; 6] =
    ["vmlinuz", "vmlinuz-6.1.0-9", "initrd.img-6.1.0-9", "kernel", "a.conf", "kernel.old"];

/// One volume with these files, each of which holds the text.
pub struct OneText<'a> {
    files: &'a [&'a str],
    text: &'a [u8],
    volumes: Vec<VolumeName>,
}

impl OneText<'_> {
    fn has(&self, path: &[u8]) -> bool {
        self.files.iter().any(|file| file.as_bytes() == path)
    }
}

impl Guest for OneText<'_> {
    fn volumes(&self) -> &[VolumeName] {
        &self.volumes
    }

    fn status(&self, _: VolumeId, path: &[u8]) -> Option<FileStatus> {
        self.has(path).then_some(FileStatus { kind: FileKind::File, size: self.text.len() as u64 })
    }

    fn read(&self, _: VolumeId, path: &[u8], max: u64) -> Result<Vec<u8>, GuestError> {
        let error = |message: &str| GuestError { message: message.to_owned(), not_found: !self.has(path) };
        match self.has(path) && self.text.len() as u64 <= max {
            true => Ok(self.text.to_vec()),
            false => Err(error("not read")),
        }
    }

    fn read_at(&self, id: VolumeId, path: &[u8], at: u64, length: usize) -> Result<Vec<u8>, GuestError> {
        let text = self.read(id, path, u64::MAX)?;
        let piece = text.get(at as usize..).and_then(|rest| rest.get(..length));
        piece.map(<[u8]>::to_vec).ok_or(GuestError { message: "past the end".to_owned(), not_found: false })
    }

    fn list(&self, _: VolumeId, _: &[u8], _: usize) -> Result<Vec<DirName>, GuestError> {
        Ok(NAMES.map(|name| DirName { name: name.into(), kind: FileKind::File }).to_vec())
    }
}

/// Evaluates every configuration of such a guest, and holds the menus to what the crate promises.
pub fn menus(files: &[&str], text: &[u8]) {
    let volume = VolumeName {
        id: VolumeId(0),
        grub_names: vec!["hd0,msdos1".to_owned()],
        legacy_grub_name: Some("hd0,0".to_owned()),
        uuid: Some("abcd-1".to_owned()),
        label: Some(b"root".to_vec()),
        ..VolumeName::default()
    };
    let guest = OneText { files, text, volumes: vec![volume] };
    let limits = Limits { max_steps: 50_000, ..Limits::default() };
    for candidate in bootcfg::candidates(&guest, VolumeId(0)) {
        let Ok(menu) = bootcfg::evaluate(&guest, candidate, &limits) else { continue };
        assert!(menu.entries.len() <= limits.max_entries && menu.notes.len() <= limits.max_notes + 1);
        assert!(menu.default.is_none_or(|default| menu.entries[default].is_bootable()));
        for entry in &menu.entries {
            assert!(entry.kernel.is_some() || !entry.problems.is_empty(), "{entry:?}");
            assert!(entry.arguments.len() <= limits.max_value_bytes, "{}", entry.arguments.len());
        }
    }
}
