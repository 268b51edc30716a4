//! What stands before the first title, and which lines belong to which title (stage2.c, `cmain`).

use super::lines::{Lines, command};
use crate::access::Secret;
use crate::limits::LimitName;
use crate::reader::{Reader, first_word, words};
use crate::text::shown;

/// What keeping a line costs beside its bytes.
const LINE_COST: usize = 64;
/// As many variables; each is a line of the file, which is paid for.
const MAX_VARIABLES: usize = 64;
/// As many fallback entries as GRUB keeps.
const MAX_FALLBACKS: usize = 8;

/// Which entry boots when nobody interferes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Default {
    Number(usize),
    Saved,
}

/// A title and its commands.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) title: Vec<u8>,
    pub(super) commands: Vec<(u32, Vec<u8>)>,
}

impl Item {
    /// The commands as text, for a person to edit.
    pub(super) fn source(&self) -> Vec<u8> {
        let lines: Vec<&[u8]> = self.commands.iter().map(|(_, line)| line.as_slice()).collect();
        lines.join(&b'\n')
    }
}

/// A configuration, read and not carried out.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) items: Vec<Item>,
    pub(super) default: Default,
    pub(super) fallback: Vec<usize>,
    /// illumos' `variable NAME VALUE`, for `${NAME}` in `kernel$` and `module$`.
    pub(super) variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// Unset, GRUB waits.
    pub(super) timeout: Option<u32>,
    /// `hiddenmenu`.
    pub(super) hidden: bool,
    /// The menu's password: locked entries need it.
    pub(super) password: Option<Secret>,
}

impl Config {
    pub(super) fn read(reader: &mut Reader<'_>, text: &[u8]) -> Result<Self, LimitName> {
        let mut config = Self {
            items: Vec::new(),
            default: Default::Number(0),
            fallback: Vec::new(),
            variables: Vec::new(),
            timeout: None,
            hidden: false,
            password: None,
        };
        let mut lines = Lines::new(text);
        for (number, line) in &mut lines {
            reader.line = number;
            reader.budget.step()?;
            reader.budget.check_value(line.len())?;
            let (name, rest) = command(&line);
            match (name, config.items.last_mut()) {
                (b"title", _) => {
                    config.drop_empty(reader);
                    // One more may come in the place of an empty one, so this is checked here and not at the end.
                    if config.items.len() >= reader.limits.max_entries {
                        return Err(LimitName::MaxEntries);
                    }
                    reader.budget.keep(rest.len().saturating_add(LINE_COST))?;
                    config.items.push(Item { title: rest.to_vec(), commands: Vec::new() });
                }
                (_, Some(item)) => {
                    reader.budget.keep(line.len().saturating_add(LINE_COST))?;
                    item.commands.push((number, line));
                }
                (_, None) => config.global(reader, name, rest),
            }
        }
        config.drop_empty(reader);
        Ok(config)
    }

    /// A title without a command is no entry and does not count.
    fn drop_empty(&mut self, reader: &mut Reader<'_>) {
        if let Some(item) = self.items.pop_if(|item| item.commands.is_empty()) {
            reader.note(&format!(
                "the title before, `{}`, has no commands and is no entry",
                shown(&item.title)
            ));
        }
    }

    fn global(&mut self, reader: &mut Reader<'_>, name: &[u8], rest: &[u8]) {
        match name {
            b"default" if rest.starts_with(b"saved") => self.default = Default::Saved,
            b"default" => match number(rest) {
                Some(number) => self.default = Default::Number(number),
                None => reader.note(&format!("default `{}` is no number", shown(rest))),
            },
            b"fallback" => self.fallback = words(rest).map_while(number).take(MAX_FALLBACKS).collect(),
            b"timeout" => self.timeout = number(rest).and_then(|seconds| u32::try_from(seconds).ok()),
            b"variable" if self.variables.len() < MAX_VARIABLES => {
                let (name, value) = first_word(rest);
                self.variables.push((name.to_vec(), value.to_vec()));
            }
            b"hiddenmenu" => self.hidden = true,
            b"password" => self.password = Some(password(rest)),
            _ => {}
        }
    }
}

/// `password [--md5 | --encrypted] text [menu]`: the menu that it would open is not looked at (manual: "password").
pub(super) fn password(rest: &[u8]) -> Secret {
    let (word, after) = first_word(rest);
    match word {
        // Red Hat's GRUB takes every kind that crypt(3) has for `--encrypted`; other GRUBs have `--md5` alone.
        b"--md5" | b"--encrypted" => Secret::crypt(first_word(after).0),
        text => Secret::Plain(text.to_vec()),
    }
}

/// A number at the beginning of a text, decimal or `0x…` (`safe_parse_maxint`).
pub(super) fn number(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_start();
    let (digits, radix) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        digits => (digits, 10),
    };
    let mut value = None;
    for &byte in digits {
        let Some(digit) = char::from(byte).to_digit(radix) else { break };
        let more = value.unwrap_or(0_u32).checked_mul(radix)?.checked_add(digit)?;
        value = Some(more);
    }
    usize::try_from(value?).ok()
}

#[cfg(test)]
mod tests {
    use super::{number, password};
    use crate::access::Secret;

    #[test]
    fn passwords() {
        assert_eq!(password(b"secret /boot/grub/other.lst"), Secret::Plain(b"secret".to_vec()));
        assert!(matches!(password(b"--md5 $1$salt$0123456789012345678901"), Secret::Md5Crypt { .. }));
        assert!(matches!(password(b"--encrypted $7$x"), Secret::Unusable(_)));
    }

    #[test]
    fn numbers() {
        let cases: [(&[u8], Option<usize>); 7] = [
            (b"2", Some(2)),
            (b"0x10", Some(16)),
            (b" 3\n##", Some(3)),
            (b"saved", None),
            (b"-1", None),
            (b"99999999999", None),
            (b"", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), expected, "{}", text.escape_ascii());
        }
    }
}
