//! Where in a kernel's file the payload lies.

use crate::compression::Compression;
use crate::kernel::{self, Kernel};
use crate::source::{File, read_vec};
use fsimage_sdk::{Error, Result};

/// Bytes at the file's start in which every container tells of itself.
const HEAD: usize = 0x250;
/// Sectors of real-mode code where `setup_sects` says 0.
const DEFAULT_SETUP_SECTORS: u64 = 4;
const SECTOR: u64 = 512;
/// The boot protocol from which on the header tells where the payload lies.
const PAYLOAD_PROTOCOL: u16 = 0x0208;
/// Bytes of the length that kernels of x86 append to their payload.
pub(crate) const TRAILER: u64 = 4;

/// What a payload lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// x86's.
    BzImage,
    /// EFI's.
    Zboot,
    /// None: the payload is the whole file.
    Bare,
}

impl Container {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BzImage => "bzImage",
            Self::Zboot => "EFI zboot",
            Self::Bare => "file",
        }
    }
}

/// A kernel in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// What it lies in. The last four bytes of a packed one in a bzImage are the length of what comes out, modulo 4 GiB.
    pub container: Container,
    /// First byte in the file.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// How it is packed; none when it is not.
    pub compression: Option<Compression>,
}

/// Finds the payload of a kernel's file.
///
/// # Errors
/// [`fsimage_sdk::ErrorKind::Unsupported`] when the file is no kernel that is known here,
/// [`fsimage_sdk::ErrorKind::Corrupt`] when its header points outside of it.
pub fn locate(file: &dyn File) -> Result<Payload> {
    let size = file.size();
    let head = read_vec(file, 0, at_most(size, HEAD))?;
    let (container, start, length) = match (bz_image(&head)?, zboot(&head)?) {
        (Some((start, length)), _) => (Container::BzImage, start, length),
        (None, Some((start, length))) => (Container::Zboot, start, length),
        (None, None) => (Container::Bare, 0, size),
    };
    let is_inside = start.checked_add(length).is_some_and(|end| end <= size);
    let least = if container == Container::BzImage { TRAILER } else { 0 };
    if !is_inside || length <= least {
        let name = container.name();
        return Err(Error::corrupt(format!(
            "the {name}'s payload is said to be {length} bytes at 0x{start:x} of a file of 0x{size:x}"
        )));
    }
    let magic = read_vec(file, start, at_most(length, kernel::HEAD))?;
    let compression = Compression::of(&magic);
    if compression.is_none() && Kernel::of(&magic).is_none() {
        let begin = kernel::begin(&magic);
        return Err(Error::unsupported(match container {
            Container::Bare => format!(
                "neither a bzImage, nor EFI zboot, nor a packed or plain ELF file or Image: it begins with {begin}"
            ),
            _ => format!("the {}'s payload at 0x{start:x} begins with {begin}", container.name()),
        }));
    }
    Ok(Payload { container, start, length, compression })
}

fn at_most(length: u64, most: usize) -> usize {
    usize::try_from(length).unwrap_or(most).min(most)
}

/// Start and length by the setup header of x86: `boot_flag` at 0x1fe, "HdrS" at 0x202, `version` at 0x206.
fn bz_image(head: &[u8]) -> Result<Option<(u64, u64)>> {
    if bytes(head, 0x1fe) != Some([0x55, 0xaa]) || bytes(head, 0x202) != Some(*b"HdrS") {
        return Ok(None);
    }
    let cut = || Error::corrupt("the file ends inside the bzImage's setup header");
    let [low, high] = bytes(head, 0x206).ok_or_else(cut)?;
    if u16::from_le_bytes([low, high]) < PAYLOAD_PROTOCOL {
        return Err(Error::unsupported(format!(
            "a bzImage of boot protocol {high}.{low:02} does not tell where its payload lies; those since 2.08 (Linux \
             2.6.26) do"
        )));
    }
    // setup_sects counts the sectors behind the boot sector.
    let [setup_sects] = bytes(head, 0x1f1).ok_or_else(cut)?;
    let setup_sects = match setup_sects {
        0 => DEFAULT_SETUP_SECTORS,
        sectors => u64::from(sectors),
    };
    let payload_offset = u64::from(u32::from_le_bytes(bytes(head, 0x248).ok_or_else(cut)?));
    let payload_length = u64::from(u32::from_le_bytes(bytes(head, 0x24c).ok_or_else(cut)?));
    // OK to add and multiply: at most 256 * 512 + 2^32.
    #[allow(clippy::arithmetic_side_effects)]
    let start = (setup_sects + 1) * SECTOR + payload_offset;
    Ok(Some((start, payload_length)))
}

/// "MZ", "zimg" at 4, the payload's offset at 8 and its length at 12. The name of its compression at 24 is not needed: the
/// payload tells that itself.
fn zboot(head: &[u8]) -> Result<Option<(u64, u64)>> {
    if bytes(head, 0) != Some(*b"MZ") || bytes(head, 4) != Some(*b"zimg") {
        return Ok(None);
    }
    let cut = || Error::corrupt("the file ends inside the EFI zboot header");
    let start = u64::from(u32::from_le_bytes(bytes(head, 8).ok_or_else(cut)?));
    let length = u64::from(u32::from_le_bytes(bytes(head, 12).ok_or_else(cut)?));
    Ok(Some((start, length)))
}

fn bytes<const COUNT: usize>(head: &[u8], offset: usize) -> Option<[u8; COUNT]> {
    head.get(offset..)?.first_chunk().copied()
}
