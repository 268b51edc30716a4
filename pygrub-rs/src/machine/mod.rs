//! What boots the files: a command line or a configuration for each virtual machine monitor, one file per monitor.
//!
//! The arguments are the guest's text, and paths may be anybody's. Whatever their readers would take for something else,
//! and whatever is not fit for a terminal, is refused, never written.

mod cloud_hypervisor;
mod firecracker;
mod libvirt;
mod qemu;
mod shell;
mod xl;

use fsimage::{Piece, pieces};
use std::path::Path;
use thiserror::Error;

/// Memory of the virtual machine, in MiB: for a person to change.
const MEMORY_MIB: u32 = 1024;
/// Longest name, in bytes.
const MAX_NAME: usize = 50;

/// A virtual machine monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Monitor {
    /// A command for the shell.
    Qemu,
    /// A command for the shell; the kernel is unpacked.
    CloudHypervisor,
    /// A file for --config-file, JSON; the kernel is unpacked.
    Firecracker,
    /// xl.cfg of Xen.
    Xl,
    /// A domain's XML.
    Libvirt,
}

/// What is to be booted, all of it on the host; paths are absolute.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// The kernel.
    pub kernel: &'a [u8],
    /// The ramdisk.
    pub ramdisk: Option<&'a [u8]>,
    /// The kernel's arguments.
    pub args: &'a [u8],
    /// The guest's disk.
    pub disk: &'a [u8],
    /// Whether that is a block device.
    pub disk_is_device: bool,
}

/// Why something cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unprintable {
    /// Control characters, characters that hide or reorder text, bytes that are no UTF-8.
    #[error("there is {byte} in the {what}, which cannot be printed{next}")]
    Hidden {
        /// What it is.
        what: &'static str,
        /// Escaped.
        byte: String,
        /// What to do.
        next: &'static str,
    },
    /// This monitor's own rule.
    #[error("the {what} {why}")]
    Refused {
        /// What it is.
        what: &'static str,
        /// Why.
        why: String,
    },
}

impl Monitor {
    /// Whether it boots a kernel only as it is linked. (Cloud Hypervisor takes a bzImage since version 43.)
    #[must_use]
    pub fn wants_unpacked(self) -> bool {
        matches!(self, Self::CloudHypervisor | Self::Firecracker)
    }

    /// The text, lines ended.
    ///
    /// # Errors
    /// When a value would be taken for something else.
    pub fn render(self, machine: &Machine<'_>) -> Result<String, Unprintable> {
        let values = Values {
            kernel: shown("kernel's path", machine.kernel)?,
            ramdisk: machine.ramdisk.map(|path| shown("ramdisk's path", path)).transpose()?,
            args: shown("arguments", machine.args)?,
            disk: shown("image's path", machine.disk)?,
            disk_is_device: machine.disk_is_device,
            name: name(machine.disk),
        };
        match self {
            Self::Qemu => qemu::render(&values),
            Self::CloudHypervisor => cloud_hypervisor::render(&values),
            Self::Firecracker => firecracker::render(&values),
            Self::Xl => xl::render(&values),
            Self::Libvirt => libvirt::render(&values),
        }
    }
}

/// The same as text that is fit for a terminal.
struct Values<'a> {
    kernel: &'a str,
    ramdisk: Option<&'a str>,
    args: &'a str,
    disk: &'a str,
    disk_is_device: bool,
    name: String,
}

fn shown<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a str, Unprintable> {
    let hidden = pieces(bytes).find_map(|piece| match piece {
        Piece::Hidden(byte) => Some(byte),
        Piece::Shown(_) => None,
    });
    match (hidden, std::str::from_utf8(bytes)) {
        (None, Ok(text)) => Ok(text),
        (hidden, _) => Err(Unprintable::Hidden {
            what,
            byte: hidden.map_or_else(String::new, |byte| fsimage::hexadecimal(&[byte])),
            next: if what == "arguments" { "; --cmdline gives others" } else { "" },
        }),
    }
}

/// A name for the machine by its disk: letters and digits that every monitor takes.
fn name(disk: &[u8]) -> String {
    use std::os::unix::ffi::OsStrExt;
    let stem = Path::new(std::ffi::OsStr::from_bytes(disk)).file_stem().unwrap_or_default();
    let letters: String = stem
        .as_bytes()
        .iter()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '-' })
        .take(MAX_NAME)
        .collect();
    match letters.trim_matches('-') {
        "" => "guest".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_letters_and_digits() {
        for (disk, expected) in [
            ("/i/guest.img", "guest"),
            ("/i/my guest's.disk.img", "my-guest-s-disk"),
            ("/dev/vg/web-1", "web-1"),
            ("/i/é.img", "guest"),
            ("/", "guest"),
        ] {
            assert_eq!(name(disk.as_bytes()), expected);
        }
        assert_eq!(name(&[b'x'; 300]).len(), MAX_NAME);
    }
}
