//! Mount options, in Linux's way: `view=joliet,session=last`.

use crate::session::Session;
use crate::view::Choice;
use fsimage_sdk::{Error, ErrorKind, Result};

/// What may be asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MountOptions {
    /// `view=rockridge|joliet|plain|enhanced`; the kernel's order when not given.
    pub(crate) view: Option<Choice>,
    /// `norock`, `nojoliet`: Linux's words, which take a view out of its order.
    pub(crate) no_rock_ridge: bool,
    pub(crate) no_joliet: bool,
    /// `session=first|last|N`, `sbsector=N`.
    pub(crate) session: Session,
    /// `boot`: the directory of El Torito's images, `/[BOOT]`, is shown.
    pub(crate) boot: bool,
    /// `nocompress`: zisofs files as they lie on the disc, as in Linux.
    pub(crate) no_compress: bool,
}

impl MountOptions {
    /// # Errors
    /// `InvalidArgument`, naming the option.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let mut options = Self::default();
        for option in text.split(|&b| b == b',').filter(|option| !option.is_empty()) {
            let shown = option.escape_ascii();
            let bad =
                || Error::new(ErrorKind::InvalidArgument, format!("iso9660 has no mount option \"{shown}\""));
            let (name, value) = match option.iter().position(|&b| b == b'=') {
                Some(at) => (option.get(..at), option.get(at.saturating_add(1)..)),
                None => (Some(option), None),
            };
            match (name.ok_or_else(bad)?, value) {
                (b"view", Some(value)) => options.view = Some(Choice::parse(value).ok_or_else(bad)?),
                (b"session", Some(b"first")) => options.session = Session::Number(1),
                (b"session", Some(b"last")) => options.session = Session::Last,
                (b"session", Some(value)) => {
                    options.session = Session::Number(number(value).filter(|&n| n > 0).ok_or_else(bad)?)
                }
                (b"sbsector", Some(value)) => {
                    let sector: u32 = number(value).ok_or_else(bad)?;
                    options.session = Session::Sector(u64::from(sector));
                }
                (b"boot", None) => options.boot = true,
                (b"nocompress", None) => options.no_compress = true,
                (b"norock", None) => options.no_rock_ridge = true,
                (b"nojoliet", None) => options.no_joliet = true,
                _ => return Err(bad()),
            }
        }
        Ok(options)
    }
}

fn number<N: core::str::FromStr>(digits: &[u8]) -> Option<N> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_known() {
        let all = MountOptions::parse(b"view=joliet,session=last,boot,nocompress").unwrap();
        assert_eq!(all.view, Some(Choice::Joliet));
        assert_eq!(all.session, Session::Last);
        assert!(all.boot && all.no_compress);
        assert_eq!(MountOptions::parse(b"sbsector=640").unwrap().session, Session::Sector(640));
        assert_eq!(MountOptions::parse(b"").unwrap(), MountOptions::default());
    }

    #[test]
    fn options_that_are_not() {
        for text in [
            &b"view=udf"[..],
            b"session=",
            b"session=-1",
            b"session=0",
            b"boot=1",
            b"x",
            b"=",
            b"sbsector=4294967296",
        ] {
            assert_eq!(MountOptions::parse(text).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}
