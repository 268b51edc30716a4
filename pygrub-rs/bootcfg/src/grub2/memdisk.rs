//! A grub.cfg inside the archive that becomes GRUB's memdisk: CoreOS and Flatcar keep theirs so, beside the copy in GRUB's own image,
//! lest pygrub should find it.

use crate::guest::{FileRef, Guest, GuestError};

/// A header and what it is a multiple of (POSIX.1-1990, "ustar Interchange Format").
const BLOCK: usize = 512;
/// The member that is the configuration.
const NAMES: [&[u8]; 2] = [b"grub.cfg", b"./grub.cfg"];

/// The text of a configuration: the file's, or that of the file in it where it is an archive.
pub(super) fn read(guest: &dyn Guest, config: &FileRef, max: u64) -> Result<Vec<u8>, GuestError> {
    let bytes = guest.read(config.volume, &config.path, max)?;
    match config.path.ends_with(b".tar") {
        true => member(&bytes).map(<[u8]>::to_vec).ok_or_else(|| GuestError {
            message: "no archive with a grub.cfg in it".to_owned(),
            not_found: false,
        }),
        false => Ok(bytes),
    }
}

/// The first regular file of one of these names.
fn member(archive: &[u8]) -> Option<&[u8]> {
    let mut rest = archive;
    loop {
        let (header, after) = rest.split_at_checked(BLOCK)?;
        if header.get(257..262) != Some(b"ustar") {
            return None;
        }
        let name = until_nul(header.get(..100)?);
        let size = octal(header.get(124..136)?)?;
        // A link or a directory has no bytes of its own; a regular file is 0, or NUL as it was before.
        let is_file = matches!(header.get(156), Some(b'0' | 0));
        if is_file && NAMES.contains(&name) {
            return after.get(..size);
        }
        rest = after.get(size.checked_next_multiple_of(BLOCK)?..)?;
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Octal digits, with blanks or a NUL at the end.
fn octal(field: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(until_nul(field)).ok()?.trim();
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A header as POSIX has it, its sum left out: nobody sums here, and what is damaged is text in any case.
    fn archive(name: &str, size: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; BLOCK];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        bytes[124..124 + size.len()].copy_from_slice(size.as_bytes());
        bytes[156] = kind;
        bytes[257..262].copy_from_slice(b"ustar");
        bytes.extend(content);
        bytes
    }

    #[test]
    fn members() {
        let padded = [b"text".as_slice(), &[0; 508]].concat();
        let good = archive("grub.cfg", "00000000004\0", b'0', &padded);
        assert_eq!(member(&good), Some(&b"text"[..]));
        let behind = [archive("other", "00000000003\0", b'0', &padded), good.clone()].concat();
        assert_eq!(member(&behind), Some(&b"text"[..]));
        // A directory has the name; the size is a lie, no number, the largest; the archive is cut off, or none.
        for bad in [
            archive("grub.cfg", "0", b'5', &[]),
            archive("grub.cfg", "01001", b'0', &padded),
            archive("grub.cfg", "4 4", b'0', &padded),
            archive("x", "777777777777", b'0', &padded),
            archive("x", "1777777777777777777777", b'0', &padded),
            good[..400].to_vec(),
            b"menuentry x { }".repeat(100),
            vec![0; 10_240],
            Vec::new(),
        ] {
            assert_eq!(member(&bad), None);
        }
    }
}
