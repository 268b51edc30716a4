//! `linux (kernel 'P')(ramdisk 'R')(args 'A')`, quoted as Python's `repr` does, without a newline.
//!
//! pygrub holds guest text as Python strings in which a byte that is not UTF-8 is a lone surrogate
//! (`surrogateescape`); `repr` writes that as `\udcNN`, and so does this.

use super::BootResult;
use core::fmt::Write;

pub(super) fn render(result: &BootResult) -> Vec<u8> {
    let mut text = String::from("linux ");
    for (name, value) in result.items() {
        // Writing to a String cannot fail.
        let _ = write!(text, "({name} {})", repr(value));
    }
    text.into_bytes()
}

/// Python's `repr` of `os.fsdecode(bytes)`.
fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut text = String::from(quote);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut text, character, quote);
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\udc{byte:02x}");
        }
    }
    text.push(quote);
    text
}

fn push(text: &mut String, character: char, quote: char) {
    let code = u32::from(character);
    let _ = match character {
        '\\' => write!(text, "\\\\"),
        '\n' => write!(text, "\\n"),
        '\r' => write!(text, "\\r"),
        '\t' => write!(text, "\\t"),
        _ if character == quote => write!(text, "\\{quote}"),
        _ if is_printable(character) => write!(text, "{character}"),
        _ if code < 0x100 => write!(text, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(text, "\\u{code:04x}"),
        _ => write!(text, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable`: the standard library escapes the same categories (other, and every separator but
/// the blank) inside a text; as the first character it would escape combining ones too, hence the `a`.
fn is_printable(character: char) -> bool {
    if matches!(character, '\'' | '"' | '\\') {
        return true;
    }
    let text = String::from_iter(['a', character]);
    text.escape_debug().eq(text.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right column is what Xen 4.17's pygrub printed under Python 3.11.
    #[test]
    fn quoting_is_pythons() {
        let cases: [(&[u8], &str); 8] = [
            (b"root=/dev/xvda1 ro quiet \"it's\"", r#"'root=/dev/xvda1 ro quiet "it\'s"'"#),
            (b"it's", r#""it's""#),
            (b"say \"x\"", r#"'say "x"'"#),
            ("é tab\tx".as_bytes(), "'é tab\\tx'"),
            ("a\u{a0}b\u{200b}c\u{7f}d😀 \\ \"".as_bytes(), r#"'a\xa0b\u200bc\x7fd😀 \\ "'"#),
            (b"\xff", r"'\udcff'"),
            ("a\u{301}\u{378}\u{ad}".as_bytes(), "'a\u{301}\\u0378\\xad'"),
            (b"a\nb\rc\x1b", r"'a\nb\rc\x1b'"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(repr(bytes), expected);
        }
    }
}
