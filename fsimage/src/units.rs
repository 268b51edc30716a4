//! Quantities as people type them.

use std::time::Duration;

/// Bytes, or with a suffix KiB, MiB, GiB.
///
/// ```
/// assert_eq!(fsimage::units::parse_size("64M"), Ok(64 << 20));
/// assert!(fsimage::units::parse_size("64X").is_err());
/// ```
///
/// # Errors
/// What is wanted instead.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((place, 'k' | 'K')) => (text.get(..place), 1_u64 << 10),
        Some((place, 'm' | 'M')) => (text.get(..place), 1 << 20),
        Some((place, 'g' | 'G')) => (text.get(..place), 1 << 30),
        _ => (Some(text), 1),
    };
    digits
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "a size is a number of bytes, or a number with K, M or G behind it".to_owned())
}

/// Seconds, as a decimal fraction.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(fsimage::units::parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
/// assert!(fsimage::units::parse_seconds("0").is_err());
/// ```
///
/// # Errors
/// What is wanted instead.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a positive number of seconds is wanted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_suffixes_and_do_not_overflow() {
        assert_eq!(parse_size("4096"), Ok(4096));
        assert_eq!(parse_size("3k"), Ok(3072));
        assert_eq!(parse_size("128M"), Ok(128 << 20));
        assert_eq!(parse_size("1G"), Ok(1 << 30));
        for bad in ["", "M", "-1", "1T", "0x10", "18446744073709551615G", "1 M", "é"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_deadline_is_positive() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "nan", "inf", "1e400", "ten"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }
}
