//! What of a guest's files the copies keep beside their bytes.

use fsimage::Node;
use fsimage::output::Attributes;
use rustix::fs::Mode;
use rustix::process::umask;

/// The attributes to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::extractor) struct Preserve {
    pub mode: bool,
    pub times: bool,
    pub owner: bool,
}

impl Preserve {
    /// A list as people type it: `mode,times,owner`.
    ///
    /// # Errors
    /// What is wanted instead.
    pub(in crate::extractor) fn parse(text: &str) -> Result<Self, String> {
        let mut preserve = Self::default();
        for word in text.split(',') {
            match word {
                "mode" => preserve.mode = true,
                "times" => preserve.times = true,
                "owner" => preserve.owner = true,
                other => return Err(format!("\"{other}\" is none of mode, times, owner")),
            }
        }
        Ok(preserve)
    }
}

/// Makes the attributes of copies.
#[derive(Debug)]
pub(super) struct Looks {
    preserve: Preserve,
    mask: u32,
}

impl Looks {
    pub(super) fn new(preserve: Preserve) -> Self {
        let mask = umask(Mode::empty());
        umask(mask);
        Self { preserve, mask: mask.as_raw_mode() }
    }

    /// Of a copy of this file, which any new file of the caller's would have with `usual` permissions.
    pub(super) fn of(&self, node: &Node, usual: u32) -> Attributes {
        let metadata = &node.metadata;
        Attributes {
            mode: if self.preserve.mode { metadata.mode } else { usual & !self.mask },
            modified: self.preserve.times.then_some((metadata.mtime_seconds, metadata.mtime_nanoseconds)),
            owner: self.preserve.owner.then_some((metadata.uid, metadata.gid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_attributes() {
        let all = Preserve { mode: true, times: true, owner: true };
        assert_eq!(Preserve::parse("owner,times,mode"), Ok(all));
        assert_eq!(Preserve::parse("mode"), Ok(Preserve { mode: true, ..Preserve::default() }));
        for bad in ["", "mode,", "all", "mode times"] {
            assert!(Preserve::parse(bad).is_err(), "{bad}");
        }
    }
}
