//! Rewrites a disc as makers could have made it, but none does: other block sizes, more bytes to skip.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

const SECTOR: usize = 2048;

fn u32_at(disc: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(disc[at..at + 4].try_into().unwrap())
}

/// Writes a number in both byte orders (ECMA-119 7.3.3).
pub(crate) fn put_both(disc: &mut [u8], at: usize, value: u32) {
    disc[at..at + 4].copy_from_slice(&value.to_le_bytes());
    disc[at + 4..at + 8].copy_from_slice(&value.to_be_bytes());
}

fn place(block: u32) -> usize {
    usize::try_from(block).unwrap() * SECTOR
}

/// Bytes of the primary and supplementary descriptors of a disc.
fn descriptors(disc: &[u8]) -> Vec<usize> {
    (16..)
        .map(|sector| sector * SECTOR)
        .take_while(|&at| &disc[at + 1..at + 6] == b"CD001")
        .filter(|&at| disc[at] == 1 || disc[at] == 2)
        .collect()
}

/// Places of all records of a tree, the root's in its descriptor not among them; directories of 2048-byte blocks.
pub(crate) fn records(disc: &[u8], descriptor: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut directories = vec![u32_at(disc, descriptor + 156 + 2)];
    let mut done = Vec::new();
    while let Some(directory) = directories.pop() {
        if done.contains(&directory) {
            continue;
        }
        done.push(directory);
        let begin = place(directory);
        let size = usize::try_from(u32_at(disc, begin + 10)).unwrap();
        let mut at = begin;
        while at < begin + size {
            let length = usize::from(disc[at]);
            if length == 0 {
                at = at.next_multiple_of(SECTOR);
                continue;
            }
            found.push(at);
            if disc[at + 25] & 2 != 0 {
                directories.push(u32_at(disc, at + 2));
            }
            at += length;
        }
    }
    found
}

/// Where a record's System Use field begins.
pub(crate) fn system_use(disc: &[u8], record: usize) -> usize {
    let name = usize::from(disc[record + 32]);
    record + 33 + name + usize::from(name % 2 == 0)
}

/// Calls `change` for each entry of a record's System Use area and its continuations: the disc, the entry's place.
fn each_entry(disc: &mut [u8], record: usize, change: &mut dyn FnMut(&mut [u8], usize)) {
    let mut area = Some((system_use(disc, record), record + usize::from(disc[record])));
    while let Some((mut at, end)) = area.take() {
        while at + 4 <= end && disc[at] != 0 {
            let length = usize::from(disc[at + 2]);
            assert!(length >= 4 && at + length <= end, "an entry of length {length} at {at:#x}");
            if &disc[at..at + 2] == b"CE" {
                let offset = place(u32_at(disc, at + 4)) + usize::try_from(u32_at(disc, at + 12)).unwrap();
                area = Some((offset, offset + usize::try_from(u32_at(disc, at + 20)).unwrap()));
            }
            change(disc, at);
            at += length;
        }
    }
}

/// The same disc with logical blocks of 512 or 1024 bytes. The data of files that leave room for it is moved by a block,
/// so that it begins within a sector. Without Joliet and continuation areas shared by records.
pub(crate) fn block_size(disc: &mut [u8], size: u16) {
    let factor = 2048 / u32::from(size);
    let all: Vec<(usize, Vec<usize>)> =
        descriptors(disc).into_iter().map(|at| (at, records(disc, at))).collect();
    for (descriptor, records) in all {
        let scale = |disc: &mut [u8], at: usize| {
            let value = u32_at(disc, at) * factor;
            put_both(disc, at, value);
        };
        disc[descriptor + 128..descriptor + 130].copy_from_slice(&size.to_le_bytes());
        disc[descriptor + 130..descriptor + 132].copy_from_slice(&size.to_be_bytes());
        scale(disc, descriptor + 80);
        scale(disc, descriptor + 156 + 2);
        // Path tables, which nobody here reads: one byte order each.
        for at in [140, 144] {
            let value = u32_at(disc, descriptor + at) * factor;
            disc[descriptor + at..descriptor + at + 4].copy_from_slice(&value.to_le_bytes());
        }
        for record in records {
            each_entry(disc, record, &mut |disc, at| match &disc[at..at + 2] {
                b"CL" | b"PL" => scale(disc, at + 4),
                b"CE" => {
                    let (offset, length) = (u32_at(disc, at + 12), u32_at(disc, at + 20));
                    let (block, within) = (offset / u32::from(size), offset % u32::from(size));
                    assert!(within + length <= u32::from(size), "a continuation across blocks");
                    let first = u32_at(disc, at + 4) * factor + block;
                    put_both(disc, at + 4, first);
                    put_both(disc, at + 12, within);
                }
                _ => {}
            });
            let (extent, length) = (u32_at(disc, record + 2), u32_at(disc, record + 10));
            let room = length > 0 && length % 2048 != 0 && 2048 - length % 2048 >= u32::from(size);
            let moved = u32::from(disc[record + 25] & 2 == 0 && room);
            if moved == 1 {
                let (from, bytes) = (place(extent), usize::try_from(length).unwrap());
                disc.copy_within(from..from + bytes, from + usize::from(size));
                disc[from..from + usize::from(size)].fill(0xee);
            }
            put_both(disc, record + 2, extent * factor + moved);
        }
    }
}

/// The same disc with so many bytes before the system use entries of every record but the root's first (`SP`'s LEN_SKP).
/// The directories' last sectors must leave room.
pub(crate) fn skip_bytes(disc: &mut [u8], count: u8) {
    let descriptor = descriptors(disc)[0];
    let root = place(u32_at(disc, descriptor + 156 + 2));
    let sp = (root..root + usize::from(disc[root])).find(|&at| &disc[at..at + 2] == b"SP").expect("SP");
    disc[sp + 6] = count;
    let all = records(disc, descriptor);
    // From the last on, so that what is still to be moved stays where it was found.
    for &record in all.iter().filter(|&&record| record != root).collect::<Vec<_>>().iter().rev() {
        let end = (record / SECTOR + 1) * SECTOR;
        let at = system_use(disc, *record);
        let width = usize::from(count);
        assert!(disc[end - width..end].iter().all(|&b| b == 0), "no room in the sector of {record:#x}");
        disc.copy_within(at..end - width, at + width);
        disc[at..at + width].fill(b'X');
        disc[*record] += count;
    }
}

/// The same disc with other big-endian halves than little-endian ones, in descriptors and records.
pub(crate) fn spoil_big_endian(disc: &mut [u8]) {
    for descriptor in descriptors(disc) {
        let mut records = records(disc, descriptor);
        records.push(descriptor + 156);
        for at in records.into_iter().flat_map(|record| [record + 2, record + 10]).chain([descriptor + 80]) {
            disc[at + 4..at + 8].fill(0xa5);
        }
        disc[descriptor + 130..descriptor + 132].fill(0xa5);
    }
}
