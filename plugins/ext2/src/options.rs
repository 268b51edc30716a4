//! Mount options: `checksums=strict`, `journal=ignore`, separated by commas.

use fsimage_sdk::{Error, ErrorKind, Result};

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// A wrong checksum is an error, and so is a journal that cannot be replayed.
    pub(crate) strict: bool,
    /// Read what lies on the disk, as GRUB does, whatever the journal holds.
    pub(crate) ignore_journal: bool,
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
                _ => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        format!(
                            "ext2 has no option \"{}\"; it has checksums=strict|report and journal=replay|ignore",
                            word.escape_ascii()
                        ),
                    ));
                }
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn words() {
        assert_eq!(Options::parse(b"").unwrap(), Options::default());
        let both = Options { strict: true, ignore_journal: true };
        assert_eq!(Options::parse(b"journal=ignore,checksums=strict").unwrap(), both);
        let error = Options::parse(b"ro\x1b").unwrap_err().to_string();
        assert!(error.contains("no option \"ro\\x1b\""), "{error}");
    }
}
