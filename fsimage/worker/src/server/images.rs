//! Files of a volume that are disks (GRUB's `loopback`): a live system's ISO on a stick, an installed one in a file.
//!
//! Their volumes are numbered behind all that a disk can have, and stay open until the worker ends. What lies on them is read
//! through the outer filesystem and handed over as bytes: nothing of it is a place on the disk.

use super::volumes::{VolumeOnDisk, Volumes};
use crate::registry::MountOptions;
use fsimage_protocol::MAX_VOLUMES;
use fsimage_sdk::path::LastLink;
use fsimage_sdk::{Error, ErrorKind, FileSystem, FileType, Limits, NodeId, ReadAt, Region, Result, Volume};
use partitions::Partition;
use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Volumes in all files together: each may hold an open filesystem.
const MAX_IMAGE_VOLUMES: usize = 64;
/// Files opened in all: each holds its own view of the filesystem around it.
const MAX_IMAGES: usize = 16;
/// A file on a volume in a file on a volume of the disk: an ISO in a squashed or dumped root, and no further.
const MAX_DEPTH: u32 = 2;

/// What files were opened as disks.
pub(super) struct Images {
    /// Filled from the front; what is filled does not move.
    slots: Vec<OnceCell<VolumeOnDisk>>,
    opened: RefCell<Vec<Opened>>,
}

/// A file, and its volumes' numbers.
struct Opened {
    volume: u32,
    path: Vec<u8>,
    numbers: Range<u32>,
}

impl Default for Images {
    fn default() -> Self {
        let slots = std::iter::repeat_with(OnceCell::new).take(MAX_IMAGE_VOLUMES).collect();
        Self { slots, opened: RefCell::default() }
    }
}

impl Images {
    /// The volume with this number.
    pub(super) fn get(&self, number: u32) -> Option<&VolumeOnDisk> {
        let slot = usize::try_from(number).ok()?.checked_sub(MAX_VOLUMES)?;
        self.slots.get(slot)?.get()
    }

    fn known(&self, volume: u32, path: &[u8]) -> Option<Range<u32>> {
        let opened = self.opened.borrow();
        let same = opened.iter().find(|other| other.volume == volume && other.path == path)?;
        Some(same.numbers.clone())
    }
}

/// The volumes of a file: the whole of it, then its partitions.
pub(super) fn open(volumes: &Volumes, volume: u32, path: &[u8]) -> Result<Range<u32>> {
    let images = volumes.images();
    if let Some(numbers) = images.known(volume, path) {
        return Ok(numbers);
    }
    let outer = volumes.get(volume)?;
    let depth = outer.depth().saturating_add(1);
    if depth > MAX_DEPTH {
        return Err(Error::limit(format!("{depth} files deep (at most {MAX_DEPTH})")));
    }
    if images.opened.borrow().len() >= MAX_IMAGES {
        return Err(Error::limit(format!("more than {MAX_IMAGES} files opened as disks")));
    }
    let disk: Volume = Arc::new(FileDisk::open(volumes, volume, path)?);
    let name = format!("{}:{}", outer.address(), path.escape_ascii());
    let partitions = parts(&disk, &name);
    let first = images.slots.iter().position(|slot| slot.get().is_none()).unwrap_or(MAX_IMAGE_VOLUMES);
    let free = MAX_IMAGE_VOLUMES.saturating_sub(first);
    if partitions.len() > free {
        return Err(Error::limit(format!(
            "{} volumes in a file, with {free} left of {MAX_IMAGE_VOLUMES}",
            partitions.len()
        )));
    }
    let number = |slot: usize| u32::try_from(slot.saturating_add(MAX_VOLUMES)).unwrap_or(u32::MAX);
    let numbers = number(first)..number(first.saturating_add(partitions.len()));
    for (slot, partition) in images.slots.iter().skip(first).zip(partitions) {
        let region = Region::new(Arc::clone(&disk), partition.start, partition.size)?;
        slot.get_or_init(|| VolumeOnDisk::new(partition, region, depth));
    }
    images.opened.borrow_mut().push(Opened { volume, path: path.to_vec(), numbers: numbers.clone() });
    Ok(numbers)
}

/// The whole, and the partitions of its table where it has one. Their GRUB names are those behind the disk's.
fn parts(disk: &Volume, name: &str) -> Vec<Partition> {
    let whole = Partition {
        address: name.to_owned(),
        size: disk.size(),
        type_name: "a file".to_owned(),
        grub_names: vec![String::new()],
        ..Partition::default()
    };
    // A table that cannot be read divides nothing.
    let table = partitions::read_table(disk).map(|table| table.partitions).unwrap_or_default();
    let parts = table.into_iter().filter_map(|partition| {
        let behind = |name: &String| name.find(',').and_then(|comma| name.get(comma..)).map(str::to_owned);
        let grub_names: Vec<String> = partition.grub_names.iter().filter_map(behind).collect();
        // What GRUB has no name for nobody can ask for.
        let address = format!("{name}:{}", partition.address);
        (!grub_names.is_empty()).then_some(Partition {
            address,
            grub_names,
            legacy_grub_name: None,
            ..partition
        })
    });
    std::iter::once(whole).chain(parts).collect()
}

/// A file as a disk of 512-byte sectors, through a filesystem of its own: those that answer questions are not shared.
struct FileDisk {
    fs: Mutex<Box<dyn FileSystem>>,
    node: NodeId,
    size: u64,
}

impl FileDisk {
    fn open(volumes: &Volumes, volume: u32, path: &[u8]) -> Result<Self> {
        let options = volumes.options();
        let limits = Limits { max_memory: options.limits.max_memory / 4, ..options.limits };
        let fs = volumes.mount_again(volume, &MountOptions { limits, words: options.words.clone() })?;
        let (node, metadata) = fsimage_sdk::path::resolve(fs.as_ref(), path, LastLink::Follow, &limits)?;
        match metadata.file_type {
            FileType::Regular => Ok(Self { fs: Mutex::new(fs), node, size: metadata.size }),
            other => {
                Err(Error::new(ErrorKind::NotAFile, format!("it is a {}, not a regular file", other.text())))
            }
        }
    }
}

impl ReadAt for FileDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            let why = format!("{length} bytes wanted past the end of a file of {} bytes", self.size);
            return Err(Error::new(ErrorKind::Io, why).at(offset));
        }
        let fs = self.fs.lock().map_err(|_| Error::new(ErrorKind::Internal, "a plugin failed before"))?;
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match fs.read_at(self.node, at, rest)? {
                0 => return Err(Error::corrupt("the file ends before its size").at(at)),
                count => done = done.saturating_add(count),
            }
        }
        Ok(())
    }
}
