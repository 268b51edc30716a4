//! Plugins made on the spot.

use fsimage_sdk::{FileSystem, Format, OpenOptions, Result, Volume};
use fsimage_worker::registry::Registry;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// An empty directory that the registry trusts.
pub(crate) fn plugin_directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Compiles C into a plugin of that name.
pub(crate) fn compile(source: &Path, directory: &Path, name: &str) -> PathBuf {
    let plugin = directory.join(format!("libfsimage_plugin_{name}.so"));
    let output = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-std=c11", "-fPIC", "-shared", "-I"])
        .arg(repository().join("fsimage/include"))
        .arg("-I")
        .arg(repository().join("plugins/example-c"))
        .arg(source)
        .arg("-o")
        .arg(&plugin)
        .output()
        .unwrap_or_else(|e| panic!("cc: {e}: install a C compiler (Debian: apt-get install gcc)"));
    assert!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
    plugin
}

/// The example plugin with its entry changed by a C statement; `e` is the entry.
pub(crate) fn compile_changed(directory: &Path, name: &str, change: &str) -> PathBuf {
    let source = directory.join(format!("{name}.c"));
    let code = format!(
        "#define fsimage_plugin_entry honest\n#include \"example.c\"\n#undef fsimage_plugin_entry\n\
         fsimage_plugin fsimage_plugin_entry;\n\
         __attribute__((constructor)) static void make(void) {{\n\
             fsimage_plugin *e = &fsimage_plugin_entry;\n    *e = honest;\n    {change};\n}}\n"
    );
    std::fs::write(&source, code).unwrap();
    compile(&source, directory, name)
}

/// The evil plugin, built by cargo: a test cannot depend on a cdylib.
fn evil_plugin() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "fsimage-plugin-evil", "--target-dir"])
            .arg(target)
            .current_dir(repository())
            .status()
            .unwrap();
        assert!(status.success());
        target.join("debug/libfsimage_evil.so")
    })
}

/// A registry with the evil plugin in it.
pub(crate) fn evil_registry() -> (Registry, TempDir) {
    let directory = plugin_directory();
    std::fs::copy(evil_plugin(), directory.path().join("libfsimage_plugin_evil.so")).unwrap();
    let registry = Registry::load(directory.path()).unwrap();
    assert_eq!(registry.rejected(), []);
    (registry, directory)
}

/// A volume in memory.
pub(crate) fn volume(bytes: &[u8]) -> Volume {
    Arc::new(bytes.to_vec())
}

/// Opens with default options.
pub(crate) fn open(format: &dyn Format, volume: &Volume) -> Result<Box<dyn FileSystem>> {
    format.open(std::slice::from_ref(volume), &OpenOptions::default())
}

/// The error a call must end with.
pub(crate) fn error_of<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(e) => e.to_string(),
    }
}
