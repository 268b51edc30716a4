//! Running programs, and where things lie.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A verb's outcome; the error is a sentence.
pub(crate) type Result<T = (), E = String> = core::result::Result<T, E>;

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_owned()
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A folder below target/, made.
pub(crate) fn work_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    std::fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    Ok(folder)
}

/// A program to be run in the project's folder.
pub(crate) fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a program to success, its output shown.
pub(crate) fn run(program: impl AsRef<OsStr>, arguments: &[&str]) -> Result {
    finish(&mut command(program, arguments))
}

/// Runs a command to success.
pub(crate) fn finish(command: &mut Command) -> Result {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(why) => Err(format!("{shown}: {why}")),
    }
}

/// Runs a command to success and gives what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output().map_err(|why| format!("{shown}: {why}"))?;
    if !output.status.success() {
        return Err(format!("{shown}: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(env!("CARGO"), arguments)
}

/// Builds what ships: programs, worker, plugins and the C library.
pub(crate) fn build_release() -> Result {
    finish(&mut release())
}

/// The same for fixed places of the worker and the plugins.
pub(crate) fn build_release_for(libexecdir: &Path, plugindir: &Path) -> Result {
    finish(release().env("FSIMAGE_LIBEXECDIR", libexecdir).env("FSIMAGE_PLUGINDIR", plugindir))
}

fn release() -> Command {
    cargo(&["build", "--release", "--workspace", "--exclude", "xtask", "--exclude", "fsimage-tests"])
}
