//! What the fuzz targets share.

mod guest;

pub use guest::menus;

use fsimage_sdk::{DirCursor, Error, ErrorKind, FileSystem, ReadAt, Result, Volume};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Size of the disks: large enough for every offset that the seeds name.
pub const SIZE: u64 = 64 << 20;

/// A disk of [`SIZE`] bytes that begins with these; the rest is zero.
pub struct Disk(pub Vec<u8>);

impl ReadAt for Disk {
    fn size(&self) -> u64 {
        SIZE
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= SIZE);
        end.ok_or_else(|| Error::new(ErrorKind::Io, "past the end").at(offset))?;
        buffer.fill(0);
        let written = self.0.get(offset as usize..).unwrap_or_default();
        let length = written.len().min(buffer.len());
        buffer[..length].copy_from_slice(&written[..length]);
        Ok(())
    }
}

/// Reads the disk's tables and holds them to what the crate promises.
pub fn check(bytes: Vec<u8>) {
    let disk: Volume = Arc::new(Disk(bytes));
    let table = partitions::read_table(&disk).unwrap();
    assert!((1..=partitions::MAX_VOLUMES).contains(&table.partitions.len()));
    for p in &table.partitions {
        assert!(p.size > 0 && p.start.checked_add(p.size).is_some_and(|end| end <= SIZE), "{p:?}");
    }
}

/// Bytes with at least this many.
pub fn at_least(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(length), 0);
    bytes
}

/// Writes the checksum of Sun's and BSD's labels, the exclusive or of all words.
pub fn sum_words(bytes: &mut [u8], at: usize) {
    bytes[at..at + 2].fill(0);
    let sum = bytes.chunks_exact(2).fold([0; 2], |[a, b], word| [a ^ word[0], b ^ word[1]]);
    bytes[at..at + 2].copy_from_slice(&sum);
}

/// Holds an entry that a person made to what the crate promises.
pub fn check_entry(entry: &bootcfg::BootEntry, limits: &bootcfg::Limits) {
    assert!(entry.kernel.is_some() || !entry.problems.is_empty(), "{entry:?}");
    assert!(entry.arguments.len() <= limits.max_value_bytes, "{}", entry.arguments.len());
}

/// A guest of one volume, an EFI system partition, with these files: what boot configurations are evaluated over.
pub struct Files<'a> {
    volumes: [bootcfg::VolumeName; 1],
    files: Vec<(&'static str, &'a [u8])>,
}

impl<'a> Files<'a> {
    /// Files by their absolute paths.
    pub fn new(files: Vec<(&'static str, &'a [u8])>) -> Self {
        let volume = bootcfg::VolumeName {
            id: bootcfg::VolumeId(0),
            grub_names: vec!["hd0,gpt1".into(), "hd0,1".into()],
            legacy_grub_name: Some("hd0,0".into()),
            uuid: Some("11111111-2222-3333-4444-555555555555".into()),
            label: Some(b"root".to_vec()),
            gpt: Some(bootcfg::GptEntry {
                type_guid: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        Self { volumes: [volume], files }
    }

    /// Evaluates the volume's configuration and holds the menu to what the crate promises.
    pub fn check(&self) {
        let limits = bootcfg::Limits { max_steps: 50_000, ..Default::default() };
        let Ok(Some(menu)) = bootcfg::discover(self, bootcfg::VolumeId(0), &limits) else { return };
        assert!(menu.default.is_none_or(|index| menu.entries[index].is_bootable()));
        assert!(menu.entries.len() <= limits.max_entries && menu.notes.len() <= limits.max_notes + 1);
        for entry in &menu.entries {
            assert!(entry.kernel.is_some() || !entry.problems.is_empty());
            for file in entry.ramdisks.iter().chain(&entry.kernel) {
                let Some(part) = file.section else { continue };
                let size = self.find(&file.file.path).unwrap().len() as u64;
                assert!(
                    part.length > 0 && part.offset.checked_add(part.length).is_some_and(|end| end <= size)
                );
            }
        }
    }

    fn find(&self, path: &[u8]) -> Result<&'a [u8], bootcfg::GuestError> {
        let found = self.files.iter().find(|(name, _)| name.as_bytes() == path);
        let missing = || bootcfg::GuestError { message: "no such file".into(), not_found: true };
        found.map(|(_, content)| *content).ok_or_else(missing)
    }
}

impl bootcfg::Guest for Files<'_> {
    fn volumes(&self) -> &[bootcfg::VolumeName] {
        &self.volumes
    }

    fn status(&self, _: bootcfg::VolumeId, path: &[u8]) -> Option<bootcfg::FileStatus> {
        if let Ok(content) = self.find(path) {
            return Some(bootcfg::FileStatus { kind: bootcfg::FileKind::File, size: content.len() as u64 });
        }
        let folder = [path.strip_suffix(b"/").unwrap_or(path), b"/"].concat();
        let is_folder = self.files.iter().any(|(name, _)| name.as_bytes().starts_with(&folder));
        is_folder.then_some(bootcfg::FileStatus { kind: bootcfg::FileKind::Directory, size: 0 })
    }

    fn read(&self, _: bootcfg::VolumeId, path: &[u8], max: u64) -> Result<Vec<u8>, bootcfg::GuestError> {
        let content = self.find(path)?;
        let too_large = bootcfg::GuestError { message: "too large".into(), not_found: false };
        if content.len() as u64 > max { Err(too_large) } else { Ok(content.to_vec()) }
    }

    fn read_at(
        &self,
        _: bootcfg::VolumeId,
        path: &[u8],
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, bootcfg::GuestError> {
        let content = self.find(path)?;
        let past = bootcfg::GuestError { message: "past the end".into(), not_found: false };
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let piece = from.checked_add(length).and_then(|end| content.get(from..end));
        piece.map(<[u8]>::to_vec).ok_or(past)
    }

    // Every file is a disk with the same files on it, and with one partition.
    fn open_image(
        &self,
        _: bootcfg::VolumeId,
        path: &[u8],
    ) -> Result<Vec<bootcfg::VolumeName>, bootcfg::GuestError> {
        self.find(path)?;
        let volume = |id, name: &str| bootcfg::VolumeName {
            id: bootcfg::VolumeId(id),
            grub_names: vec![name.into()],
            ..Default::default()
        };
        Ok(vec![volume(256, ""), volume(257, ",msdos1")])
    }

    fn list(
        &self,
        _: bootcfg::VolumeId,
        path: &[u8],
        _: usize,
    ) -> Result<Vec<bootcfg::DirName>, bootcfg::GuestError> {
        let folder = [path.strip_suffix(b"/").unwrap_or(path), b"/"].concat();
        let inside =
            self.files.iter().filter_map(|(name, _)| name.as_bytes().strip_prefix(folder.as_slice()));
        let names = inside.map(|rest| match rest.iter().position(|&byte| byte == b'/') {
            Some(slash) => (rest[..slash].to_vec(), bootcfg::FileKind::Directory),
            None => (rest.to_vec(), bootcfg::FileKind::File),
        });
        let names: std::collections::BTreeMap<_, _> = names.collect();
        Ok(names.into_iter().map(|(name, kind)| bootcfg::DirName { name, kind }).collect())
    }
}

/// Asks an open filesystem all that can be asked, of twenty nodes at most. Extents have to begin where the last one ended.
pub fn ask_everything(fs: &dyn FileSystem) {
    let mut pending = vec![fs.root().unwrap()];
    let mut buffer = vec![0; 10_000];
    for _ in 0..20 {
        let Some(node) = pending.pop() else { break };
        let _ = fs.read_dir(node, DirCursor(0), &mut |entry| {
            pending.push(entry.node);
            if pending.len() < 50 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let _ = (fs.lookup(node, b"boot"), fs.read_link(node), fs.read_at(node, 0, &mut buffer));
        let (mut end, mut left) = (0, 1000);
        let _ = fs.extents(node, 0, &mut |extent| {
            assert!(extent.logical == end && extent.length > 0);
            (end, left) = (end + extent.length, left - 1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    let _ = fs.info();
}
