//! Numbers as GRUB reads them.

/// The number a text begins with, after blanks and a minus sign, in C's notation (`0x` hexadecimal, `0` octal);
/// what follows it is ignored. `None` when there is none, or when it does not fit. (grub-emu: `+5` is no number,
/// `08` is 8 and `018` is 1.)
pub(crate) fn leading(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii_start();
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest.trim_ascii_start()),
        _ => (false, text),
    };
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', b'0'..=b'7', ..] => (8, text),
        _ => (10, text),
    };
    let mut value = 0_i64;
    let mut any = false;
    for digit in digits.iter().map_while(|&byte| char::from(byte).to_digit(radix)) {
        any = true;
        let digit = i64::from(digit);
        value = value.checked_mul(i64::from(radix))?.checked_add(digit)?;
    }
    if !any {
        return None;
    }
    if negative { value.checked_neg() } else { Some(value) }
}

/// The same where GRUB takes anything else for 0, and keeps 32 bits (grub-emu: `2147483648 -gt 1` is false).
pub(crate) fn as_int(text: &[u8]) -> i64 {
    let value = leading(text).unwrap_or_default();
    let [a, b, c, d, ..] = value.to_le_bytes();
    i64::from(i32::from_le_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_notation() {
        let cases: [(&[u8], Option<i64>); 11] = [
            (b"12", Some(12)),
            (b" -3x", Some(-3)),
            (b"0x1F", Some(31)),
            (b"010", Some(8)),
            (b"0", Some(0)),
            (b"09", Some(9)),
            (b"018", Some(1)),
            (b"+5", None),
            (b"", None),
            (b"x1", None),
            (b"99999999999999999999", None),
        ];
        for (text, value) in cases {
            assert_eq!(leading(text), value, "{text:?}");
        }
    }

    #[test]
    fn comparisons_use_32_bits() {
        assert_eq!(as_int(b"2147483648"), -2147483648);
        assert_eq!(as_int(b"4294967298"), 2);
        assert_eq!(as_int(b"x"), 0);
    }
}
