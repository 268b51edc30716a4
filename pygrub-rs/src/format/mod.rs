//! The result, as the domain builder reads it: one file per output format.
//!
//! The values come from the guest and are read by root: CVE-2016-9379 and CVE-2016-9380 were a guest that wrote
//! the toolstack's separators into them. Here a value that a format cannot carry is an error, never written.

mod json;
mod simple;
mod sxp;

use thiserror::Error;

/// What the domain builder needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootResult {
    /// Path of the kernel on the host; `<kernel:/path>` when no file was written.
    pub kernel: Vec<u8>,
    /// Path of the ramdisk on the host; `<ramdisk:/path>` when no file was written.
    pub ramdisk: Option<Vec<u8>>,
    /// The kernel's arguments; empty for none.
    pub args: Vec<u8>,
    /// What was chosen, for those who ask for more than the builder needs.
    pub origin: Origin,
}

/// Where the files come from, in guest terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Title of the menu entry; none with `--kernel`.
    pub title: Option<Vec<u8>>,
    /// Whether nothing of the guest's says that this is what it boots.
    pub guess: bool,
    /// Address of the kernel's volume.
    pub volume: Vec<u8>,
    /// The kernel's path on it.
    pub kernel: Vec<u8>,
    /// The ramdisks' paths, in the order in which they were joined.
    pub ramdisks: Vec<Vec<u8>>,
}

/// Why a result cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unrepresentable {
    /// No kernel: no domain builder would notice before it is too late.
    #[error("there is no kernel in the result")]
    NoKernel,
    /// A NUL, in a value that ends as a C string.
    #[error("the {0} contains a NUL byte, which no kernel could be given")]
    Nul(&'static str),
    /// The format's separator.
    #[error("the {0} contains a line break, which --output-format=simple cannot carry; simple0 can")]
    LineBreak(&'static str),
    /// Its reader would skip the white space.
    #[error("the {0} begins with white space, which its reader would lose")]
    LeadingSpace(&'static str),
    /// More than its reader holds.
    #[error("the {0} is {1} bytes long; libxl reads at most {max}", max = simple::MAX_ITEM)]
    TooLong(&'static str, usize),
    /// Plain strings always serialise, but the library does not say so.
    #[error("the result does not serialise as JSON")]
    Json,
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// What xend read: an S-expression with Python's quoting.
    Sxp,
    /// Lines, what xapi reads.
    Simple,
    /// Items that end with NUL, what libxl reads.
    Simple0,
    /// One JSON object on one line.
    Json,
}

impl Format {
    /// The result as bytes, whole.
    ///
    /// # Errors
    /// When a value cannot be told apart from the format's own syntax.
    pub fn render(self, result: &BootResult) -> Result<Vec<u8>, Unrepresentable> {
        if result.kernel.is_empty() {
            return Err(Unrepresentable::NoKernel);
        }
        if let Some((name, _)) = result.items().find(|(_, value)| value.contains(&0)) {
            return Err(Unrepresentable::Nul(name));
        }
        match self {
            Self::Sxp => Ok(sxp::render(result)),
            Self::Simple => simple::render(result, b'\n'),
            Self::Simple0 => simple::render(result, 0),
            Self::Json => json::render(result),
        }
    }
}

impl BootResult {
    /// Name and value of what there is, in the order of every format.
    fn items(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let args = (!self.args.is_empty()).then_some(self.args.as_slice());
        let items =
            [("kernel", Some(self.kernel.as_slice())), ("ramdisk", self.ramdisk.as_deref()), ("args", args)];
        items.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}
