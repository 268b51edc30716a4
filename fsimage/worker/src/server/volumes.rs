//! The disk's volumes, and the filesystem on each.

use super::images::Images;
use crate::registry::{MountOptions, Mounted, Registry, Unmounted};
use fsimage_protocol::{Bytes, Content, Layout, List, Notes, VolumeReport};
use fsimage_sdk::{Error, ErrorKind, FileSystem, NodeId, Region, Result, Volume};
use partitions::Partition;
use std::cell::OnceCell;
use std::sync::Arc;

/// A volume of the disk, or of a file that is one.
pub(crate) struct VolumeOnDisk {
    partition: Partition,
    region: Region,
    /// In how many files it lies, one inside the other: 0 on the disk itself.
    depth: u32,
    mounted: OnceCell<Result<Mounted, Unmounted>>,
}

impl VolumeOnDisk {
    pub(super) fn new(partition: Partition, region: Region, depth: u32) -> Self {
        Self { partition, region, depth, mounted: OnceCell::new() }
    }

    /// In how many files it lies.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// What people call it.
    pub(super) fn address(&self) -> &str {
        &self.partition.address
    }

    /// What Linux calls PARTUUID, in lower case.
    pub(super) fn part_uuid(&self) -> Option<String> {
        self.partition.uuid.as_ref().map(|uuid| uuid.to_ascii_lowercase())
    }

    /// First byte on the disk.
    pub(crate) fn start(&self) -> u64 {
        self.region.start()
    }

    /// Length in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.partition.size
    }

    /// Legacy GRUB's name for it, which counts from 0.
    pub(crate) fn legacy_grub_name(&self) -> Option<String> {
        self.partition.legacy_grub_name.clone()
    }

    /// Its entry in a GPT.
    pub(crate) fn gpt_entry(&self) -> Option<bootcfg::GptEntry> {
        let Partition { type_guid, uuid, name, flags, .. } = &self.partition;
        Some(bootcfg::GptEntry {
            type_guid: type_guid.as_ref()?.to_ascii_lowercase(),
            guid: uuid.as_deref().unwrap_or_default().to_ascii_lowercase(),
            name: name.as_deref().unwrap_or_default().as_bytes().to_vec(),
            attributes: flags.unwrap_or(0),
        })
    }

    /// GRUB's names for it.
    pub(crate) fn grub_names(&self) -> &[String] {
        &self.partition.grub_names
    }
}

/// All volumes of one disk, in boot-search order.
pub(crate) struct Volumes {
    registry: Registry,
    options: MountOptions,
    scheme: &'static str,
    remarks: Vec<String>,
    list: Vec<VolumeOnDisk>,
    images: Images,
}

impl Volumes {
    /// Reads the partition table; nothing else is read until it is asked for.
    pub(crate) fn read(
        disk: Option<&Volume>,
        layout: &Layout,
        registry: Registry,
        options: MountOptions,
    ) -> Result<Self> {
        let mut volumes = Self {
            registry,
            options,
            scheme: "none",
            remarks: Vec::new(),
            list: Vec::new(),
            images: Images::default(),
        };
        let Some(disk) = disk else { return Ok(volumes) };
        match layout {
            Layout::Text {} => {}
            Layout::Offset { start } => {
                volumes.scheme = "offset";
                let size = disk.size().checked_sub(*start).filter(|size| *size > 0).ok_or_else(|| {
                    let why = format!("the offset {start} lies past the disk's {} bytes", disk.size());
                    Error::new(ErrorKind::InvalidArgument, why)
                })?;
                volumes.add(disk, at_offset(*start, size))?;
            }
            Layout::Scan {} => {
                let table = partitions::read_table(disk)?;
                volumes.scheme = table.scheme.name();
                volumes.remarks = table.remarks;
                for partition in table.partitions.into_iter().take(fsimage_protocol::MAX_VOLUMES) {
                    volumes.add(disk, partition)?;
                }
            }
        }
        Ok(volumes)
    }

    fn add(&mut self, disk: &Volume, partition: Partition) -> Result<()> {
        let region = Region::new(disk.clone(), partition.start, partition.size)?;
        self.list.push(VolumeOnDisk::new(partition, region, 0));
        Ok(())
    }

    /// The disk's scheme.
    pub(crate) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// What was odd about the table.
    pub(crate) fn remarks(&self) -> Notes {
        List::cut(self.remarks.iter().map(|remark| Bytes::sentence(remark)))
    }

    /// The files that were opened as disks.
    pub(super) fn images(&self) -> &Images {
        &self.images
    }

    /// How filesystems are opened.
    pub(super) fn options(&self) -> &MountOptions {
        &self.options
    }

    /// Another view of a volume's filesystem.
    pub(super) fn mount_again(&self, number: u32, options: &MountOptions) -> Result<Box<dyn FileSystem>> {
        let device: Volume = Arc::new(self.get(number)?.region.clone());
        self.registry.open(&device, options).map_err(|why| self.registry.explain(&why))
    }

    /// How many the disk has.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }

    /// The volume with this number; those in files have the numbers behind all that a disk can have.
    pub(crate) fn get(&self, number: u32) -> Result<&VolumeOnDisk> {
        let on_disk = usize::try_from(number).ok().and_then(|number| self.list.get(number));
        on_disk.or_else(|| self.images.get(number)).ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, format!("volume {number} of {}", self.list.len()))
        })
    }

    /// The filesystem on a volume, opened when it is first asked for.
    pub(crate) fn mounted(&self, number: u32) -> Result<&Mounted> {
        self.probe(self.get(number)?).as_ref().map_err(|why| self.registry.explain(why))
    }

    fn probe<'a>(&'a self, volume: &'a VolumeOnDisk) -> &'a Result<Mounted, Unmounted> {
        volume.mounted.get_or_init(|| {
            let device: Volume = Arc::new(volume.region.clone());
            self.registry.mount(&device, &self.options)
        })
    }

    /// What was odd about the filesystem so far, and went on.
    pub(crate) fn filesystem_remarks(&self, number: u32) -> Result<Notes> {
        let info = self.mounted(number)?.fs.info()?;
        Ok(List::cut(info.remarks.iter().map(|remark| Bytes::sentence(remark))))
    }

    /// A volume as the trusted side is told of it.
    pub(crate) fn report(&self, number: u32) -> Result<VolumeReport> {
        let volume = self.get(number)?;
        let partition = &volume.partition;
        Ok(VolumeReport {
            address: text(&partition.address),
            scheme: text(partition.scheme.name()),
            start: partition.start,
            size: partition.size,
            type_code: partition.type_code,
            type_guid: partition.type_guid.as_deref().map(text),
            type_name: text(&partition.type_name),
            active: partition.active,
            tag: partition.tag.map(u32::from),
            flags: partition.flags,
            name: partition.name.as_deref().map(text),
            part_uuid: partition.uuid.as_deref().map(text),
            linux_name: partition.linux_name.as_deref().map(text),
            grub_names: List::cut(partition.grub_names.iter().map(|name| text(name))),
            content: match self.probe(volume) {
                Ok(mounted) => filesystem(mounted),
                Err(Unmounted::Unrecognised) => Content::Unrecognised {},
                Err(Unmounted::Broken(plugin, why)) => {
                    Content::Broken { plugin: text(plugin), reason: Bytes::sentence(&why.to_string()) }
                }
                Err(Unmounted::Unreadable(why)) => {
                    Content::Broken { plugin: text("disk"), reason: Bytes::sentence(&why.to_string()) }
                }
            },
        })
    }

    /// A file's place on its volume as a place on the disk.
    pub(crate) fn disk_offset(&self, number: u32, physical: u64, length: u64) -> Result<u64> {
        let volume = self.get(number)?;
        let inside = physical.checked_add(length).is_some_and(|end| end <= volume.size());
        let absolute = volume.start().checked_add(physical).filter(|_| inside);
        absolute.ok_or_else(|| {
            let why = format!("the file's data reaches past the volume's end at 0x{:x}", volume.size());
            Error::new(ErrorKind::Io, why).at(physical)
        })
    }

    /// The file's node and metadata at the end of a path.
    pub(crate) fn resolve(
        &self,
        number: u32,
        path: &[u8],
        last: fsimage_sdk::path::LastLink,
    ) -> Result<(NodeId, fsimage_sdk::Metadata)> {
        fsimage_sdk::path::resolve(self.mounted(number)?.fs.as_ref(), path, last, &self.options.limits)
    }
}

fn at_offset(start: u64, size: u64) -> Partition {
    Partition {
        address: format!("@{start}"),
        scheme: partitions::Scheme::WholeDisk,
        start,
        size,
        type_name: "given by its offset".to_owned(),
        grub_names: vec!["hd0".to_owned()],
        ..Partition::default()
    }
}

fn filesystem(mounted: &Mounted) -> Content {
    let info = &mounted.info;
    Content::Filesystem {
        plugin: text(&mounted.plugin),
        flavour: text(&info.flavour),
        label: Bytes::cut(&info.label),
        uuid: text(&info.uuid),
        block_size: info.block_size,
        size: info.size,
        features: Bytes::cut(info.features.join(" ").as_bytes()),
    }
}

fn text(text: &str) -> Bytes<256> {
    Bytes::cut(text.as_bytes())
}
