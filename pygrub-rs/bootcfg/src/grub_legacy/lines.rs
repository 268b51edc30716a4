//! The lines of a configuration, as stage2's `get_line_from_config` reads them.

/// Iterates over (line number, text): carriage returns vanish, a tab is a blank, a backslash before a line's end
/// makes a blank of the two (in a comment as well), a line whose first letter is `#` is a comment. A NUL ends its
/// line's text, as in C.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, number: 0 }
    }

    /// Up to the next newline that no backslash hides.
    fn raw(&mut self) -> Option<Vec<u8>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut line = Vec::new();
        let mut literal = false;
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'\r' => continue,
                b'\n' => {
                    self.number = self.number.saturating_add(1);
                    if !literal {
                        return Some(line);
                    }
                    // The backslash becomes the blank.
                    line.pop();
                    line.push(b' ');
                }
                b'\t' => line.push(b' '),
                _ => line.push(byte),
            }
            literal = byte == b'\\';
        }
        self.number = self.number.saturating_add(1);
        Some(line)
    }
}

impl Iterator for Lines<'_> {
    type Item = (u32, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = self.number.saturating_add(1);
            let line = self.raw()?;
            let text = line.split(|&byte| byte == 0).next().unwrap_or_default().trim_ascii();
            if !text.is_empty() && !text.starts_with(b"#") {
                return Some((first, text.to_vec()));
            }
        }
    }
}

/// The command's name and the rest of its line: blanks or `=` stand between them (`skip_to`).
pub(super) fn command(line: &[u8]) -> (&[u8], &[u8]) {
    let between = |byte: &u8| matches!(byte, b' ' | b'=');
    let end = line.iter().position(between).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let start = rest.iter().position(|byte| !between(byte)).unwrap_or(rest.len());
    (name, rest.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u32, String)> {
        Lines::new(text.as_bytes()).map(|(number, line)| (number, String::from_utf8(line).unwrap())).collect()
    }

    #[test]
    fn a_backslash_joins_lines() {
        assert_eq!(lines("a \\\n\tb\\\r\n c\nd"), [(1, "a   b  c".into()), (4, "d".into())]);
        assert_eq!(lines("a\\b\\\\\nc\n"), [(1, "a\\b\\ c".into())]);
        assert_eq!(lines("\\\na\n"), [(1, "a".into())]);
    }

    #[test]
    fn comments_begin_lines_only() {
        assert_eq!(lines("# a \\\n b\n  #c\nd #e\n\n"), [(4, "d #e".into())]);
    }

    #[test]
    fn a_nul_ends_the_text() {
        assert_eq!(lines("a\0b\nc"), [(1, "a".into()), (2, "c".into())]);
    }

    #[test]
    fn separators() {
        assert_eq!(command(b"default=1"), (&b"default"[..], &b"1"[..]));
        assert_eq!(command(b"title = A=b c"), (&b"title"[..], &b"A=b c"[..]));
        assert_eq!(command(b"boot"), (&b"boot"[..], &b""[..]));
    }
}
