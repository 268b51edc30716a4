//! Names of system calls, for the message about a forbidden one. The number comes from the worker; nothing
//! depends on it.

macro_rules! calls {
    ($($name:ident)*) => {
        &[$((libc::$name, stringify!($name)),)*]
    };
}

const CALLS: &[(libc::c_long, &str)] = calls! {
    SYS_read SYS_write SYS_close SYS_fstat SYS_lseek SYS_mmap SYS_mprotect SYS_munmap SYS_ioctl SYS_pread64
    SYS_pwrite64 SYS_readv SYS_writev SYS_pwritev SYS_pwritev2 SYS_dup SYS_dup3 SYS_nanosleep SYS_clock_nanosleep
    SYS_getpid SYS_getppid SYS_gettid SYS_sendfile SYS_socket SYS_socketpair SYS_connect SYS_accept SYS_accept4
    SYS_sendmsg SYS_recvmsg SYS_bind SYS_listen SYS_clone SYS_clone3 SYS_execve SYS_execveat SYS_kill SYS_tkill
    SYS_tgkill SYS_uname SYS_fcntl SYS_ftruncate SYS_truncate SYS_chdir SYS_fchdir SYS_fchmod SYS_fchown SYS_umask
    SYS_ptrace SYS_setuid SYS_setgid SYS_setreuid SYS_setregid SYS_setresuid SYS_setresgid SYS_setgroups
    SYS_capset SYS_personality SYS_statfs SYS_prctl SYS_chroot SYS_mount SYS_umount2 SYS_pivot_root SYS_reboot
    SYS_init_module SYS_finit_module SYS_getdents64 SYS_openat SYS_openat2 SYS_mkdirat SYS_mknodat SYS_unlinkat
    SYS_renameat2 SYS_linkat SYS_symlinkat SYS_readlinkat SYS_fchmodat SYS_faccessat SYS_faccessat2 SYS_unshare
    SYS_setns SYS_splice SYS_tee SYS_vmsplice SYS_copy_file_range SYS_pipe2 SYS_eventfd2 SYS_epoll_create1
    SYS_inotify_init1 SYS_perf_event_open SYS_process_vm_readv SYS_process_vm_writev SYS_kcmp SYS_seccomp
    SYS_memfd_create SYS_bpf SYS_userfaultfd SYS_keyctl SYS_add_key SYS_request_key SYS_prlimit64 SYS_statx
    SYS_io_uring_setup SYS_io_uring_enter SYS_pidfd_open SYS_pidfd_send_signal SYS_pidfd_getfd SYS_open_tree
    SYS_move_mount SYS_fsopen SYS_mount_setattr SYS_landlock_create_ruleset SYS_sched_yield SYS_rt_sigaction
    SYS_rt_sigprocmask SYS_sigaltstack SYS_getuid SYS_geteuid SYS_newfstatat SYS_shmget SYS_msgget SYS_semget
    SYS_mq_open SYS_timer_create SYS_setitimer SYS_vhangup SYS_acct SYS_swapon SYS_sethostname
};

/// The calls that newer architectures do without.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[(libc::c_long, &str)] = calls! {
    SYS_open SYS_creat SYS_stat SYS_lstat SYS_poll SYS_access SYS_pipe SYS_select SYS_dup2 SYS_pause SYS_alarm
    SYS_fork SYS_vfork SYS_getdents SYS_rename SYS_mkdir SYS_rmdir SYS_link SYS_unlink SYS_symlink SYS_readlink
    SYS_chmod SYS_chown SYS_lchown SYS_mknod SYS_arch_prctl SYS_time SYS_epoll_create SYS_eventfd SYS_signalfd
    SYS_inotify_init SYS_ioperm SYS_iopl SYS_modify_ldt
};
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[(libc::c_long, &str)] = &[];

/// The call's name with its number, or the number alone.
pub(crate) fn name(number: u32) -> String {
    match CALLS.iter().chain(OLD_CALLS).find(|(known, _)| *known == i64::from(number)) {
        Some((_, name)) => format!("{} ({number})", name.trim_start_matches("SYS_")),
        None => format!("number {number}"),
    }
}
