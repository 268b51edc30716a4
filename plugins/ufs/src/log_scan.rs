//! Solaris' log read from its head (`logmap_logscan`): deltas, gathered until a commit makes them count. What follows the
//! last commit never happened.

use crate::log_header::Log;
use crate::log_space::{LogPosition, SECTOR, USABLE};
use crate::overlay::{Overlay, Source};
use crate::superblock::Superblock;
use fsimage_sdk::{Endian, Error, Fields, Limits, Result, Volume, to_u64, to_usize};

/// Bytes of `struct delta`.
const DELTA_SIZE: usize = 16;
/// `MAPBLOCKSIZE`: no delta is longer.
const MAX_DELTA: u64 = 8192;

/// `delta_t`, as far as reading depends on it.
const DT_ABZERO: u32 = 5;
const DT_COMMIT: u32 = 10;
const DT_CANCEL: u32 = 11;
const DT_MAX: u32 = 17;

/// What a log amounts to.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) overlay: Overlay,
    pub(crate) transactions: u64,
    /// Why the log was read no further, where that was not its end.
    pub(crate) broken_off: Option<Error>,
}

/// A change within a transaction.
enum Change {
    Write {
        place: u64,
        length: u64,
        source: Source,
    },
    /// The range was freed: what the log holds of it must not come back.
    Cancel {
        place: u64,
        length: u64,
    },
}

/// Reads the log and gives what lies over the disk once it is rolled. The end of the log is where its sectors' numbers
/// (`st_ident`) stop following each other, or where a delta makes no sense: Solaris too keeps what was committed before.
///
/// # Errors
/// `Corrupt`, `Unsupported` for extents and header; `Io`; `Limit`.
pub(crate) fn replay(volume: &Volume, superblock: &Superblock, limits: &Limits) -> Result<Replay> {
    let log = Log::read(volume, superblock)?;
    let mut reader = Reader { volume, endian: superblock.endian, log: &log, last: None };
    let mut overlay = Overlay::new(log.space.clone());
    let (mut transactions, mut pending, mut broken_off) = (0_u64, Vec::new(), None);
    let mut position = log.start;
    // One sector is left over, so that a full log is no empty one.
    let end = LogPosition(log.space.sectors.saturating_sub(1).saturating_mul(USABLE));
    while position < end {
        let Some(bytes) = reader.read(position, DELTA_SIZE)? else { break };
        let delta = match Delta::parse(&bytes, superblock, reader.place(position)?) {
            Ok(delta) => delta,
            Err(error) => {
                broken_off = Some(error);
                break;
            }
        };
        position = position.advanced(to_u64(DELTA_SIZE));
        match delta {
            Delta::Commit => {
                position = position.next_sector();
                if !pending.is_empty() {
                    transactions = transactions.saturating_add(1);
                }
                for change in pending.drain(..) {
                    match change {
                        Change::Write { place, length, source } => {
                            overlay.insert(place, length, source, limits.max_memory)?;
                        }
                        Change::Cancel { place, length } => overlay.remove(place, length),
                    }
                }
            }
            Delta::Cancel { place, length } => pending.push(Change::Cancel { place, length }),
            Delta::Zeros { place, length } => {
                pending.push(Change::Write { place, length, source: Source::Zeros });
            }
            Delta::Data { place, length } => {
                pending.push(Change::Write { place, length, source: Source::Log(position) });
                position = position.advanced(length);
                // Its bytes must be there too: the sectors they lie in have their numbers.
                if !reader.skip(position)? {
                    break;
                }
            }
        }
        if to_u64(pending.len()).saturating_mul(64) > limits.max_memory {
            return Err(Error::limit(format!("max_memory={}: a transaction of the log", limits.max_memory)));
        }
    }
    Ok(Replay { overlay, transactions, broken_off })
}

/// `struct delta`, checked as Solaris does (`logmap_logscan_add`).
enum Delta {
    Commit,
    Cancel { place: u64, length: u64 },
    Zeros { place: u64, length: u64 },
    Data { place: u64, length: u64 },
}

impl Delta {
    fn parse(bytes: &[u8], superblock: &Superblock, at: u64) -> Result<Self> {
        let delta = Fields::new(bytes, superblock.endian, "log delta", at);
        let (d_mof, d_nb, d_typ) = (delta.i64(0x0)?, delta.i32(0x8)?, delta.u32(0xc)?);
        if d_typ == DT_COMMIT {
            return match d_nb {
                0 | -1 => Ok(Self::Commit),
                _ => Err(delta.corrupt(0x8, format_args!("d_nb {d_nb} of a commit"))),
            };
        }
        if d_typ == 0 || d_typ >= DT_MAX {
            return Err(delta.corrupt(0xc, format_args!("d_typ {d_typ}")));
        }
        let length = u64::try_from(d_nb).ok().filter(|length| *length <= MAX_DELTA);
        let length = length.ok_or_else(|| delta.corrupt(0x8, format_args!("d_nb {d_nb}")))?;
        let place = u64::try_from(d_mof)
            .ok()
            .filter(|place| place.checked_add(length).is_some_and(|end| end <= superblock.size()))
            .ok_or_else(|| delta.corrupt(0x0, format_args!("d_mof {d_mof:#x} and {length} bytes")))?;
        Ok(match d_typ {
            DT_CANCEL => Self::Cancel { place, length },
            DT_ABZERO => Self::Zeros { place, length },
            _ => Self::Data { place, length },
        })
    }
}

/// Reads the log a sector at a time and holds each against its number.
struct Reader<'a> {
    volume: &'a Volume,
    endian: Endian,
    log: &'a Log,
    /// The sector read last, counted from the head's, and its usable bytes.
    last: Option<(u64, Vec<u8>)>,
}

impl Reader<'_> {
    /// `length` bytes, or `None` where the log ends before them.
    fn read(&mut self, position: LogPosition, length: usize) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::with_capacity(length);
        let mut position = position;
        while bytes.len() < length {
            let Some(sector) = self.sector(position.sector())? else { return Ok(None) };
            let rest = sector.get(to_usize(position.0 % USABLE)?..).unwrap_or_default();
            let wanted = length.saturating_sub(bytes.len());
            bytes.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
            position = position.advanced(to_u64(rest.len().min(wanted)));
        }
        Ok(Some(bytes))
    }

    /// Are all sectors there up to the byte before `position`?
    fn skip(&mut self, position: LogPosition) -> Result<bool> {
        let last = LogPosition(position.0.saturating_sub(1)).sector();
        let mut next = self.last.as_ref().map_or(0, |(sector, _)| sector.saturating_add(1));
        while next <= last {
            if self.sector(next)?.is_none() {
                return Ok(false);
            }
            next = next.saturating_add(1);
        }
        Ok(true)
    }

    /// A sector's usable bytes; `None` when its number is not the one due.
    fn sector(&mut self, number: u64) -> Result<Option<&[u8]>> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            if number >= self.log.space.sectors {
                return Ok(None);
            }
            let place = self.log.space.place(number)?;
            let mut bytes = self.volume.read_vec_at(place, to_usize(SECTOR)?)?;
            let st_ident = Fields::new(&bytes, self.endian, "log sector", place).u32(0x1fc)?;
            // OK to wrap: the numbers do.
            let due = self.log.head_ident.wrapping_add(u32::try_from(number).unwrap_or(u32::MAX));
            if st_ident != due {
                return Ok(None);
            }
            bytes.truncate(to_usize(USABLE)?);
            self.last = Some((number, bytes));
        }
        Ok(self.last.as_ref().map(|(_, bytes)| bytes.as_slice()))
    }

    /// The byte on the volume of a position, for messages.
    fn place(&self, position: LogPosition) -> Result<u64> {
        Ok(self.log.space.place(position.sector())?.saturating_add(position.0 % USABLE))
    }
}
