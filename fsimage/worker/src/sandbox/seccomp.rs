//! The system calls that remain, as data: each with the reason why it must.
//!
//! Everything else traps: the handler in `signals` names the call, and the process ends. A call under another
//! architecture's numbers kills at once.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;

/// What an argument must be for the call to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Argument `.0` equals `.1`.
    Equals(u8, u64),
    /// Argument `.0` has none of the bits `.1`.
    Without(u8, u64),
    /// Argument `.0` is this process.
    IsOurself(u8),
}

/// One allowed call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its number.
    pub(crate) number: i64,
    /// Its name.
    pub(crate) name: &'static str,
    /// All of these must hold.
    pub(crate) when: &'static [Condition],
    /// Why it must remain.
    pub(crate) reason: &'static str,
}

macro_rules! rules {
    ($($call:ident $when:expr, $reason:literal;)*) => {
        &[$(Rule { number: libc::$call, name: stringify!($call), when: &$when, reason: $reason },)*]
    };
}

use Condition::{Equals, IsOurself, Without};

/// PROT_EXEC.
const EXECUTABLE: u64 = 4;
/// SIGABRT.
const ABORT: u64 = 6;

/// What the inmate may still ask of the kernel.
pub(crate) const INMATE_RULES: &[Rule] = rules! {
    SYS_recvfrom [Equals(0, 0)], "the next request, from the channel only";
    SYS_sendto [Equals(0, 0), Equals(4, 0)], "the answer, to the channel only and to no address";
    SYS_pread64 [], "the disk; no other descriptor can be read by position";
    SYS_write [Equals(0, 2)], "last words";
    SYS_writev [Equals(0, 2)], "last words: the standard library's panic message";
    SYS_brk [], "malloc";
    SYS_mmap [Without(2, EXECUTABLE)], "malloc; never executable";
    SYS_munmap [], "malloc";
    SYS_mremap [], "realloc of large blocks";
    SYS_madvise [], "malloc gives memory back";
    SYS_mprotect [Without(2, EXECUTABLE)], "malloc grows a heap; never executable";
    SYS_futex [], "locks of the standard library";
    SYS_getrandom [], "seeds of hash maps";
    SYS_clock_gettime [], "time, where the vDSO does not serve it";
    SYS_rt_sigreturn [], "return from a handler";
    SYS_rt_sigprocmask [], "abort()";
    SYS_gettid [], "abort()";
    SYS_getpid [], "abort()";
    SYS_tgkill [IsOurself(0), Equals(2, ABORT)], "abort(), of ourself";
    SYS_sigaltstack [], "end of the main thread";
    SYS_exit_group [], "the end";
};

/// What the warden may still ask.
pub(crate) const WARDEN_RULES: &[Rule] = rules! {
    SYS_ppoll [], "waits for the channel to close or the inmate to end";
    SYS_wait4 [], "the inmate's end";
    SYS_kill [Equals(1, 9)], "ends the inmate";
    SYS_write [Equals(0, 2)], "last words";
    SYS_rt_sigreturn [], "return from SIGCHLD";
    SYS_restart_syscall [], "the kernel resumes an interrupted ppoll";
    SYS_exit_group [], "the end";
};

/// Allows these calls and no others, for good.
pub(crate) fn enforce(rules: &[Rule]) -> Result<(), String> {
    let program = compile(rules).map_err(|why| why.to_string())?;
    seccompiler::apply_filter(&program).map_err(|why| why.to_string())
}

fn compile(rules: &[Rule]) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut table: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let conditions: Vec<SeccompCondition> =
            rule.when.iter().map(|when| when.compiled()).collect::<Result<_, _>>()?;
        let alternatives = table.entry(rule.number).or_default();
        // An empty list of alternatives means "always".
        if !conditions.is_empty() {
            alternatives.push(SeccompRule::new(conditions)?);
        }
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(table, SeccompAction::Trap, SeccompAction::Allow, arch)?.try_into()
}

impl Condition {
    fn compiled(self) -> Result<SeccompCondition, seccompiler::BackendError> {
        let (argument, operator, value) = match self {
            Self::Equals(argument, value) => (argument, SeccompCmpOp::Eq, value),
            Self::Without(argument, bits) => (argument, SeccompCmpOp::MaskedEq(bits), 0),
            Self::IsOurself(argument) => {
                let own = u64::from(std::process::id());
                (argument, SeccompCmpOp::Eq, own)
            }
        };
        SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)
    }
}
