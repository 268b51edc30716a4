//! `kernel P`, `ramdisk P`, `args A`, each ended by the separator, and one separator more at the end.

use super::{BootResult, Unrepresentable};

/// Most bytes of one item that libxl's buffer holds beside the NUL.
pub(super) const MAX_ITEM: usize = 8191;

/// With `\n` for xapi, with NUL for libxl.
pub(super) fn render(result: &BootResult, separator: u8) -> Result<Vec<u8>, Unrepresentable> {
    let mut text = Vec::new();
    for (name, value) in result.items() {
        let item = [name.as_bytes(), b" ", value].concat();
        if value.contains(&separator) {
            return Err(Unrepresentable::LineBreak(name));
        }
        // libxl skips every blank behind the keyword, not only the first.
        if value.first().is_some_and(is_space) {
            return Err(Unrepresentable::LeadingSpace(name));
        }
        if separator == 0 && item.len() > MAX_ITEM {
            return Err(Unrepresentable::TooLong(name, item.len()));
        }
        text.extend(item);
        text.push(separator);
    }
    text.push(separator);
    Ok(text)
}

/// C's `isspace`.
fn is_space(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || *byte == 0x0b
}
