//! The jail. `docs/sandbox.md` gives the same list with the reasons.
//!
//! The program forks once, before it touches a plugin or a disk. The parent is the **warden**: it holds the channel's
//! end only to see it close, kills its child when that happens and repeats its child's end. The child is the
//! **inmate**: it loads the plugins, locks itself in with [`Inmate::lock_down`] and serves.
//!
//! A step that fails ends the worker, unless it is marked best effort; those are reported.

mod credentials;
mod descriptors;
mod empty_root;
mod identity_map;
mod landlocked;
mod memory;
mod names;
mod resources;
mod seccomp;
mod signals;
mod warden;

pub(crate) use descriptors::{close_all_but, take_channel};
pub(crate) use memory::SharedMemory;
pub(crate) use seccomp::{INMATE_RULES, Rule};
pub(crate) use warden::enter;

use fsimage_protocol::{Bytes, List, StepOutcome, StepReport};
use std::fmt;
use std::os::fd::RawFd;

/// Descriptor of the channel: standard input.
pub(crate) const CHANNEL: RawFd = 0;
/// Descriptor of the last words: standard error.
pub(crate) const LAST_WORDS: RawFd = 2;

/// What the jail needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// False only on the user's own `--no-sandbox`.
    pub(crate) sandbox: bool,
    /// User to become when started as root.
    pub(crate) uid: u32,
    /// Group likewise.
    pub(crate) gid: u32,
    /// Bytes of address space beyond what is in use when the jail closes.
    pub(crate) memory: u64,
    /// Seconds of processor time.
    pub(crate) cpu_seconds: u64,
}

/// A step that failed, and so the jail.
#[derive(Debug)]
pub(crate) struct Failure {
    step: &'static str,
    why: String,
}

impl Failure {
    pub(crate) fn new(step: &'static str, why: impl fmt::Display) -> Self {
        Self { step, why: why.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lock-down step \"{}\": {}", self.step, self.why)
    }
}

/// The child, before its lock-down.
#[derive(Debug)]
pub(crate) struct Inmate {
    plan: Plan,
    namespaces: Result<&'static str, String>,
    user_namespace: bool,
}

impl Inmate {
    /// Locks this process in, step by step, and tells what is in force.
    ///
    /// `keep` are the disks' descriptors: everything else but the channel and the last words is closed.
    pub(crate) fn lock_down(self, keep: &[RawFd]) -> Result<List<StepReport, 32>, Failure> {
        let kept: Vec<RawFd> = [CHANNEL, LAST_WORDS].iter().chain(keep).copied().collect();
        close_all_but(&kept).map_err(|why| Failure::new("close descriptors", why))?;
        if !self.plan.sandbox {
            signals::report_ends()?;
            return Ok(List::cut(off()));
        }
        let privileged = rustix::process::geteuid().is_root() || self.user_namespace;
        let mut reports = vec![enforced("close descriptors")];

        rustix::thread::set_no_new_privs(true).map_err(|why| Failure::new("no new privileges", why))?;
        reports.push(enforced("no new privileges"));

        resources::limit(&self.plan).map_err(|why| Failure::new("resource limits", why))?;
        reports.push(enforced("resource limits"));

        reports.push(StepReport {
            name: name("namespaces"),
            outcome: match &self.namespaces {
                Ok("") => StepOutcome::Enforced {},
                Ok(lack) => unavailable(lack),
                Err(why) => unavailable(why),
            },
        });
        let emptied = match self.namespaces {
            Ok(_) => empty_root::enter().map_err(|why| why.to_string()),
            Err(_) => Err("needs a mount namespace".to_owned()),
        };
        reports.push(best_effort("empty root directory", emptied));

        credentials::drop_all(&self.plan, privileged)?;
        reports.push(enforced("unprivileged user"));
        reports.push(enforced("no capabilities"));

        warden::die_with_it().map_err(|why| Failure::new("end with the warden", why))?;
        reports.push(enforced("end with the warden"));

        reports.push(best_effort("landlock", landlocked::enforce()));

        // Landlock needed one descriptor; nothing needs one from here on.
        resources::no_more_descriptors().map_err(|why| Failure::new("no more descriptors", why))?;
        reports.push(enforced("no more descriptors"));

        signals::report_ends()?;
        seccomp::enforce(seccomp::INMATE_RULES).map_err(|why| Failure::new("seccomp", why))?;
        reports.push(enforced("seccomp"));
        Ok(List::cut(reports))
    }
}

/// The names of all steps, in order.
pub(crate) const STEPS: [&str; 11] = [
    "close descriptors",
    "no new privileges",
    "resource limits",
    "namespaces",
    "empty root directory",
    "unprivileged user",
    "no capabilities",
    "end with the warden",
    "landlock",
    "no more descriptors",
    "seccomp",
];

fn off() -> Vec<StepReport> {
    STEPS.iter().map(|step| StepReport { name: name(step), outcome: StepOutcome::Off {} }).collect()
}

fn name(step: &str) -> Bytes<256> {
    Bytes::cut(step.as_bytes())
}

fn enforced(step: &str) -> StepReport {
    StepReport { name: name(step), outcome: StepOutcome::Enforced {} }
}

fn unavailable(why: &str) -> StepOutcome {
    StepOutcome::Unavailable { reason: Bytes::sentence(why) }
}

fn best_effort(step: &str, outcome: Result<(), String>) -> StepReport {
    match outcome {
        Ok(()) => enforced(step),
        Err(why) => StepReport { name: name(step), outcome: unavailable(&why) },
    }
}
