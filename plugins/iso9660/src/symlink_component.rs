//! `SL` (RRIP 4.1.3): a symbolic link's target in components.

use crate::susp::Entry;
use fsimage_sdk::{Error, Result};

/// Longest target in bytes (Linux: `PATH_MAX`).
const MAX_TARGET: usize = 4096;
/// Bytes of an `SL` entry before its components: header and flags.
const COMPONENTS: usize = 5;
/// Component flags (RRIP 4.1.3.1).
const CONTINUE: u8 = 1;
const CURRENT: u8 = 1 << 1;
const PARENT: u8 = 1 << 2;
const ROOT: u8 = 1 << 3;
const VOLUME_ROOT: u8 = 1 << 4;
const HOST: u8 = 1 << 5;

/// A target while its components come in.
#[derive(Debug, Default)]
pub(crate) struct Target {
    bytes: Vec<u8>,
    /// The next component begins behind a slash.
    slash_due: bool,
}

impl Target {
    /// Adds the components of one entry. A component may go on in the next one, and that in the next entry.
    ///
    /// # Errors
    /// `Corrupt` for components past the entry's end or a target beyond 4096 bytes; `Unsupported` for one that
    /// stands for the host's name.
    pub(crate) fn add(&mut self, entry: &Entry<'_>) -> Result<()> {
        let mut components = entry.rest(COMPONENTS)?;
        while let [flags, length, rest @ ..] = components {
            let Some((text, behind)) = rest.split_at_checked(usize::from(*length)) else {
                let why = format!("SL: a component of {length} bytes, with {} left", rest.len());
                return Err(entry.fields.corrupt(COMPONENTS, why));
            };
            self.component(*flags, text, entry)?;
            components = behind;
        }
        Ok(())
    }

    fn component(&mut self, flags: u8, text: &[u8], entry: &Entry<'_>) -> Result<()> {
        if self.slash_due {
            self.bytes.push(b'/');
        }
        let text = match flags & !CONTINUE {
            0 => text,
            CURRENT => b".",
            PARENT => b"..",
            // The volume is all there is, so its root is the root.
            ROOT | VOLUME_ROOT => b"/",
            HOST => return Err(Error::unsupported("SL: the host's name in a link").at(entry.fields.place(0))),
            other => {
                return Err(entry
                    .fields
                    .corrupt(COMPONENTS, format_args!("SL: component flags 0x{other:x}")));
            }
        };
        self.slash_due = flags & (CONTINUE | ROOT | VOLUME_ROOT) == 0;
        self.bytes.extend_from_slice(text);
        if self.bytes.len() > MAX_TARGET {
            let why = format!("SL: a target of more than {MAX_TARGET} bytes");
            return Err(entry.fields.corrupt(0, why));
        }
        Ok(())
    }

    /// The target as it is so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::susp::Entry;
    use fsimage_sdk::{Endian, ErrorKind, Fields};

    fn target(entries: &[&[u8]]) -> fsimage_sdk::Result<String> {
        let mut target = Target::default();
        for components in entries {
            let bytes =
                [&[b'S', b'L', u8::try_from(components.len().strict_add(5)).unwrap(), 1, 0], *components]
                    .concat();
            let fields = Fields::new(&bytes, Endian::Little, "SL", 0);
            target.add(&Entry { signature: *b"SL", fields })?;
        }
        Ok(target.bytes().escape_ascii().to_string())
    }

    #[test]
    fn components_of_every_kind() {
        assert_eq!(target(&[b"\x08\0\0\x03usr\0\x01a"]).unwrap(), "/usr/a");
        assert_eq!(target(&[b"\x04\0\x04\0\x02\0\0\x01a"]).unwrap(), "../.././a");
        assert_eq!(target(&[b"\x10\0\0\x01a"]).unwrap(), "/a");
        assert_eq!(target(&[b"\x01\x02ab", b"\0\x02cd\0\x01e", b"\0\x01f"]).unwrap(), "abcd/e/f");
        assert_eq!(target(&[b"\0\x01a\0\0"]).unwrap(), "a/");
    }

    #[test]
    fn components_that_are_refused() {
        assert_eq!(
            target(&[b"\0\x02a"]).unwrap_err().message(),
            "SL: SL: a component of 2 bytes, with 1 left"
        );
        assert_eq!(target(&[b"\x20\0"]).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(target(&[b"\x40\0"]).unwrap_err().kind(), ErrorKind::Corrupt);
        let long = [&[0, 240][..], &[b'x'; 240]].concat();
        assert!(target(&[&long[..]; 18]).unwrap_err().message().contains("more than 4096"));
    }
}
