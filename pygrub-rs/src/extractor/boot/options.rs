//! The options of `fsimage boot`.

use super::How;
use crate::boot::{Limits, Wanted};
use crate::machine::Monitor;
use crate::units::parse_size;
use crate::worker_options::LIMITS;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueHint};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::extractor) struct Booting {
    /// Where to: an existing directory, or the name of a new one
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Boot this entry: its number in `fsimage bootcfg`, its exact title, or its id
    #[arg(short, long, value_name = "ENTRY", value_parser = bytes())]
    pub entry: Option<Bytes>,
    /// Boot this file of the guest's; its configuration is not read
    #[arg(long, value_name = "PATH", conflicts_with = "entry", value_parser = bytes())]
    pub kernel: Option<Bytes>,
    /// With this ramdisk, a file beside the kernel; may be repeated
    #[arg(long, value_name = "PATH", value_parser = bytes())]
    pub ramdisk: Vec<Bytes>,
    /// With no ramdisk
    #[arg(long, conflicts_with = "ramdisk")]
    pub no_ramdisk: bool,
    /// More kernel arguments, behind the entry's
    #[arg(short, long, visible_alias = "args", value_name = "ARGS", allow_hyphen_values = true, value_parser = bytes())]
    pub append: Option<Bytes>,
    /// These kernel arguments instead of the entry's
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, conflicts_with = "append", value_parser = bytes())]
    pub cmdline: Option<Bytes>,
    /// Unpack the kernel, in the jail
    ///
    /// The ELF file in a bzImage, the Image in an EFI zboot image or an Image.gz. A kernel that is not packed stays as it is; the
    /// worker's memory is 256M then, unless --worker-memory says otherwise.
    #[arg(long)]
    pub vmlinux: bool,
    /// Print what boots the files, a command or a configuration, and nothing else
    ///
    /// Where a monitor wants the kernel unpacked, it is, as with --vmlinux.
    #[arg(long, value_name = "MONITOR", conflicts_with_all = ["json", "verbose"])]
    pub print: Option<Monitor>,
    /// Replace the files of another boot
    #[arg(short, long)]
    pub force: bool,
    /// Say what was done, as on a terminal
    #[arg(short, long)]
    pub verbose: bool,
    /// Refuse a larger kernel, packed or not: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size, help_heading = LIMITS,
          hide_short_help = true)]
    pub max_kernel_size: u64,
    /// Refuse a larger ramdisk, all parts together: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size, help_heading = LIMITS,
          hide_short_help = true)]
    pub max_ramdisk_size: u64,
}

/// A value that is passed on to the guest or compared with guest text.
type Bytes = Vec<u8>;

fn bytes() -> impl TypedValueParser<Value = Bytes> {
    OsStringValueParser::new().map(OsStringExt::into_vec)
}

impl Booting {
    pub(in crate::extractor) fn how(&self) -> How {
        How {
            wanted: Wanted {
                entry: self.entry.clone(),
                kernel: self.kernel.clone(),
                ramdisks: (self.no_ramdisk || !self.ramdisk.is_empty()).then(|| self.ramdisk.clone()),
                args: self.append.clone(),
            },
            cmdline: self.cmdline.clone(),
            unpack: self.vmlinux || self.print.is_some_and(Monitor::wants_unpacked),
            replace: self.force,
            monitor: self.print,
            verbose: self.verbose,
            limits: Limits { kernel: self.max_kernel_size, ramdisk: self.max_ramdisk_size },
        }
    }
}
