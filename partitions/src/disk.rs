//! The disk as the table readers see it: bounded reads that never fail, and a bounded list of remarks.

use fsimage_sdk::Volume;

/// Most reads of one scan. A chain, a GPT and labels in every volume of a sane disk need a few hundred.
const MAX_READS: u32 = 4096;
/// Most bytes of one scan.
const MAX_BYTES: usize = 16 << 20;
/// Most remarks of one scan.
const MAX_REMARKS: usize = 64;

/// A disk being scanned.
pub(crate) struct Disk<'a> {
    volume: &'a Volume,
    reads_left: u32,
    bytes_left: usize,
    /// A limit was reached, and told.
    stopped: bool,
    remarks: Vec<String>,
    /// Remarks made, told or not.
    odd: usize,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(volume: &'a Volume) -> Self {
        Self {
            volume,
            reads_left: MAX_READS,
            bytes_left: MAX_BYTES,
            stopped: false,
            remarks: Vec::new(),
            odd: 0,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.volume.size()
    }

    /// The bytes at this place; none past the disk's end. What the host cannot read is remarked and taken for
    /// absent: one bad sector must not hide the other partitions.
    pub(crate) fn read(&mut self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let end = u64::try_from(length).ok().and_then(|length| offset.checked_add(length))?;
        if end > self.size() {
            return None;
        }
        let budget = self.reads_left.checked_sub(1).zip(self.bytes_left.checked_sub(length));
        let Some((reads, bytes)) = budget else {
            if !self.stopped {
                self.stopped = true;
                self.remark(format!(
                    "the tables want more than {MAX_READS} reads or {MAX_BYTES} bytes: the rest is left out"
                ));
            }
            return None;
        };
        (self.reads_left, self.bytes_left) = (reads, bytes);
        let mut buffer = vec![0; length];
        match self.volume.read_exact_at(offset, &mut buffer) {
            Ok(()) => Some(buffer),
            Err(_) => {
                self.remark(format!("{length} bytes at 0x{offset:x} cannot be read"));
                None
            }
        }
    }

    /// Notes what is odd, in words of our own.
    pub(crate) fn remark(&mut self, what: impl Into<String>) {
        self.odd = self.odd.saturating_add(1);
        match self.remarks.len() {
            count if count < MAX_REMARKS => self.remarks.push(what.into()),
            MAX_REMARKS => self.remarks.push("more is odd than is told here".to_owned()),
            _ => {}
        }
    }

    /// How many things were odd so far, for [`Disk::forget`].
    pub(crate) fn remarks(&self) -> usize {
        self.odd
    }

    /// Takes back the remarks made after there were `count`: what was looked at was no table after all.
    pub(crate) fn forget(&mut self, count: usize) {
        self.odd = count;
        self.remarks.truncate(count);
    }

    /// Ends the scan.
    pub(crate) fn into_remarks(self) -> Vec<String> {
        self.remarks
    }
}
