//! The command line.

use super::boot::Booting;
use super::examples;
use super::find::{SizeTest, type_by_letter};
use super::get::{Conflict, How, Preserve};
use super::manual::Program;
use super::pattern::Pattern;
use crate::units::parse_size;
use crate::worker_options::{LIMITS, WorkerOptions};
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use fsimage::FileType;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the program's page tells beside its options; the first line is all that the short help has.
const ABOUT: &str = "\
Look into a guest's disk image, and copy files out of it, without trusting it

Everything on the disk is read in a jailed worker process; `fsimage info --sandbox` tells of the jail.

IMAGE is a disk image or block device on this host, PATH a path in the guest's filesystem. IMAGE:/PATH is both in one \
word, IMAGE#ADDR and IMAGE#ADDR:/PATH name the partition, too; a file on the host that has the whole word for its name \
comes first. Without a partition, PATH is looked for on the volume that has a boot configuration, else on the only one \
that has a filesystem, else on the first that has PATH.

Names that are not printable UTF-8 are printed escaped: \\xNN for a byte, \\\\ for a backslash. With --json one object \
is printed on a line, as it goes (partitions, info, bootcfg and plugins: one value).

Exit status: 0 done, 1 failed with a message on standard error, 2 wrong usage. One of several files that fails is told \
of, the rest is done, and the status is 1. A reader of standard output that goes away is no failure.";

/// Look into a guest's disk image, and copy files out of it, without trusting it.
#[derive(Debug, Parser)]
#[command(
    name = "fsimage",
    version,
    long_about = ABOUT,
    after_help = examples::PROGRAM,
    arg_required_else_help = true,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs"
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// The partition to look into, as `fsimage partitions` names it
    #[arg(long, global = true, value_name = "ADDR")]
    pub partition: Option<String>,
    /// The filesystem begins at this byte of the image; no partition table is read
    #[arg(long, global = true, value_name = "BYTES")]
    pub offset: Option<u64>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no bar of progress
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Say more when something fails
    #[arg(long, global = true)]
    pub debug: bool,
    /// Most files and directories that one -R or -r visits
    #[arg(long, global = true, value_name = "COUNT", default_value_t = super::walk::MAX_ENTRIES,
          help_heading = LIMITS, hide_short_help = true)]
    pub max_entries: u64,
    /// Most directories on one path that -R and -r enter
    #[arg(long, global = true, value_name = "COUNT", default_value_t = super::walk::MAX_DEPTH,
          help_heading = LIMITS, hide_short_help = true)]
    pub max_depth: usize,
    /// Refuse a larger file: bytes, or with K, M, G
    #[arg(long, global = true, value_name = "SIZE", default_value = "64G", value_parser = parse_size,
          help_heading = LIMITS, hide_short_help = true)]
    pub max_file_size: u64,
    /// Read the disk without a jail. Dangerous: a hostile disk may take over this host
    #[arg(long, global = true, help_heading = LIMITS, hide_short_help = true)]
    pub no_sandbox: bool,
    #[command(flatten)]
    pub worker: WorkerOptions,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the disk's partitions and the filesystem on each
    #[command(after_help = examples::PARTITIONS)]
    Partitions {
        #[command(flatten)]
        image: Image,
    },
    /// Tell what the disk holds; with --sandbox, what jail it is read in on this host
    #[command(after_help = examples::INFO)]
    Info {
        /// Tell the jail's steps and the plugins; IMAGE may be left out then
        #[arg(long)]
        sandbox: bool,
        /// The disk image
        #[arg(required_unless_present = "sandbox", value_hint = ValueHint::FilePath)]
        image: Option<OsString>,
    },
    /// Show every boot configuration, which of them boots, and why each other does not
    #[command(after_help = examples::BOOTCFG)]
    Bootcfg {
        #[command(flatten)]
        image: Image,
    },
    /// Put the guest's kernel, ramdisk and kernel arguments into a directory, all of them or none
    #[command(long_about = examples::BOOT_ABOUT, after_help = examples::BOOT)]
    Boot {
        #[command(flatten)]
        image: Image,
        #[command(flatten)]
        how: Box<Booting>,
    },
    /// List files
    #[command(after_help = examples::LS)]
    Ls {
        #[command(flatten)]
        how: Listing,
        #[command(flatten)]
        what: Files,
    },
    /// Draw directories and what is in them
    #[command(after_help = examples::TREE)]
    Tree {
        #[command(flatten)]
        how: TreeShape,
        #[command(flatten)]
        what: Files,
    },
    /// Tell all that is known of files
    #[command(after_help = examples::STAT)]
    Stat {
        #[command(flatten)]
        how: Status,
        #[command(flatten)]
        what: Files,
    },
    /// Print files
    #[command(after_help = examples::CAT)]
    Cat {
        #[command(flatten)]
        how: Unpacking,
        #[command(flatten)]
        what: Files,
    },
    /// Copy files and directories out of the image; each file appears whole or not at all
    #[command(after_help = examples::GET)]
    Get {
        #[command(flatten)]
        how: Copying,
        #[command(flatten)]
        what: Files,
    },
    /// Print the paths of files that pass all tests
    #[command(after_help = examples::FIND)]
    Find {
        #[command(flatten)]
        how: Box<Tests>,
        #[command(flatten)]
        what: Files,
    },
    /// Print the SHA-256 of files
    #[command(after_help = examples::SUM)]
    Sum {
        #[command(flatten)]
        how: Depth,
        #[command(flatten)]
        what: Files,
    },
    /// List the filesystems that this installation reads
    #[command(after_help = examples::PLUGINS)]
    Plugins,
    /// Print a script that completes a program's command lines in a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
        /// The program
        #[arg(default_value = "fsimage")]
        program: Program,
    },
    /// Print a manual page, or write all of them into a directory
    #[command(after_help = examples::MAN)]
    Man {
        /// Write every page into this directory
        #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output: Option<PathBuf>,
        /// The page of this verb, or of pygrub-rs
        #[arg(conflicts_with = "output")]
        verb: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Image {
    /// The disk image; IMAGE#ADDR is one of its partitions
    #[arg(value_hint = ValueHint::FilePath)]
    pub image: OsString,
}

#[derive(Debug, Args)]
pub(super) struct Files {
    /// The disk image; or IMAGE:/PATH, IMAGE#ADDR:/PATH
    #[arg(value_hint = ValueHint::FilePath)]
    pub image: OsString,
    /// Paths in the guest
    #[arg(value_name = "PATH", value_hint = ValueHint::Other)]
    pub paths: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Unpacking {
    /// Unpack kernels, in the jail
    ///
    /// The ELF file in a bzImage, the Image in an EFI zboot image or an Image.gz. A kernel that is not packed stays as it is.
    #[arg(long)]
    pub vmlinux: bool,
}

#[derive(Debug, Args)]
pub(super) struct TreeShape {
    /// Directories only
    #[arg(short, long)]
    pub directories: bool,
    /// Only so many levels deep
    #[arg(short = 'L', long, value_name = "COUNT")]
    pub level: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Follow a symbolic link at the end of PATH
    #[arg(short = 'L', long)]
    pub dereference: bool,
    /// Tell where the file's data lies on the disk
    #[arg(short, long)]
    pub extents: bool,
}

#[derive(Debug, Args)]
pub(super) struct Tests {
    /// The last name matches this pattern of *, ? and [...]
    #[arg(short, long, value_name = "GLOB", value_parser = Pattern::parse)]
    pub name: Option<Pattern>,
    /// The same without regard to case
    #[arg(short, long, value_name = "GLOB", value_parser = Pattern::parse_caseless)]
    pub iname: Option<Pattern>,
    /// The whole path matches
    #[arg(short, long, value_name = "GLOB", value_parser = Pattern::parse)]
    pub path: Option<Pattern>,
    /// Of one of these types: f (file), d (directory), l (link), c, b, p, s
    #[arg(short, long, value_name = "LETTER", value_delimiter = ',', value_parser = type_by_letter)]
    pub r#type: Vec<FileType>,
    /// More (+), less (-) or exactly so many bytes, or with K, M, G; may be repeated
    #[arg(short, long, value_name = "[+-]SIZE", allow_hyphen_values = true, value_parser = SizeTest::parse)]
    pub size: Vec<SizeTest>,
    /// Only so many levels deep; a PATH itself is level 0
    #[arg(short = 'L', long, value_name = "COUNT")]
    pub level: Option<usize>,
    /// End each path, as it is, with a NUL
    #[arg(short = '0', long)]
    pub null: bool,
}

#[derive(Debug, Args)]
pub(super) struct Copying {
    /// Where to: the new file or directory, or an existing directory to copy into
    #[arg(short, long, value_name = "FILE|DIR", default_value = ".")]
    pub output: PathBuf,
    /// Copy directories with all that is below them
    #[arg(short, long, short_alias = 'R')]
    pub recursive: bool,
    /// Keep permissions and times; or with =LIST some of mode, times, owner. Set-user-id is never kept
    #[arg(short, long, value_name = "LIST", num_args = 0..=1, require_equals = true,
          default_missing_value = "mode,times", value_parser = Preserve::parse)]
    pub preserve: Option<Preserve>,
    /// Replace files that exist, and go into directories that do
    #[arg(short, long)]
    pub force: bool,
    /// Leave files that exist as they are, and copy what is missing: goes on after an interruption
    #[arg(short, long, conflicts_with = "force")]
    pub skip_existing: bool,
    /// Leave out symbolic links
    #[arg(long)]
    pub no_links: bool,
    /// Unpack kernels, in the jail
    ///
    /// The ELF file in a bzImage, the Image in an EFI zboot image or an Image.gz. A kernel that is not packed stays as it is.
    #[arg(long, conflicts_with = "recursive")]
    pub vmlinux: bool,
    /// Name each copy on standard output
    #[arg(short, long)]
    pub verbose: bool,
    /// Most data to copy in all: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "256G", value_parser = parse_size,
          help_heading = LIMITS, hide_short_help = true)]
    pub max_total_size: u64,
}

impl Copying {
    pub(super) fn how(&self) -> How {
        How {
            recursive: self.recursive,
            conflict: match (self.force, self.skip_existing) {
                (true, _) => Conflict::Replace,
                (_, true) => Conflict::Keep,
                _ => Conflict::Refuse,
            },
            preserve: self.preserve.unwrap_or_default(),
            links: !self.no_links,
            unpack: self.vmlinux,
            verbose: self.verbose,
            max_total_size: self.max_total_size,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Listing {
    /// Mode, links, owner, group, size, time; links are told of as links
    #[arg(short, long)]
    pub long: bool,
    #[command(flatten)]
    pub depth: Depth,
}

#[derive(Debug, Args)]
pub(super) struct Depth {
    /// Everything below a directory, too
    #[arg(short = 'R', long)]
    pub recursive: bool,
}
