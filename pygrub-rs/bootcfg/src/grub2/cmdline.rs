//! The kernel's command line.

/// Words joined by single blanks, as GRUB hands them to Linux: a word with a blank in it is put in double quotes,
/// and quotes and backslashes get a backslash before them (`\xHH` stays as it is), so that the kernel, which knows double quotes
/// only, can still tell the words apart.
pub(crate) fn joined(words: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        let quoted = word.contains(&b' ');
        if quoted {
            line.push(b'"');
        }
        let mut rest = word.as_slice();
        while let Some((&byte, after)) = rest.split_first() {
            let literal =
                matches!(rest, [b'\\', b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
            if matches!(byte, b'\\' | b'\'' | b'"') && !literal {
                line.push(b'\\');
            }
            line.push(byte);
            rest = after;
        }
        if quoted {
            line.push(b'"');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> String {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        String::from_utf8(joined(&words)).unwrap()
    }

    #[test]
    fn words_are_joined_by_single_blanks() {
        assert_eq!(line(&["root=/dev/xvda1", "ro", "quiet"]), "root=/dev/xvda1 ro quiet");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn blanks_quotes_and_backslashes_are_guarded() {
        assert_eq!(line(&["a=b c", "d'e"]), "\"a=b c\" d\\'e");
        assert_eq!(line(&["x\\y\\x20z"]), "x\\\\y\\x20z");
    }
}
