//! Limits from the command line and the environment.

use super::args::Options;
use crate::boot::{self, DEFAULT_FILE_SIZE, UNPACKING_MEMORY};
use crate::exit::{Failure, Result};
use crate::units::parse_size;

/// pygrub's own names for its limits, both in MiB.
const FILE_SIZE_VARIABLE: &str = "PYGRUB_MAX_FILE_SIZE_MB";
const MEMORY_VARIABLE: &str = "PYGRUB_MAX_RAM_USAGE_MB";

/// What no guest may exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub files: boot::Limits,
    pub worker_memory: Option<u64>,
}

/// The options' limits, else the environment's, else the defaults.
pub(super) fn resolve(options: &Options) -> Result<Limits> {
    let file_size = from_environment(FILE_SIZE_VARIABLE)?.unwrap_or(DEFAULT_FILE_SIZE);
    let memory = from_environment(MEMORY_VARIABLE)?;
    Ok(Limits {
        files: boot::Limits {
            kernel: options.max_kernel_size.unwrap_or(file_size),
            ramdisk: options.max_ramdisk_size.unwrap_or(file_size),
        },
        worker_memory: options
            .worker
            .worker_memory
            .or(memory)
            .or(options.vmlinux.then_some(UNPACKING_MEMORY)),
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
