//! A guest made of a map, for tests.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test program uses a part of it, and fails by panicking"
)]

pub(crate) mod record;

use bootcfg::{
    BootEntry, BootMenu, DirName, FileKind, FileStatus, GptEntry, Guest, GuestError, Limits, VolumeId,
    VolumeName, discover,
};
use std::collections::BTreeMap;

/// Volumes with files.
#[derive(Default)]
pub(crate) struct MapGuest {
    volumes: Vec<VolumeName>,
    files: BTreeMap<(VolumeId, Vec<u8>), Vec<u8>>,
    /// Kernels and ramdisks are there only where there is a file of that name; else all are.
    complete: bool,
    /// Volumes that are in files: the file, and its volumes' numbers.
    images: Vec<Image>,
}

type Image = ((VolumeId, Vec<u8>), Vec<VolumeName>);

impl MapGuest {
    /// A guest with one volume, `hd0,msdos1`, and one file.
    pub(crate) fn with_config(path: &str, text: impl AsRef<[u8]>) -> Self {
        Self::default().volume("hd0,msdos1", "11111111-2222-3333-4444-555555555555", "root").file(path, text)
    }

    /// One more volume; files added after it are on it.
    pub(crate) fn volume(mut self, name: &str, uuid: &str, label: &str) -> Self {
        let id = VolumeId(u32::try_from(self.volumes.len()).unwrap());
        let grub_names = vec![name.to_owned(), name.replace("msdos", "").replace("gpt", "")];
        let (uuid, label) = (Some(uuid.to_owned()), Some(label.as_bytes().to_vec()));
        // The n-th partition is legacy's n-1; tests that need slices name them themselves.
        let partition = name.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap();
        let legacy_grub_name = match (name.contains(','), partition.parse::<u32>()) {
            (true, Ok(number)) => Some(format!("hd0,{}", number.checked_sub(1).unwrap())),
            _ => Some(name.to_owned()),
        };
        self.volumes.push(VolumeName {
            id,
            grub_names,
            legacy_grub_name,
            uuid,
            label,
            ..VolumeName::default()
        });
        self
    }

    /// What legacy GRUB calls the last volume.
    pub(crate) fn legacy(mut self, name: &str) -> Self {
        self.volumes.last_mut().unwrap().legacy_grub_name = Some(name.to_owned());
        self
    }

    /// The last volume's filesystem, as GRUB calls it.
    pub(crate) fn filesystem(mut self, name: &str) -> Self {
        self.volumes.last_mut().unwrap().filesystem = Some(name.to_owned());
        self
    }

    /// The file at this path of the image's first volume is a disk as well.
    pub(crate) fn image_in_image(
        self,
        image: &str,
        path: &str,
        volumes: Vec<(VolumeName, &[(&str, &str)])>,
    ) -> Self {
        let of_image = |((_, file), _): &&Image| file == image.as_bytes();
        let on = self.images.iter().find(of_image).unwrap().1[0].id;
        self.image_on(on, path, volumes)
    }

    /// Nothing is there but what was named.
    pub(crate) fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    /// The file at this path of the last volume is a disk of these volumes: what stands behind its name, and their files.
    pub(crate) fn image(self, path: &str, volumes: Vec<(VolumeName, &[(&str, &str)])>) -> Self {
        let on = self.volumes.last().unwrap().id;
        self.image_on(on, path, volumes)
    }

    fn image_on(mut self, on: VolumeId, path: &str, volumes: Vec<(VolumeName, &[(&str, &str)])>) -> Self {
        let mut names = Vec::new();
        for (mut volume, files) in volumes {
            let count = self.images.iter().map(|(_, volumes)| volumes.len()).sum::<usize>() + names.len();
            volume.id = VolumeId(1000 + u32::try_from(count).unwrap());
            for (path, text) in files {
                self.files.insert((volume.id, path.as_bytes().to_vec()), text.as_bytes().to_vec());
            }
            names.push(volume);
        }
        self.files.entry((on, path.as_bytes().to_vec())).or_default();
        self.images.push(((on, path.as_bytes().to_vec()), names));
        self
    }

    /// The last volume is a partition of this type in a GPT.
    pub(crate) fn of_type(self, guid: &str) -> Self {
        self.in_gpt(GptEntry { type_guid: guid.to_owned(), ..GptEntry::default() })
    }

    /// This is the last volume's entry in a GPT.
    pub(crate) fn in_gpt(mut self, entry: GptEntry) -> Self {
        self.volumes.last_mut().unwrap().gpt = Some(entry);
        self
    }

    /// One more file on the last volume.
    pub(crate) fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let volume = self.volumes.last().unwrap().id;
        self.files.insert((volume, path.as_bytes().to_vec()), text.as_ref().to_vec());
        self
    }

    /// What is below a folder, by the rest of its path.
    fn inside<'a>(&'a self, volume: VolumeId, path: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        let folder = [path.strip_suffix(b"/").unwrap_or(path), b"/"].concat();
        let below = self.files.range((volume, folder.clone())..);
        below.map_while(move |((on, file), _)| file.strip_prefix(folder.as_slice()).filter(|_| *on == volume))
    }

    /// The menu of the first volume.
    pub(crate) fn menu(&self) -> BootMenu {
        self.menu_of(0)
    }

    /// The menu of a volume.
    pub(crate) fn menu_of(&self, volume: u32) -> BootMenu {
        discover(self, VolumeId(volume), &Limits::default()).unwrap().unwrap()
    }
}

impl Guest for MapGuest {
    fn volumes(&self) -> &[VolumeName] {
        &self.volumes
    }

    fn status(&self, volume: VolumeId, path: &[u8]) -> Option<FileStatus> {
        if let Some(content) = self.files.get(&(volume, path.to_vec())) {
            return Some(FileStatus { kind: FileKind::File, size: u64::try_from(content.len()).unwrap() });
        }
        let is_folder = self.inside(volume, path).next().is_some();
        is_folder.then_some(FileStatus { kind: FileKind::Directory, size: 0 })
    }

    fn loadable(&self, volume: VolumeId, path: &[u8]) -> Result<(), GuestError> {
        if self.complete && !self.files.contains_key(&(volume, path.to_vec())) {
            let is_there = self.status(volume, path).is_some();
            let message = if is_there { "it is a directory" } else { "there is no such file" };
            return Err(GuestError { message: message.to_owned(), not_found: !is_there });
        }
        Ok(())
    }

    fn open_image(&self, volume: VolumeId, path: &[u8]) -> Result<Vec<VolumeName>, GuestError> {
        let image = self.images.iter().find(|(file, _)| *file == (volume, path.to_vec()));
        // As GRUB has it any file is a disk, if not one with a filesystem.
        let nothing = VolumeName { grub_names: vec![String::new()], ..VolumeName::default() };
        Ok(image.map_or_else(|| vec![nothing], |(_, volumes)| volumes.clone()))
    }

    fn read_at(&self, volume: VolumeId, path: &[u8], at: u64, length: usize) -> Result<Vec<u8>, GuestError> {
        let content = self.read(volume, path, u64::MAX)?;
        let start = usize::try_from(at).unwrap();
        let piece = start.checked_add(length).and_then(|end| content.get(start..end));
        piece
            .map(<[u8]>::to_vec)
            .ok_or_else(|| GuestError { message: "past the end".to_owned(), not_found: false })
    }

    fn list(&self, volume: VolumeId, path: &[u8], max: usize) -> Result<Vec<DirName>, GuestError> {
        let names: BTreeMap<Vec<u8>, FileKind> = self
            .inside(volume, path)
            .map(|rest| match rest.iter().position(|&byte| byte == b'/') {
                Some(slash) => (rest[..slash].to_vec(), FileKind::Directory),
                None => (rest.to_vec(), FileKind::File),
            })
            .collect();
        match names.len() {
            0 => Err(GuestError { message: "no such directory".to_owned(), not_found: true }),
            count if count > max => {
                Err(GuestError { message: format!("more than {max} names"), not_found: false })
            }
            _ => Ok(names.into_iter().map(|(name, kind)| DirName { name, kind }).collect()),
        }
    }

    fn read(&self, volume: VolumeId, path: &[u8], max: u64) -> Result<Vec<u8>, GuestError> {
        let error = |message: &str, not_found| GuestError { message: message.to_owned(), not_found };
        let content = self.files.get(&(volume, path.to_vec())).ok_or_else(|| error("no such file", true))?;
        if u64::try_from(content.len()).unwrap() > max {
            return Err(error("too large", false));
        }
        Ok(content.clone())
    }
}

/// An environment block of the usual size.
pub(crate) fn grubenv(lines: &str) -> Vec<u8> {
    let mut block = format!("# GRUB Environment Block\n{lines}").into_bytes();
    block.resize(1024, b'#');
    block
}

/// The entry with this title.
pub(crate) fn entry<'a>(menu: &'a BootMenu, title: &str) -> &'a BootEntry {
    let found = menu.entries.iter().find(|entry| entry.title == title.as_bytes());
    found.unwrap_or_else(|| panic!("no entry {title:?} in {menu:#?}"))
}

/// The entry that boots when nobody interferes.
pub(crate) fn default(menu: &BootMenu) -> &BootEntry {
    menu.default
        .and_then(|index| menu.entries.get(index))
        .unwrap_or_else(|| panic!("no default in {menu:#?}"))
}

/// `volume:path` of the kernel.
pub(crate) fn kernel(entry: &BootEntry) -> String {
    let file = &entry.kernel.as_ref().unwrap_or_else(|| panic!("no kernel in {entry:#?}")).file;
    format!("{}:{}", file.volume.0, String::from_utf8_lossy(&file.path))
}

/// `volume:path` of every ramdisk.
pub(crate) fn ramdisks(entry: &BootEntry) -> Vec<String> {
    let name = |image: &bootcfg::BootFile| {
        format!("{}:{}", image.file.volume.0, String::from_utf8_lossy(&image.file.path))
    };
    entry.ramdisks.iter().map(name).collect()
}

/// The arguments as text.
pub(crate) fn arguments(entry: &BootEntry) -> String {
    String::from_utf8_lossy(&entry.arguments).into_owned()
}

/// A PE file with these sections, as the format wants it: headers, then each section at a multiple of 512 bytes.
pub(crate) fn pe(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut image = vec![0; 0x80];
    image[..2].copy_from_slice(b"MZ");
    image[0x3c] = 0x80;
    image.extend(b"PE\0\0");
    image.extend(0x8664_u16.to_le_bytes());
    image.extend(u16::try_from(sections.len()).unwrap().to_le_bytes());
    image.extend([0; 12]);
    image.extend(0xf0_u16.to_le_bytes());
    image.extend([0; 2]);
    image.extend([0; 0xf0]);
    let mut offset = (image.len() + sections.len() * 40).next_multiple_of(512);
    let mut contents = Vec::new();
    for (name, content) in sections {
        let mut header = [0; 40];
        header[..name.len()].copy_from_slice(name.as_bytes());
        let raw = content.len().next_multiple_of(512);
        let fields = [(8, content.len()), (12, 0x1_0000 + offset), (16, raw), (20, offset)];
        for (at, value) in fields {
            header[at..at + 4].copy_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
        }
        image.extend(header);
        contents.push((offset, *content));
        offset += raw;
    }
    image.resize(offset, 0);
    for (offset, content) in contents {
        image[offset..offset + content.len()].copy_from_slice(content);
    }
    image
}
