//! A complete installation in a folder of its own.

use crate::processes::{self, Process};
use crate::{Run, need, need_root, poll_until};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How long processes may take to be gone once nothing needs them.
const SETTLING: Duration = Duration::from_secs(5);

/// A folder with copies of the programs and plugins. A development build finds its worker and its plugins beside its
/// own binary, so this is an installation, and no other test has its processes.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    programs: Vec<(u64, u64)>,
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage {
    /// What is shipped: both programs, the worker, the plugins.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[
            ("libfsimage_plugin_ext2.so", "libfsimage_plugin_ext2.so"),
            ("libfsimage_plugin_iso9660.so", "libfsimage_plugin_iso9660.so"),
            ("libfsimage_plugin_ufs.so", "libfsimage_plugin_ufs.so"),
        ])
    }

    /// The same, and the plugin that misbehaves.
    #[must_use]
    pub fn with_evil() -> Self {
        Self::with(&[
            ("libfsimage_plugin_ext2.so", "libfsimage_plugin_ext2.so"),
            ("libfsimage_evil.so", "libfsimage_plugin_evil.so"),
        ])
    }

    fn with(plugins: &[(&str, &str)]) -> Self {
        need_root();
        let folder = tempfile::Builder::new().prefix("pygrub-rs-stage.").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let programs = ["pygrub-rs", "fsimage", "fsimage-worker"];
        for (built, staged) in programs.iter().map(|name| (*name, *name)).chain(plugins.iter().copied()) {
            copy(&built_file(built), &folder.path().join(staged));
        }
        let programs = programs.iter().map(|name| processes::identity(&folder.path().join(name)).unwrap());
        Self { programs: programs.collect(), folder }
    }

    /// A file of it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The boot loader, with an empty environment.
    #[must_use]
    pub fn pygrub(&self) -> Run {
        Run::new(&self.path("pygrub-rs"))
    }

    /// The extractor, with an empty environment.
    #[must_use]
    pub fn fsimage(&self) -> Run {
        Run::new(&self.path("fsimage"))
    }

    /// The running processes whose program lies here.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        processes::all()
            .filter(|process| process.program().is_some_and(|id| self.programs.contains(&id)))
            .collect()
    }

    /// The running workers: the warden first.
    #[must_use]
    pub fn workers(&self) -> Vec<Process> {
        let worker = self.programs[2];
        let mut workers: Vec<Process> =
            processes::all().filter(|process| process.program() == Some(worker)).collect();
        workers.sort_by_key(|process| workers_parent(process, worker));
        workers
    }

    /// Waits until a worker with its inmate is there and the inmate is locked in; warden and inmate.
    #[must_use]
    pub fn locked_in(&self) -> (Process, Process) {
        poll_until("a locked-in worker", crate::HANG, || match self.workers()[..] {
            [warden, inmate] if inmate.status("Seccomp")? == "2" && warden.status("Seccomp")? == "2" => {
                Some((warden, inmate))
            }
            _ => None,
        })
    }

    /// Fails unless every process of the stage is gone, by now or very soon.
    pub fn assert_nothing_runs(&self) {
        let begin = std::time::Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            let shown: Vec<String> = left.iter().map(|process| process.describe()).collect();
            assert!(begin.elapsed() < SETTLING, "still running after {SETTLING:?}: {shown:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Whether the process is a worker's child and so its inmate.
fn workers_parent(process: &Process, worker: (u64, u64)) -> bool {
    process.parent().is_some_and(|parent| parent.program() == Some(worker))
}

/// Where cargo put what it built: the folder above the one in which this test lies.
#[must_use]
pub fn built() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().to_owned()
}

fn built_file(name: &str) -> PathBuf {
    let path = built().join(name);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo xtask test`, or `cargo build --workspace` first",
        path.display()
    );
    path
}

/// Copies a program, by cp: this process must not hold it open for writing, not for a moment. Another thread may fork
/// in that moment, and then the program cannot be executed while its child lives ("text file busy").
fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new(need("cp", "coreutils")).arg(from).arg(to).status().unwrap();
    assert!(status.success(), "cp {} {}", from.display(), to.display());
    let wanted = 0o755;
    assert_eq!(std::fs::metadata(to).unwrap().uid(), 0);
    std::fs::set_permissions(to, PermissionsExt::from_mode(wanted)).unwrap();
}
