//! Hosts that give no namespaces: the rest of the jail stands, and says what is missing.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::unwrap_used, clippy::as_conversions, clippy::cast_sign_loss)]

use fsimage_tests::tools::need_root;
use fsimage_tests::{Guest, Stage};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

/// A program on a host that answers EPERM to a clone with any of these flags.
fn on_a_host_without(flags: &[i32], command: &mut Command) -> Output {
    let rules = flags.iter().map(|flag| {
        let flag = *flag as u64;
        let asked = SeccompCmpOp::MaskedEq(flag);
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, asked, flag).unwrap();
        SeccompRule::new(vec![condition]).unwrap()
    });
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let table = [(libc::SYS_clone, rules.collect())].into_iter().collect();
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let program: BpfProgram =
        SeccompFilter::new(table, SeccompAction::Allow, refused, arch).unwrap().try_into().unwrap();
    // SAFETY: between fork and exec this makes two system calls and allocates nothing unless they fail.
    unsafe { command.pre_exec(move || seccompiler::apply_filter(&program).map_err(std::io::Error::other)) };
    command.env_clear().output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn assert_step(report: &str, step: &str, outcome: &str) {
    let line = report.lines().find(|line| line.contains(step)).unwrap_or_default();
    assert!(line.contains(outcome), "{step}: {outcome} is wanted in\n{report}");
}

#[test]
fn root_without_user_namespaces_has_all_the_others() {
    need_root();
    let stage = Stage::new();
    let mut info = Command::new(stage.path("fsimage"));
    let report = stdout(&on_a_host_without(&[libc::CLONE_NEWUSER], info.args(["info", "--sandbox"])));
    assert_step(&report, "namespaces", "all but the user namespace, which the host refused");
    for step in ["empty root directory", "unprivileged user", "no capabilities", "seccomp"] {
        assert_step(&report, step, "enforced");
    }
}

#[test]
fn without_any_namespace_the_rest_stands_and_the_guest_boots() {
    need_root();
    let (stage, guest) = (Stage::new(), Guest::demo());
    let none = [libc::CLONE_NEWUSER, libc::CLONE_NEWPID];
    let mut info = Command::new(stage.path("fsimage"));
    let report = stdout(&on_a_host_without(&none, info.args(["info", "--sandbox"])));
    assert_step(&report, "namespaces", "refused by the host");
    assert_step(&report, "empty root directory", "needs a mount namespace");
    for step in ["unprivileged user", "no capabilities", "end with the warden", "seccomp"] {
        assert_step(&report, step, "enforced");
    }
    let mut boot = Command::new(stage.path("pygrub-rs"));
    let result = stdout(&on_a_host_without(&none, boot.args(["-q", "-n"]).arg(&guest.image)));
    assert!(result.contains(&format!("<kernel:{}>", guest.kernel)), "{result}");
}
