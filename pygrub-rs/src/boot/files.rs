//! The files of a choice: found, located, copied.

use super::Choice;
use super::image::{Found, Located, of};
use super::ramdisk::Layout;
use crate::exit::{Failure, Result};
use fsimage::output::Draft;
use fsimage::{PackedKernel, Session};
use std::collections::BTreeSet;
use std::os::fd::AsFd;

/// What no guest may exceed, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of the kernel, packed or not.
    pub kernel: u64,
    /// Of all ramdisks together.
    pub ramdisk: u64,
}

/// Kernel and ramdisks, each there and of a size that is allowed.
#[derive(Debug)]
pub(crate) struct BootFiles<'a> {
    kernel: Found<'a>,
    ramdisks: Vec<Found<'a>>,
    joined: Layout,
}

impl<'a> BootFiles<'a> {
    /// Looks for them.
    pub(crate) fn find(session: &mut Session, choice: &'a Choice, limits: Limits) -> Result<Self> {
        let kernel = Found::find(session, &choice.kernel, "kernel")?;
        let ramdisks = choice
            .ramdisks
            .iter()
            .map(|image| Found::find(session, image, "ramdisk"))
            .collect::<Result<Vec<Found<'_>>>>()?;
        check_size("kernel", "--max-kernel-size", kernel.size(), limits.kernel)?;
        let joined = layout(&ramdisks)?;
        check_size("ramdisk", "--max-ramdisk-size", joined.size, limits.ramdisk)?;
        Ok(Self { kernel, ramdisks, joined })
    }

    /// Whether there is any ramdisk.
    pub(crate) fn has_ramdisk(&self) -> bool {
        !self.ramdisks.is_empty()
    }

    /// Bytes of the kernel as it lies in the guest.
    pub(crate) fn kernel_size(&self) -> u64 {
        self.kernel.size()
    }

    /// Bytes of the ramdisks, joined.
    pub(crate) fn ramdisk_size(&self) -> u64 {
        self.joined.size
    }

    /// Begins to unpack the kernel.
    pub(crate) fn packed_kernel(&self, session: &mut Session, limits: Limits) -> Result<PackedKernel> {
        let told = self.kernel.part().and_then(|part| session.packed_kernel(&part, limits.kernel));
        told.map_err(|why| of(&self.kernel, why))
    }

    /// Unpacks it. Returns how many bytes came out.
    pub(crate) fn unpack_kernel(
        &self,
        session: &mut Session,
        kernel: &PackedKernel,
        draft: &Draft<'_>,
    ) -> Result<u64> {
        session.unpack_to_file(kernel, draft.as_fd()).map_err(|why| of(&self.kernel, why))
    }

    /// Where all of their bytes lie, as far as that can be said beforehand.
    pub(crate) fn locate(&'a self, session: &mut Session) -> Result<LocatedFiles<'a>> {
        let kernel = self.kernel.locate(session)?;
        let ramdisks = self.ramdisks.iter().map(|found| found.locate(session)).collect::<Result<Vec<_>>>()?;
        Ok(LocatedFiles { kernel, ramdisks, joined: &self.joined })
    }
}

fn layout(ramdisks: &[Found<'_>]) -> Result<Layout> {
    let files = ramdisks
        .iter()
        .map(|found| (found.size(), found.image.newc_name.as_ref().map(|name| name.0.as_slice())));
    Layout::new(files).map_err(|why| Failure::Failed(format!("the ramdisk cannot be made: {why}")))
}

fn check_size(what: &str, option: &str, size: u64, limit: u64) -> Result<()> {
    if size > limit {
        return Err(Failure::Failed(format!(
            "the {what} has {size} bytes and may have {limit}; {option} raises the limit"
        )));
    }
    Ok(())
}

/// The files, and where their bytes lie.
#[derive(Debug)]
pub(crate) struct LocatedFiles<'a> {
    kernel: Located<'a>,
    ramdisks: Vec<Located<'a>>,
    joined: &'a Layout,
}

impl LocatedFiles<'_> {
    /// The volumes that they lie on.
    pub(crate) fn volumes(&self) -> BTreeSet<u32> {
        let files = self.ramdisks.iter().chain([&self.kernel]);
        files.map(|file| file.found.image.file.volume).collect()
    }

    /// Lets the worker go when nothing of it is needed any more: it ends while the files are copied. `kernel` says whether
    /// the kernel is one of them.
    pub(crate) fn let_go(&self, session: &mut Session, kernel: bool) {
        if (!kernel || self.kernel.is_plain()) && self.ramdisks.iter().all(Located::is_plain) {
            session.release();
        }
    }

    /// Copies the kernel.
    pub(crate) fn copy_kernel(&self, session: &mut Session, draft: &Draft<'_>) -> Result<()> {
        let copied = self.kernel.copy(session, draft, 0);
        copied.map(drop).map_err(|why| of(self.kernel.found, why))
    }

    /// Copies the ramdisks, one behind the other.
    pub(crate) fn copy_ramdisk(&self, session: &mut Session, draft: &Draft<'_>) -> Result<()> {
        self.joined.write(session, &self.ramdisks, draft)
    }
}
