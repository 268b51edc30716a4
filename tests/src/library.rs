//! libfsimage as it is installed, and C programs that use it.

use crate::stage::built;
use crate::{Outcome, Run, Stage, need};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The library's file.
const NAME: &str = "libfsimage.so.1";
/// Where the compiler finds its parts.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// An installation of the library, worker and plugins beside it.
#[derive(Debug)]
pub struct Library {
    stage: Stage,
    programs: TempDir,
}

impl Library {
    /// Installs it below a stage, by the project's own verb. A development build looks for its worker beside the library's
    /// file, so that moves to the stage's worker, with a link in its place.
    #[must_use]
    pub fn install(stage: Stage) -> Self {
        let xtask = built().join("xtask");
        assert!(xtask.is_file(), "{} is missing: cargo build --workspace", xtask.display());
        let outcome = Run::new(&xtask)
            .arg("install")
            .env("PATH", PATH)
            .option("--built", built())
            .option("--prefix", stage.path("usr"))
            .finish();
        outcome.assert_success();
        let programs = tempfile::Builder::new().prefix("pygrub-rs-c.").tempdir_in("/tmp").unwrap();
        let library = Self { stage, programs };
        std::fs::rename(library.libdir().join(NAME), library.file()).unwrap();
        symlink(library.file(), library.libdir().join(NAME)).unwrap();
        library
    }

    /// Where a linker looks for it.
    #[must_use]
    pub fn libdir(&self) -> PathBuf {
        self.stage.path("usr/lib")
    }

    /// Where it is installed.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The library itself.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.stage.path(NAME)
    }

    /// A folder for what programs write.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.programs.path()
    }

    /// What pkg-config says.
    #[must_use]
    pub fn pkg_config(&self, words: &[&str]) -> String {
        let run = Run::new(&need("pkg-config", "pkgconf"));
        let outcome =
            run.env("PKG_CONFIG_LIBDIR", self.libdir().join("pkgconfig")).args(words).arg("fsimage").finish();
        outcome.assert_success();
        outcome.text().trim().to_owned()
    }

    /// Compiles a C program against it, as a user would: with pkg-config's flags, and where the library lies.
    #[must_use]
    pub fn compile(&self, source: &Path, flags: &[&str]) -> PathBuf {
        let program = self.programs.path().join(source.file_stem().unwrap());
        let outcome = Run::new(&need("cc", "gcc"))
            .env("PATH", PATH)
            .args(["-std=c11", "-D_DEFAULT_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic"])
            .args(flags)
            .arg(source)
            .arg("-o")
            .arg(&program)
            .args(self.pkg_config(&["--cflags", "--libs"]).split_whitespace())
            .option("-Wl,-rpath", self.libdir())
            .finish();
        outcome.assert_success();
        program
    }

    /// The same of a source in tests/c, ready to run.
    #[must_use]
    pub fn program(&self, name: &str) -> Run {
        Run::new(&self.compile(&source(name), &["-pthread"]))
    }

    /// Runs a program of tests/c that checks itself.
    #[track_caller]
    pub fn assert_passes(&self, name: &str, arguments: &[&str]) -> Outcome {
        let outcome = self.program(name).args(arguments).finish();
        outcome.assert_success();
        assert_eq!(outcome.text(), "all as it should be\n", "{}", outcome.stderr);
        outcome
    }
}

/// A source in tests/c.
#[must_use]
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name).with_extension("c")
}
