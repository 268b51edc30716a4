//! Mount options: `checksums=strict`, `journal=ignore`, `superblock=OFFSET`, separated by commas.

use fsimage_sdk::{Error, ErrorKind, Result};

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// A wrong check hash is an error, and so is a log that cannot be replayed.
    pub(crate) strict: bool,
    /// Read what lies on the disk, whatever the log holds.
    pub(crate) ignore_journal: bool,
    /// The byte at which the superblock to use lies.
    pub(crate) superblock: Option<u64>,
}

impl Options {
    /// # Errors
    /// `InvalidArgument` for a word we do not know.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut options = Self::default();
        for word in bytes.split(|&b| b == b',').filter(|word| !word.is_empty()) {
            match word {
                b"checksums=strict" => options.strict = true,
                b"checksums=report" => options.strict = false,
                b"journal=ignore" => options.ignore_journal = true,
                b"journal=replay" => options.ignore_journal = false,
                _ => options.superblock = Some(superblock(word).ok_or_else(|| unknown(word))?),
            }
        }
        Ok(options)
    }
}

/// `superblock=` and a byte offset, in decimal digits or hexadecimal ones behind `0x`.
fn superblock(word: &[u8]) -> Option<u64> {
    let number = core::str::from_utf8(word.strip_prefix(b"superblock=")?).ok()?;
    match number.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => number.parse().ok(),
    }
}

fn unknown(word: &[u8]) -> Error {
    let text = format!(
        "ufs has no option \"{}\"; it has checksums=strict|report, journal=replay|ignore and superblock=OFFSET",
        word.escape_ascii()
    );
    Error::new(ErrorKind::InvalidArgument, text)
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn words() {
        assert_eq!(Options::parse(b"").unwrap(), Options::default());
        let all = Options { strict: true, ignore_journal: true, superblock: Some(0x4000) };
        assert_eq!(Options::parse(b"journal=ignore,checksums=strict,superblock=16384").unwrap(), all);
        assert_eq!(Options::parse(b"superblock=0x4000").unwrap().superblock, Some(0x4000));
        for wrong in [&b"ro\x1b"[..], b"superblock=", b"superblock=-1", b"superblock=99999999999999999999"] {
            let error = Options::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("no option \"{}\"", wrong.escape_ascii())), "{error}");
        }
    }
}
