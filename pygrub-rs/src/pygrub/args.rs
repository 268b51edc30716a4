//! The command line, resolved once into meaning.
//!
//! pygrub parses with GNU's `getopt_long`: options may follow the image, a long option may be abbreviated to a unique
//! prefix, `--option value` and `--option=value` are the same, a value may begin with a dash, short options may be
//! clustered, a repeated option's last value counts, `--` ends the options. clap does all of that once told so
//! (`infer_long_args`, `allow_hyphen_values`, `args_override_self`); the tests below hold it to every prefix of every
//! option of pygrub's. One thing needs care: our own options must not take an abbreviation away from pygrub's, so
//! `--n`, `--no` and `--d`, `--de` are spelled out as aliases of `--not-really` and `--debug`.
//!
//! Better on purpose: wrong usage is told in one line; an operand too many is an error (pygrub ignores it, and so
//! would read the wrong disk if they were swapped); an empty operand is dropped (xapi splits its arguments on single
//! blanks).

use super::blanks;
use crate::boot::{Voice, Wanted};
use crate::exit::{Failure, Result};
use crate::format::Format;
use crate::menu::Timeout;
use crate::units::parse_size;
use crate::worker_options::WorkerOptions;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Where files go unless told otherwise: xapi accepts them from nowhere else.
pub(super) const DEFAULT_DIRECTORY: &str = "/var/run/xen/pygrub/";

const EXAMPLES: &str = "\
Examples:
  pygrub-rs guest.img                         the guest's boot menu
  pygrub-rs -l guest.img                      what could be booted
  pygrub-rs -q -n guest.img                   what would be booted
  pygrub-rs -q --output-directory=/tmp/b --output-format=simple guest.img
  pygrub-rs --entry='Debian GNU/Linux' guest.img
  pygrub-rs --kernel=/vmlinuz --ramdisk=/initrd --args=ro guest.img

Environment: PYGRUB_MAX_FILE_SIZE_MB and PYGRUB_MAX_RAM_USAGE_MB are the limits of the size options and of
--worker-memory, in MiB, where those are not given.

Exit status: 0 with a kernel in the result (or the list printed), 1 otherwise. Nothing is left behind on failure.";

/// Find a guest's kernel and ramdisk on its disk image and hand them to the domain builder.
///
/// Everything on the disk is read in a jailed worker process; see `fsimage info --sandbox`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "pygrub-rs",
    version,
    infer_long_args = true,
    args_override_self = true,
    after_help = EXAMPLES
)]
pub(super) struct Options {
    /// The guest's disk: an image file or a block device, raw
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,

    /// Boot the default entry without asking
    #[arg(short, long, help_heading = "What to boot")]
    pub quiet: bool,
    /// Show the menu, which is the default where standard input and output are a terminal; without one the default entry is
    /// booted
    #[arg(short, long, help_heading = "What to boot", overrides_with = "quiet")]
    pub interactive: bool,
    /// Boot the default entry after so many seconds in which no key is pressed, whatever the configuration says; -1 waits
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "What to boot",
          value_parser = parse_timeout)]
    pub timeout: Option<Timeout>,
    /// Boot this entry: its number from 0 as -l lists them, its exact title, or its id. Implies -q
    #[arg(long, value_name = "ENTRY", allow_hyphen_values = true, help_heading = "What to boot",
          value_parser = bytes())]
    pub entry: Option<Bytes>,
    /// Boot this file of the guest's; its configuration is not read
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, help_heading = "What to boot",
          value_parser = bytes())]
    pub kernel: Option<Bytes>,
    /// With this ramdisk, a file beside the kernel
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, help_heading = "What to boot",
          value_parser = bytes())]
    pub ramdisk: Option<Bytes>,
    /// More kernel arguments, appended to the entry's
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "What to boot",
          value_parser = bytes())]
    pub args: Option<Bytes>,

    /// The filesystem begins at this byte of the image; no partition table is read
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true, help_heading = "Where to look")]
    pub offset: Option<u64>,
    /// Look on this partition only (`fsimage partitions IMAGE` lists them)
    #[arg(long, value_name = "ADDRESS", help_heading = "Where to look")]
    pub partition: Option<String>,
    /// IMAGE is no disk but the text of a boot configuration: tell what it would boot
    #[arg(long, help_heading = "Where to look")]
    pub isconfig: bool,

    /// List the menu's entries and exit
    #[arg(short, long, help_heading = "What to write")]
    pub list_entries: bool,
    /// Check that the files are there, but copy none
    #[arg(short, long, alias = "no", alias = "n", help_heading = "What to write")]
    pub not_really: bool,
    /// Write the result to this file, which must exist; - is standard output
    #[arg(
        long,
        value_name = "FILE",
        allow_hyphen_values = true,
        default_value = "-",
        help_heading = "What to write"
    )]
    pub output: PathBuf,
    /// How to write it
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "sxp",
        allow_hyphen_values = true,
        help_heading = "What to write"
    )]
    pub output_format: Format,
    /// Put kernel and ramdisk into this directory, which must exist [default: /var/run/xen/pygrub/]
    #[arg(long, value_name = "DIR", allow_hyphen_values = true, help_heading = "What to write")]
    pub output_directory: Option<PathBuf>,

    /// Hand over the kernel unpacked, the ELF file in a bzImage: it is unpacked in the jail, and not by the domain builder
    #[arg(long, help_heading = "What to write")]
    pub vmlinux: bool,

    /// The user that the worker becomes; never root
    #[arg(long, value_name = "UID", allow_hyphen_values = true, help_heading = "Limits and jail")]
    pub runas: Option<u32>,
    /// Refuse a larger kernel: bytes, or with K, M, G [default: 1G]
    #[arg(long, value_name = "SIZE", help_heading = "Limits and jail", value_parser = parse_size)]
    pub max_kernel_size: Option<u64>,
    /// Refuse a larger ramdisk, all parts together: bytes, or with K, M, G [default: 1G]
    #[arg(long, value_name = "SIZE", help_heading = "Limits and jail", value_parser = parse_size)]
    pub max_ramdisk_size: Option<u64>,
    /// Read the guest's disk without a jail. Dangerous: a hostile disk may take over this host
    #[arg(long, help_heading = "Limits and jail")]
    pub no_sandbox: bool,
    /// Say what was looked at and why it was passed over
    #[arg(long, alias = "d", alias = "de", help_heading = "Limits and jail")]
    pub debug: bool,
    #[command(flatten)]
    pub worker: WorkerOptions,
}

impl Options {
    /// What is to be booted.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            entry: self.entry.clone(),
            kernel: self.kernel.clone(),
            ramdisks: self.ramdisk.clone().map(|path| vec![path]),
            args: self.args.clone(),
        }
    }

    /// How this program speaks.
    pub(super) fn voice(&self) -> Voice {
        Voice { program: "pygrub-rs", lists: "-l lists them", more_arguments: "--args", debug: self.debug }
    }
}

/// A value that is passed on to the guest or compared with guest text: bytes, not necessarily UTF-8.
pub(super) type Bytes = Vec<u8>;

fn parse_timeout(text: &str) -> Result<Timeout, String> {
    match text.parse::<i64>() {
        Ok(-1) => Ok(Timeout::Never),
        Ok(seconds) => {
            u32::try_from(seconds).map(Timeout::Seconds).map_err(|_| "seconds, or -1 to wait".to_owned())
        }
        Err(_) => Err("seconds, or -1 to wait".to_owned()),
    }
}

fn bytes() -> impl clap::builder::TypedValueParser<Value = Bytes> {
    use clap::builder::TypedValueParser;
    clap::builder::OsStringValueParser::new().map(OsStringExt::into_vec)
}

/// What the command line asks for.
#[derive(Debug)]
pub(super) enum Invocation {
    /// To be told how to use the program, or its version.
    Teach(String),
    /// To run.
    Run(Box<Options>),
}

/// Resolves the command line.
pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Invocation> {
    let arguments = blanks::split(arguments.collect());
    match Options::try_parse_from(arguments) {
        Ok(options) => Ok(Invocation::Run(Box::new(resolve(options)))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Invocation::Teach(error.render().to_string()))
            }
            _ => Err(usage(&error)),
        },
    }
}

/// An empty value asks for what no value asks for, as it does to pygrub.
fn resolve(options: Options) -> Options {
    let given = |value: Option<Bytes>| value.filter(|value| !value.is_empty());
    Options {
        quiet: options.quiet || options.entry.is_some(),
        entry: given(options.entry),
        kernel: given(options.kernel),
        ramdisk: given(options.ramdisk),
        args: given(options.args),
        ..options
    }
}

/// clap's first line says what is wrong; the rest of its text would come between the message and its reader.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let what = lines
        .iter()
        .take_while(|line| {
            !line.starts_with("Usage:") && !line.starts_with("tip:") && !line.starts_with("For more")
        })
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let what = what.trim_start_matches("error: ");
    Failure::Usage(format!("{what}; pygrub-rs --help explains"))
}

#[cfg(test)]
mod tests;
