//! Keys, out of the bytes that a terminal sends for them.
//!
//! What is understood is what vt100, xterm, rxvt, screen, tmux and the Linux console send (ECMA-48; ctlseqs.txt of xterm). A sequence may come
//! in pieces: xenconsoled and slow lines cut wherever they like. Escape by itself is told from the beginning of a sequence
//! by what follows within [`PATIENCE`](super::terminal::PATIENCE).

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A printable character.
    Char(char),
    /// Control and a lower case letter, or one of `@[\]^_`.
    Ctrl(char),
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    /// F1 and on.
    Function(u8),
}

/// No sequence of a key's is longer; what is, is no key.
const MAX_SEQUENCE: usize = 32;

const ESCAPE: u8 = 0x1b;

/// What the front of the bytes is.
#[derive(Debug, PartialEq, Eq)]
enum Front {
    /// So many bytes are this key, or none that is known.
    Bytes(usize, Option<Key>),
    /// The beginning of more.
    Incomplete,
}

/// Bytes on their way to being keys.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// More bytes have come.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is the beginning of something, which more bytes may finish.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The next key. Once patience is `over` nothing more will come of what is there: an Escape is an Escape.
    pub(crate) fn next(&mut self, over: bool) -> Option<Key> {
        while !self.bytes.is_empty() {
            let (length, key) = match front(&self.bytes) {
                Front::Bytes(length, key) => (length, key),
                Front::Incomplete if !over => return None,
                Front::Incomplete => (1, (self.bytes.first() == Some(&ESCAPE)).then_some(Key::Escape)),
            };
            self.bytes.drain(..length.min(self.bytes.len()));
            if key.is_some() {
                return key;
            }
        }
        None
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        [] => Front::Incomplete,
        [ESCAPE] => Front::Incomplete,
        [ESCAPE, b'[', rest @ ..] => control_sequence(rest),
        [ESCAPE, b'O', rest @ ..] => match rest {
            [] => Front::Incomplete,
            [last, ..] => Front::Bytes(3, single_shift(*last)),
        },
        // Escape, and then something else: whoever is quick with the next key must not lose either.
        [ESCAPE, ..] => Front::Bytes(1, Some(Key::Escape)),
        [byte, ..] if *byte < 0x80 => Front::Bytes(1, plain(*byte)),
        _ => character(bytes),
    }
}

fn plain(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        0x00..=0x1f => Key::Ctrl(char::from(byte | 0x40).to_ascii_lowercase()),
        _ => Key::Char(char::from(byte)),
    })
}

/// UTF-8; bytes that are none are dropped.
fn character(bytes: &[u8]) -> Front {
    let Some(chunk) = bytes.utf8_chunks().next() else { return Front::Incomplete };
    if let Some(character) = chunk.valid().chars().next() {
        return Front::Bytes(character.len_utf8(), Some(Key::Char(character)));
    }
    let invalid = chunk.invalid().len();
    let expected = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    match invalid == bytes.len() && invalid < expected {
        true => Front::Incomplete,
        false => Front::Bytes(invalid.max(1), None),
    }
}

/// After `ESC O`.
fn single_shift(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        b'P' => Key::Function(1),
        b'Q' => Key::Function(2),
        b'R' => Key::Function(3),
        b'S' => Key::Function(4),
        // The keypad's digits, in application mode.
        b'p'..=b'y' => Key::Char(char::from(last.saturating_sub(b'p').saturating_add(b'0'))),
        _ => return None,
    })
}

/// After `ESC [`: parameters, intermediates, a final byte.
fn control_sequence(rest: &[u8]) -> Front {
    // The Linux console's F1 to F5.
    if let [b'[', last, ..] = rest {
        let number =
            last.checked_sub(b'A').filter(|number| *number < 5).map(|number| number.saturating_add(1));
        return Front::Bytes(4, number.map(Key::Function));
    }
    let Some(end) = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return match rest.len() > MAX_SEQUENCE {
            true => Front::Bytes(rest.len().saturating_add(2), None),
            false => Front::Incomplete,
        };
    };
    let parameters = rest.get(..end).unwrap_or_default();
    let last = rest.get(end).copied().unwrap_or_default();
    if last == b'[' && end == 0 {
        return Front::Incomplete;
    }
    if !(0x40..=0x7e).contains(&last) {
        // It breaks off: what came instead may be a key.
        return Front::Bytes(end.saturating_add(2), None);
    }
    Front::Bytes(end.saturating_add(3), sequence_key(parameters, last))
}

fn sequence_key(parameters: &[u8], last: u8) -> Option<Key> {
    let digits = parameters.split(|&byte| byte == b';').next().unwrap_or_default();
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u8>().ok());
    Some(match (last, number) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', Some(1 | 7)) => Key::Home,
        (b'F', _) | (b'~', Some(4 | 8)) => Key::End,
        (b'Z', _) => Key::BackTab,
        (b'P', _) | (b'~', Some(11)) => Key::Function(1),
        (b'Q', _) | (b'~', Some(12)) => Key::Function(2),
        (b'R', _) | (b'~', Some(13)) => Key::Function(3),
        (b'S', _) | (b'~', Some(14)) => Key::Function(4),
        (b'~', Some(2)) => Key::Insert,
        (b'~', Some(3)) => Key::Delete,
        (b'~', Some(5)) => Key::PageUp,
        (b'~', Some(6)) => Key::PageDown,
        (b'~', Some(15)) => Key::Function(5),
        (b'~', Some(number @ 17..=21)) => Key::Function(number.saturating_sub(11)),
        (b'~', Some(number @ 23..=24)) => Key::Function(number.saturating_sub(12)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        decoder.feed(bytes);
        let mut keys: Vec<Key> = std::iter::from_fn(|| decoder.next(false)).collect();
        keys.extend(std::iter::from_fn(|| decoder.next(true)));
        keys
    }

    #[test]
    fn arrows_in_both_modes() {
        assert_eq!(keys(b"\x1bOA\x1bOB\x1bOC\x1bOD"), [Key::Up, Key::Down, Key::Right, Key::Left]);
        assert_eq!(keys(b"\x1b[A\x1b[B\x1b[C\x1b[D"), [Key::Up, Key::Down, Key::Right, Key::Left]);
        assert_eq!(keys(b"\x1b[1;5A"), [Key::Up]);
    }

    #[test]
    fn the_keys_of_each_terminal() {
        let (home, end) = (Key::Home, Key::End);
        assert_eq!(keys(b"\x1b[H\x1bOH\x1b[1~\x1b[7~"), [home; 4]);
        assert_eq!(keys(b"\x1b[F\x1bOF\x1b[4~\x1b[8~"), [end; 4]);
        assert_eq!(
            keys(b"\x1b[5~\x1b[6~\x1b[3~\x1b[2~"),
            [Key::PageUp, Key::PageDown, Key::Delete, Key::Insert]
        );
        assert_eq!(keys(b"\x1bOP\x1b[11~\x1b[[A\x1b[P"), [Key::Function(1); 4]);
        assert_eq!(keys(b"\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~"), [5, 6, 10, 11, 12].map(Key::Function));
        assert_eq!(keys(b"\x1bOM\r\n"), [Key::Enter; 3]);
        assert_eq!(keys(b"\x08\x7f\t\x1b[Z"), [Key::Backspace, Key::Backspace, Key::Tab, Key::BackTab]);
        assert_eq!(keys(b"\x01\x18\x00\x1f"), ['a', 'x', '@', '_'].map(Key::Ctrl));
    }

    #[test]
    fn escape_waits_for_what_may_follow() {
        let mut decoder = Decoder::default();
        for byte in b"\x1b[1;5" {
            decoder.feed(&[*byte]);
            assert_eq!(decoder.next(false), None);
            assert!(decoder.is_waiting());
        }
        decoder.feed(b"B");
        assert_eq!(decoder.next(false), Some(Key::Down));
        decoder.feed(b"\x1b");
        assert_eq!(decoder.next(false), None);
        assert_eq!(decoder.next(true), Some(Key::Escape));
        assert!(!decoder.is_waiting());
    }

    #[test]
    fn escape_before_another_key_is_itself() {
        assert_eq!(keys(b"\x1bc"), [Key::Escape, Key::Char('c')]);
        assert_eq!(keys(b"\x1b\x1b[A"), [Key::Escape, Key::Up]);
        assert_eq!(keys(b"\x1b\x1b"), [Key::Escape, Key::Escape]);
        assert_eq!(keys(b"\x1b["), [Key::Escape, Key::Char('[')]);
    }

    #[test]
    fn unknown_sequences_vanish_whole() {
        assert_eq!(keys(b"\x1b[?1;2c\x1b[200~x\x1b[99;99;99R"), [Key::Char('x'), Key::Function(3)]);
        assert_eq!(keys(b"\x1b[12\rx"), [Key::Enter, Key::Char('x')]);
        assert_eq!(keys(&[&b"\x1b["[..], &[b'1'; 100], b"Ax"].concat()).last(), Some(&Key::Char('x')));
    }

    #[test]
    fn utf8_comes_in_pieces_and_what_is_none_is_dropped() {
        let mut decoder = Decoder::default();
        decoder.feed(b"\xe2\x82");
        assert_eq!(decoder.next(false), None);
        decoder.feed(b"\xac");
        assert_eq!(decoder.next(false), Some(Key::Char('€')));
        assert_eq!(keys(b"\xffa\xc3(b\xe2\x82"), [Key::Char('a'), Key::Char('('), Key::Char('b')]);
    }

    /// Whatever comes, every byte is used up, and nothing hangs.
    #[test]
    fn any_two_bytes_behind_an_escape() {
        for first in 0..=255 {
            for second in 0..=255 {
                let mut decoder = Decoder::default();
                decoder.feed(&[0x1b, first, second]);
                while decoder.next(false).is_some() {}
                while decoder.next(true).is_some() {}
                assert!(!decoder.is_waiting(), "{first:#x} {second:#x}");
            }
        }
    }
}
