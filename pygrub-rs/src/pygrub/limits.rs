//! Limits from the command line and the environment.

use super::args::Options;
use crate::exit::{Failure, Result};
use std::time::Duration;

/// Largest kernel, and largest ramdisk, unless told otherwise.
const DEFAULT_FILE_SIZE: u64 = 1 << 30;
/// pygrub's own names for its limits, both in MiB.
const FILE_SIZE_VARIABLE: &str = "PYGRUB_MAX_FILE_SIZE_MB";
const MEMORY_VARIABLE: &str = "PYGRUB_MAX_RAM_USAGE_MB";

/// What no guest may exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub kernel: u64,
    pub ramdisk: u64,
    pub worker_memory: Option<u64>,
}

/// The options' limits, else the environment's, else the defaults.
pub(super) fn resolve(options: &Options) -> Result<Limits> {
    let file_size = from_environment(FILE_SIZE_VARIABLE)?.unwrap_or(DEFAULT_FILE_SIZE);
    let memory = from_environment(MEMORY_VARIABLE)?;
    Ok(Limits {
        kernel: options.max_kernel_size.unwrap_or(file_size),
        ramdisk: options.max_ramdisk_size.unwrap_or(file_size),
        worker_memory: options.worker_memory.or(memory),
    })
}

fn from_environment(name: &str) -> Result<Option<u64>> {
    match std::env::var(name) {
        Err(std::env::VarError::NotPresent) => Ok(None),
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => match parse_size(&format!("{value}M")) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(Failure::Usage(format!("the environment variable {name} must be a number of MiB"))),
        },
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("the environment variable {name} must be a number of MiB")))
        }
    }
}

/// Bytes, or with a suffix KiB, MiB, GiB.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
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
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
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
