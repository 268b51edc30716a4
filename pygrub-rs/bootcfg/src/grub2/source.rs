//! A configuration file as GRUB's reader hands it to the lexer.

/// Text without what GRUB's line reader leaves out, and the line numbers of what is left.
///
/// Seen with grub-emu: carriage returns vanish, a NUL ends its line, and a line whose very first byte is `#`
/// vanishes even in the middle of a quoted string or after a backslash at the end of the line before.
#[derive(Debug)]
pub(crate) struct Source {
    text: Vec<u8>,
    /// For each kept line, where it starts in `text` and its number in the file. Ascending in both.
    starts: Vec<(usize, u32)>,
}

impl Source {
    pub(crate) fn new(file: &[u8]) -> Self {
        let mut text = Vec::with_capacity(file.len());
        let mut starts = Vec::new();
        let mut expected = 1_u32;
        let mut number = 0_u32;
        for line in file.split_inclusive(|&byte| byte == b'\n') {
            number = number.saturating_add(1);
            if line.first() == Some(&b'#') {
                continue;
            }
            // Only irregular lines are written down, so a plain file of a million empty lines costs nothing more.
            if starts.is_empty() || number != expected {
                starts.push((text.len(), number));
            }
            expected = number.saturating_add(1);
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let before_nul = content.split(|&byte| byte == 0).next().unwrap_or_default();
            text.extend(before_nul.iter().filter(|&&byte| byte != b'\r'));
            text.push(b'\n');
        }
        Self { text, starts }
    }

    /// A string inside the configuration that is evaluated as a script of its own: nothing is left out of it.
    pub(crate) fn from_string(text: &[u8], line: u32) -> Self {
        let mut text = text.to_vec();
        text.push(b'\n');
        Self { text, starts: vec![(0, line)] }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How the line number changes: pairs of an offset and the number of the line that starts there.
    pub(crate) fn starts(&self) -> &[(usize, u32)] {
        &self.starts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cleaned_and_numbered() {
        let source = Source::new(b"a\r\n#x\nb\0c\n # d\n#\n\n");
        assert_eq!(source.text(), b"a\nb\n # d\n\n");
        assert_eq!(source.starts(), [(0, 1), (2, 3), (9, 6)]);
    }

    #[test]
    fn the_last_line_needs_no_newline() {
        assert_eq!(Source::new(b"a").text(), b"a\n");
    }
}
