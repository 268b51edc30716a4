//! Which of a disc's trees is read, and how its names are.

use crate::directory_record::DirectoryRecord;
use crate::mount_options::MountOptions;
use crate::rock_ridge::Skip;
use crate::sectors::Sectors;
use crate::units::SECTOR_BYTES;
use crate::volume_descriptor::{DescriptorSet, RawDescriptor, VolumeDescriptor};
use fsimage_sdk::{Error, ErrorKind, Result};

/// What a mount option asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    RockRidge,
    Joliet,
    Plain,
    Enhanced,
}

impl Choice {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"rockridge" => Self::RockRidge,
            b"joliet" => Self::Joliet,
            b"plain" => Self::Plain,
            b"enhanced" => Self::Enhanced,
            _ => return None,
        })
    }
}

/// How names and attributes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    RockRidge(Skip),
    Joliet,
    Plain,
    /// ISO 9660:1999: names as they are.
    Enhanced,
}

impl View {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RockRidge(_) => "rockridge",
            Self::Joliet => "joliet",
            Self::Plain => "plain",
            Self::Enhanced => "enhanced",
        }
    }
}

/// The tree to read: Rock Ridge, else Joliet, else plain, as in Linux, unless another one is asked for.
///
/// # Errors
/// `NotFound` when the disc does not have what is asked for; `Corrupt`.
pub(crate) fn choose(
    sectors: &Sectors,
    set: &DescriptorSet,
    options: &MountOptions,
) -> Result<(View, VolumeDescriptor)> {
    let want = |descriptor: &Option<RawDescriptor>, name: &str| match descriptor {
        Some(descriptor) => descriptor.parse(),
        None => Err(Error::new(ErrorKind::NotFound, format!("the disc has no {name} descriptor"))),
    };
    match options.view {
        Some(Choice::Joliet) => return Ok((View::Joliet, want(&set.joliet, "Joliet")?)),
        Some(Choice::Enhanced) => return Ok((View::Enhanced, want(&set.enhanced, "enhanced volume")?)),
        Some(Choice::Plain) => return Ok((View::Plain, want(&set.primary, "primary volume")?)),
        _ => {}
    }
    let joliet = set.joliet.as_ref().filter(|_| !options.no_joliet);
    let Some(primary) = &set.primary else {
        return match joliet {
            Some(joliet) => Ok((View::Joliet, joliet.parse()?)),
            None => Ok((View::Enhanced, want(&set.enhanced, "primary volume")?)),
        };
    };
    let primary = primary.parse()?;
    if !options.no_rock_ridge || options.view == Some(Choice::RockRidge) {
        let root = DirectoryRecord::read(sectors, primary.root, primary.block_size)?;
        if let Some(skip) = Skip::find(sectors, primary.block_size, &root)? {
            // As in Linux: where the one tree is empty, the other is meant.
            let other = joliet.filter(|_| options.view.is_none() && is_empty(sectors, &root, &primary));
            return match other {
                Some(joliet) => {
                    sectors.remarks().note("the Rock Ridge tree is empty", "Joliet is read");
                    Ok((View::Joliet, joliet.parse()?))
                }
                None => Ok((View::RockRidge(skip), primary)),
            };
        }
    }
    match joliet {
        _ if options.view == Some(Choice::RockRidge) => {
            Err(Error::new(ErrorKind::NotFound, "the disc has no Rock Ridge").at(primary.root))
        }
        Some(joliet) => Ok((View::Joliet, joliet.parse()?)),
        None => Ok((View::Plain, primary)),
    }
}

/// Whether a root has no third record.
fn is_empty(sectors: &Sectors, root: &DirectoryRecord, descriptor: &VolumeDescriptor) -> bool {
    let third = || {
        let parent_place = root.length;
        let bytes = sectors.read(descriptor.root, SECTOR_BYTES).ok()?;
        let parent_length = usize::from(*bytes.get(parent_place)?);
        bytes.get(parent_place.checked_add(parent_length)?).copied()
    };
    root.data_length <= 2048 && third() == Some(0)
}
