//! The grammar that LILO, ELILO and yaboot share: options, with a value or without, and sections that an option like `image=` begins
//! (lilo.conf(5); all three have it from SILO's).
//!
//! Blanks and line ends part words, also around `=`. A value in double quotes may hold blanks; a backslash makes the next
//! byte itself, and joins lines. A `#` begins a comment.

use crate::limits::LimitName;
use crate::reader::Reader;

/// What keeping an option costs beside its bytes.
const OPTION_COST: usize = 64;
/// What begins a section.
const BEGINNINGS: [&[u8]; 5] = [b"image", b"other", b"image[32bit]", b"image[64bit]", b"image[32bits]"];

/// A name and its value; empty for a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) line: u32,
}

/// Settings up to the next section; the first of a section is what began it.
#[derive(Debug, Default)]
pub(super) struct Section(pub(super) Vec<Setting>);

impl Section {
    /// The last of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.0.iter().rev().find(|setting| setting.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Its value.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(|setting| setting.value.as_slice())
    }
}

/// The global section, then one for each image.
pub(super) fn read(reader: &mut Reader<'_>, text: &[u8]) -> Result<(Section, Vec<Section>), LimitName> {
    let mut words = Words { rest: text, line: 1 };
    let (mut global, mut sections) = (Section::default(), Vec::new());
    while let Some((line, name)) = words.next(reader, false)? {
        reader.line = line;
        reader.budget.step()?;
        let value = match words.equals() {
            true => words.next(reader, true)?.map(|(_, value)| value).unwrap_or_default(),
            false => Vec::new(),
        };
        reader.budget.keep(name.len().saturating_add(value.len()).saturating_add(OPTION_COST))?;
        if BEGINNINGS.contains(&name.to_ascii_lowercase().as_slice()) {
            if sections.len() >= reader.limits.max_entries {
                return Err(LimitName::MaxEntries);
            }
            sections.push(Section::default());
        }
        let section = sections.last_mut().unwrap_or(&mut global);
        section.0.push(Setting { name, value, line });
    }
    Ok((global, sections))
}

struct Words<'a> {
    rest: &'a [u8],
    line: u32,
}

impl Words<'_> {
    fn take(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.line = self.line.saturating_add(u32::from(byte == b'\n'));
        Some(byte)
    }

    /// Blanks, line ends and comments.
    fn skip(&mut self) {
        while let Some(&byte) = self.rest.first() {
            match byte {
                b'#' => while self.take().is_some_and(|byte| byte != b'\n') {},
                _ if byte.is_ascii_whitespace() || byte == 0 => {
                    self.take();
                }
                _ => break,
            }
        }
    }

    /// Whether a `=` is next; it is taken.
    fn equals(&mut self) -> bool {
        self.skip();
        let found = self.rest.first() == Some(&b'=');
        if found {
            self.take();
        }
        found
    }

    /// The next word and its line; an unquoted name ends at a `=`, a value does not.
    fn next(&mut self, reader: &mut Reader<'_>, is_value: bool) -> Result<Option<(u32, Vec<u8>)>, LimitName> {
        self.skip();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (line, mut word) = (self.line, Vec::new());
        let quoted = self.rest.first() == Some(&b'"');
        if quoted {
            self.take();
        }
        while let Some(&byte) = self.rest.first() {
            // A `=` without a name before it is one itself: something is taken in any case.
            let is_end =
                byte.is_ascii_whitespace() || byte == 0 || (byte == b'=' && !is_value && !word.is_empty());
            if !quoted && is_end {
                break;
            }
            self.take();
            match byte {
                b'"' if quoted => break,
                b'\\' => match self.take() {
                    // A line goes on behind the blanks of the next.
                    Some(b'\n') => {
                        while self.rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                            self.take();
                        }
                    }
                    Some(byte) => word.push(byte),
                    None => {}
                },
                b'\n' if quoted => word.push(b' '),
                _ => word.push(byte),
            }
            reader.budget.check_value(word.len())?;
        }
        reader.budget.moved(word.len())?;
        Ok(Some((line, word)))
    }
}
