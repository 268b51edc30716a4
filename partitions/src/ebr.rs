//! Logical partitions: the chain of extended boot records inside an extended partition.

use crate::disk::Disk;
use crate::frame::{Found, Frame};
use crate::mbr::{Entry, SECTOR, decode, place};

/// Most records followed, all chains of a table together. Linux gives names to 60 or so, sfdisk to 60 as well.
const MAX_RECORDS: usize = 128;

/// The logical partitions of these extended ones (number, entry), from number 5 on.
pub(crate) fn read(
    disk: &mut Disk<'_>,
    frame: &Frame,
    disk_id: u32,
    extended: &[(u32, &Entry)],
) -> Vec<Found> {
    let mut chain = Chain { disk, frame, disk_id, records: Vec::new(), found: Vec::new(), next_number: 5 };
    for &(number, entry) in extended {
        chain.follow(number, entry);
    }
    chain.found
}

struct Chain<'d, 'v, 'f> {
    disk: &'d mut Disk<'v>,
    frame: &'f Frame,
    disk_id: u32,
    /// Where the records read so far lie on the disk.
    records: Vec<u64>,
    found: Vec<Found>,
    next_number: u32,
}

impl Chain<'_, '_, '_> {
    /// Follows one extended partition's chain. Whatever ends it early, what was read before stays.
    fn follow(&mut self, number: u32, extended: &Entry) {
        let address = self.frame.names.numbered("msdos", number).address;
        let unit = u64::from(self.frame.sector_size);
        // Every link counts from the extended partition's start, every partition from its own record.
        let start = self.frame.at(u64::from(extended.first_sector), unit);
        let mut link = 0_u64;
        loop {
            let why = match self.step(start, link, extended) {
                Ok(Some(next)) => {
                    link = next;
                    continue;
                }
                Ok(None) => return,
                Err(why) => why,
            };
            return self
                .disk
                .remark(format!("the logical partitions of partition {address} end early: {why}"));
        }
    }

    /// Reads the record `link` sectors after `start` and says where the next one is.
    fn step(&mut self, start: u64, link: u64, extended: &Entry) -> Result<Option<u64>, &'static str> {
        let unit = u64::from(self.frame.sector_size);
        if link >= u64::from(extended.sectors) {
            return Err("a link leaves the extended partition");
        }
        let record = start.saturating_add(link.saturating_mul(unit));
        if self.records.contains(&record) {
            return Err("the chain is a cycle");
        }
        if self.records.len() >= MAX_RECORDS {
            return Err("there are more than 128 records");
        }
        self.records.push(record);
        let inside = record.checked_sub(self.frame.start).ok_or("a record lies before the disk")?;
        let sector =
            self.frame.read(self.disk, inside, SECTOR).ok_or("a record lies past the end of the disk")?;
        let entries = decode(&sector).ok().flatten().ok_or("a record has no signature")?;
        for (slot, entry) in entries.iter().enumerate() {
            if entry.sectors > 0 && !entry.is_extended() {
                self.take(slot, record, link, extended, entry)?;
            }
        }
        let next = entries.iter().find(|entry| entry.is_extended() && entry.sectors > 0);
        Ok(next.map(|entry| u64::from(entry.first_sector)))
    }

    fn take(
        &mut self,
        slot: usize,
        record: u64,
        link: u64,
        extended: &Entry,
        entry: &Entry,
    ) -> Result<(), &'static str> {
        let end = link.saturating_add(u64::from(entry.first_sector)).saturating_add(u64::from(entry.sectors));
        let inside = end <= u64::from(extended.sectors);
        if slot >= 2 && (!inside || entry.is_unused()) {
            // OS/2 uses the last two entries; others leave rubbish there. Linux judges so too, before it counts.
            return Ok(());
        }
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        if entry.is_unused() {
            return Ok(());
        }
        if entry.first_sector == 0 {
            return Err("a logical partition begins on its own record");
        }
        let Some(found) = place(self.disk, self.frame, self.disk_id, number, record, entry) else {
            return Ok(());
        };
        if self.found.iter().any(|earlier| earlier.partition.overlaps(&found.partition)) {
            return Err("a logical partition overlaps another");
        }
        if !inside {
            let address = &found.names.address;
            self.disk.remark(format!("partition {address} leaves the extended partition"));
        }
        self.found.push(found);
        Ok(())
    }
}
