//! Limits by the kernel on what the inmate may use.

use super::Plan;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Address space taken for granted when the kernel does not tell what is in use.
const USUAL_SIZE: u64 = 256 << 20;

/// Sets every limit, soft and hard alike: what is set cannot be raised again. Processor time alone has two.
pub(crate) fn limit(plan: &Plan) -> rustix::io::Result<()> {
    let address_space = own_size().saturating_add(plan.memory);
    // The soft limit is a signal that says which limit it was; a second later the hard one kills.
    let hard = plan.cpu_seconds.saturating_add(1);
    setrlimit(Resource::Cpu, Rlimit { current: Some(plan.cpu_seconds), maximum: Some(hard) })?;
    for (resource, value) in [
        (Resource::As, address_space),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ] {
        set(resource, value)?;
    }
    Ok(())
}

/// From here on no descriptor can be made; those that are open stay.
pub(crate) fn no_more_descriptors() -> rustix::io::Result<()> {
    set(Resource::Nofile, 0)
}

fn set(resource: Resource, value: u64) -> rustix::io::Result<()> {
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
}

/// Bytes of address space in use: program, libraries and plugins.
fn own_size() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    pages.and_then(|pages| pages.checked_mul(page)).unwrap_or(USUAL_SIZE)
}
