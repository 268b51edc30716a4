//! The system calls that remain, as data: each with the reason why it must.
//!
//! Everything else traps: the handler in `signals` names the call, and the process ends. A call under another
//! architecture's numbers kills at once.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;
use std::fmt;

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
    number: i64,
    name: &'static str,
    /// All of these must hold.
    when: &'static [Condition],
    /// Why it must remain.
    reason: &'static str,
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

impl Rule {
    /// The call's name, as the manual has it.
    pub(crate) fn call(&self) -> &'static str {
        self.name.trim_start_matches("SYS_")
    }

    /// Its conditions in words.
    pub(crate) fn conditions(&self) -> String {
        let words: Vec<String> = self.when.iter().map(ToString::to_string).collect();
        words.join(", ")
    }

    /// Why it must remain.
    pub(crate) fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(argument, value) => write!(f, "argument {argument} is {value}"),
            Self::Without(argument, bits) => write!(f, "argument {argument} without bits {bits:#x}"),
            Self::IsOurself(argument) => write!(f, "argument {argument} is the worker itself"),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/sandbox.md lists every rule, so that the text cannot drift from the filter.
    #[test]
    fn the_documentation_lists_exactly_these_rules() {
        let document = include_str!("../../../../docs/sandbox.md");
        for (title, rules) in
            [("## The inmate's calls", INMATE_RULES), ("## The warden's calls", WARDEN_RULES)]
        {
            let section = document.split_once(title).expect(title).1;
            let documented: Vec<&str> = section
                .lines()
                .skip_while(|line| !line.starts_with("| `"))
                .take_while(|line| line.starts_with("| `"))
                .collect();
            let expected: Vec<String> = rules
                .iter()
                .map(|rule| format!("| `{}` | {} | {} |", rule.call(), rule.conditions(), rule.reason()))
                .collect();
            assert_eq!(documented, expected, "{title}: the table has to read\n{}", expected.join("\n"));
        }
    }

    #[test]
    fn every_rule_compiles() {
        compile(INMATE_RULES).unwrap();
        compile(WARDEN_RULES).unwrap();
    }
}
