//! The section table of a PE file, and nothing else of it.
//!
//! Source: Microsoft's "PE Format" (MS-DOS stub, COFF file header, section table). Every field is little-endian.

use std::fmt;

/// A section as far as it says where its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeSection {
    /// Padded with NULs; a longer name does not occur in an image.
    name: [u8; 8],
    /// Byte offset in the file.
    pub(crate) offset: u64,
    /// Bytes of the section's content. The file may hold some more as padding.
    pub(crate) length: u64,
    /// Where the section's header stands in the file, for messages.
    header: u64,
}

impl PeSection {
    /// The name without its padding.
    pub(crate) fn name(&self) -> &[u8] {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(self.name.len());
        self.name.get(..end).unwrap_or_default()
    }
}

/// What keeps a file from being read as a PE image, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PeError {
    /// The guest's file could not be read.
    Read(String),
    /// What is wrong, and at which byte.
    Corrupt(&'static str, u64),
    /// A section's content lies outside the file, or is shorter there than it says.
    Section(String, &'static str, u64),
}

impl fmt::Display for PeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(why) => f.write_str(why),
            Self::Corrupt(what, at) => write!(f, "PE: {what}, at {at:#x}"),
            Self::Section(name, what, at) => write!(f, "PE section `{name}`: {what}, header at {at:#x}"),
        }
    }
}

/// Exactly so many bytes at an offset.
pub(crate) type Read<'a> = &'a mut dyn FnMut(u64, usize) -> Result<Vec<u8>, String>;

const DOS_HEADER_SIZE: usize = 0x40;
const LFANEW_OFFSET: usize = 0x3c;
/// `PE\0\0`, then the COFF file header.
const PE_HEADER_SIZE: usize = 0x18;
const NUMBER_OF_SECTIONS_OFFSET: usize = 0x06;
const SIZE_OF_OPTIONAL_HEADER_OFFSET: usize = 0x14;
const SECTION_HEADER_SIZE: usize = 40;
/// The Windows loader's limit, and systemd-boot's.
const MAX_SECTIONS: usize = 96;

/// The sections of a file of this size, in their order; `None` when it is no PE file.
pub(crate) fn sections(read: Read<'_>, size: u64) -> Result<Option<Vec<PeSection>>, PeError> {
    let header_size = u64::try_from(DOS_HEADER_SIZE).unwrap_or(u64::MAX);
    if size < header_size {
        return Ok(None);
    }
    let dos = read(0, DOS_HEADER_SIZE).map_err(PeError::Read)?;
    if !dos.starts_with(b"MZ") {
        return Ok(None);
    }
    let pe_offset = u64::from(read_u32le(&dos, LFANEW_OFFSET));
    let within = |offset: u64, length: usize| {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        offset.checked_add(length).is_some_and(|end| end <= size)
    };
    if !within(pe_offset, PE_HEADER_SIZE) {
        return Err(PeError::Corrupt("e_lfanew points behind the file's end", 0x3c));
    }
    let pe = read(pe_offset, PE_HEADER_SIZE).map_err(PeError::Read)?;
    if !pe.starts_with(b"PE\0\0") {
        return Ok(None);
    }
    let count = usize::from(read_u16le(&pe, NUMBER_OF_SECTIONS_OFFSET));
    if count > MAX_SECTIONS {
        return Err(PeError::Corrupt("NumberOfSections is over 96", pe_offset.saturating_add(0x06)));
    }
    let table_offset = pe_offset
        .saturating_add(u64::try_from(PE_HEADER_SIZE).unwrap_or(u64::MAX))
        .saturating_add(u64::from(read_u16le(&pe, SIZE_OF_OPTIONAL_HEADER_OFFSET)));
    // OK to saturate: 96 × 40 is 3840.
    let table_size = count.saturating_mul(SECTION_HEADER_SIZE);
    if !within(table_offset, table_size) {
        return Err(PeError::Corrupt("the section table reaches behind the file's end", table_offset));
    }
    let table = read(table_offset, table_size).map_err(PeError::Read)?;
    let header_size = u64::try_from(SECTION_HEADER_SIZE).unwrap_or(u64::MAX);
    let headers = table.chunks_exact(SECTION_HEADER_SIZE).zip(0_u64..);
    headers
        .map(|(header, number)| {
            let at = table_offset.saturating_add(number.saturating_mul(header_size));
            section(header, at, size)
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// A section header, found at byte `at` of a file of this size.
fn section(header: &[u8], at: u64, size: u64) -> Result<PeSection, PeError> {
    let mut name = [0; 8];
    for (to, from) in name.iter_mut().zip(header) {
        *to = *from;
    }
    let virtual_size = u64::from(read_u32le(header, 0x08));
    let raw_size = u64::from(read_u32le(header, 0x10));
    let offset = u64::from(read_u32le(header, 0x14));
    let section = PeSection { name, offset, length: virtual_size, header: at };
    // Without bytes in the file a section is memory to be zeroed: not one of those we look for.
    if raw_size == 0 {
        return Ok(PeSection { length: 0, ..section });
    }
    match offset.checked_add(virtual_size.min(raw_size)) {
        Some(end) if end <= size => Ok(section),
        _ => Err(PeError::Section(shown_name(&section), "it reaches behind the file's end", at)),
    }
    .and_then(|section| check_size(section, raw_size))
}

/// A section that is larger in memory ends in zeros, which no file of the guest's holds.
fn check_size(section: PeSection, raw_size: u64) -> Result<PeSection, PeError> {
    let content = section.name().first() == Some(&b'.') && is_content(section.name());
    if content && section.length > raw_size {
        let at = section.header;
        return Err(PeError::Section(
            shown_name(&section),
            "VirtualSize is over SizeOfRawData: a part of it is not in the file",
            at,
        ));
    }
    Ok(PeSection { length: section.length.min(raw_size), ..section })
}

/// Whether it is a section whose bytes are handed on or read.
fn is_content(name: &[u8]) -> bool {
    matches!(name, b".linux" | b".initrd" | b".ucode" | b".cmdline" | b".osrel" | b".uname" | b".profile")
}

fn shown_name(section: &PeSection) -> String {
    crate::text::shown(section.name())
}

fn read_u16le(bytes: &[u8], at: usize) -> u16 {
    let field = at.checked_add(2).and_then(|end| bytes.get(at..end)).and_then(|field| field.try_into().ok());
    u16::from_le_bytes(field.unwrap_or_default())
}

fn read_u32le(bytes: &[u8], at: usize) -> u32 {
    let field = at.checked_add(4).and_then(|end| bytes.get(at..end)).and_then(|field| field.try_into().ok());
    u32::from_le_bytes(field.unwrap_or_default())
}
