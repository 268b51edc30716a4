//! `loader.conf` (loader.conf(5)), as far as it says what boots and when.

use crate::bls::lines::key_values;

/// An entry's name is a file's, of at most 255 bytes; a longer pattern has something else in mind.
const MAX_PATTERN: usize = 512;

/// What was configured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoaderConf {
    /// A pattern for the id of the entry that boots.
    pub(super) default: Option<Vec<u8>>,
    /// Seconds; `None` waits for ever.
    pub(super) timeout: Option<u32>,
    /// Whether a person may edit the arguments.
    pub(super) editor: bool,
}

impl Default for LoaderConf {
    /// Without a configuration the menu is not shown.
    fn default() -> Self {
        Self { default: None, timeout: Some(0), editor: true }
    }
}

pub(super) fn parse(text: &[u8]) -> LoaderConf {
    let mut conf = LoaderConf::default();
    for (key, value) in key_values(text, b" \t") {
        match (key, value) {
            (b"timeout", b"menu-force") => conf.timeout = None,
            (b"timeout", b"menu-hidden" | b"menu-disabled") => conf.timeout = Some(0),
            (b"timeout", seconds) => {
                let seconds = std::str::from_utf8(seconds).ok().and_then(|seconds| seconds.parse().ok());
                // What is no number is ignored.
                conf.timeout = seconds.map_or(conf.timeout, Some);
            }
            (b"default", value) if value.first() == Some(&b'@') && !value.eq_ignore_ascii_case(b"@saved") => {
            }
            (b"default", value) if value.len() <= MAX_PATTERN => conf.default = Some(value.to_vec()),
            (b"editor", b"0" | b"no" | b"n" | b"false" | b"f" | b"off") => conf.editor = false,
            (b"editor", b"1" | b"yes" | b"y" | b"true" | b"t" | b"on") => conf.editor = true,
            _ => {}
        }
    }
    conf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_and_defaults() {
        let conf = |default: Option<&str>, timeout| LoaderConf {
            default: default.map(Into::into),
            timeout,
            editor: true,
        };
        assert_eq!(parse(b""), conf(None, Some(0)));
        assert_eq!(
            parse(b"timeout 3\ndefault arch-*.conf\n#default x\n"),
            conf(Some("arch-*.conf"), Some(3))
        );
        assert_eq!(parse(b"timeout menu-force\ndefault @saved\n"), conf(Some("@saved"), None));
        assert_eq!(parse(b"timeout menu-hidden\ndefault @other"), conf(None, Some(0)));
        assert_eq!(parse(b"timeout 5\ntimeout soon\ntimeout 99999999999"), conf(None, Some(5)));
        assert!(!parse(b"editor no\n").editor);
        assert_eq!(parse(&[b"default ".to_vec(), vec![b'*'; 513]].concat()), conf(None, Some(0)));
        // The last one counts.
        assert_eq!(parse(b"default a\ndefault b\n"), conf(Some("b"), Some(0)));
    }
}
