//! Who may write to plugins and to the way that leads to them.

use crate::support::{compile_changed, error_of, plugin_directory};
use fsimage_worker::registry::Registry;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A directory in a directory of a mode.
fn below(mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
    let outer = plugin_directory();
    let inner = outer.path().join("plugins");
    std::fs::create_dir(&inner).unwrap();
    chmod(&inner, 0o755);
    chmod(outer.path(), mode);
    (outer, inner)
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    for mode in [0o775, 0o757, 0o1777] {
        let directory = plugin_directory();
        chmod(directory.path(), mode);
        let error = error_of(Registry::load(directory.path()));
        let path = directory.path().display();
        assert!(error.contains(&format!("{path} is writable by others than its owner")), "{error}");
        assert!(error.ends_with(&format!("(mode {mode:04o}): chmod go-w {path}")), "{error}");
    }
}

#[test]
fn so_is_a_directory_above_it_unless_it_is_sticky() {
    let (outer, inner) = below(0o777);
    let error = error_of(Registry::load(&inner));
    assert!(error.ends_with(&format!("chmod go-w {}", outer.path().display())), "{error}");
    let (_outer, inner) = below(0o1777);
    Registry::load(&inner).unwrap();
}

#[test]
fn so_is_the_way_a_symbolic_link_leads() {
    let (outer, inner) = below(0o777);
    let trusted = plugin_directory();
    // From an untrusted place to a trusted one, and the other way round.
    symlink(trusted.path(), outer.path().join("link")).unwrap();
    let error = error_of(Registry::load(&outer.path().join("link")));
    assert!(error.ends_with(&format!("chmod go-w {}", outer.path().display())), "{error}");
    symlink(&inner, trusted.path().join("link")).unwrap();
    let error = error_of(Registry::load(&trusted.path().join("link")));
    assert!(error.ends_with(&format!("chmod go-w {}", outer.path().display())), "{error}");
    chmod(outer.path(), 0o755);
    Registry::load(&trusted.path().join("link")).unwrap();
}

#[test]
fn a_file_that_others_can_write_and_a_link_are_left_out() {
    let directory = plugin_directory();
    let writable = compile_changed(directory.path(), "writable", "e->name = \"writable\"");
    chmod(&writable, 0o664);
    symlink(&writable, directory.path().join("libfsimage_plugin_link.so")).unwrap();
    let registry = Registry::load(directory.path()).unwrap();
    assert_eq!(registry.plugins().len(), 0);
    let reasons: Vec<String> = registry.rejected().iter().map(|r| r.reason.clone()).collect();
    let path = writable.display();
    let wanted = format!("{path} is writable by others than its owner (mode 0664): chmod go-w {path}");
    assert_eq!(reasons, ["not a regular file", &wanted]);
    chmod(&writable, 0o644);
    assert_eq!(Registry::load(directory.path()).unwrap().plugins().len(), 1);
}

#[test]
fn somebody_else_s_files_are_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give files away; the rest of the suite runs for everybody.
        return;
    }
    let directory = plugin_directory();
    let file = compile_changed(directory.path(), "given", "e->name = \"given\"");
    chown(&file, Some(12345), None).unwrap();
    let registry = Registry::load(directory.path()).unwrap();
    let path = file.display();
    let wanted = format!("{path} belongs to uid 12345, not to root: chown root {path}");
    assert_eq!(registry.rejected()[0].reason, wanted);
    chown(directory.path(), Some(12345), None).unwrap();
    let error = error_of(Registry::load(directory.path()));
    assert!(error.contains("belongs to uid 12345, not to root"), "{error}");
}

#[test]
fn a_path_that_is_relative_missing_or_no_directory_is_refused() {
    let error = error_of(Registry::load(Path::new("plugins")));
    assert_eq!(error, "invalid argument: plugin directory plugins: the path is not absolute");
    let directory = plugin_directory();
    let error = error_of(Registry::load(&directory.path().join("none")));
    assert!(error.starts_with("not found: plugin directory "), "{error}");
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    chmod(&file, 0o644);
    let error = error_of(Registry::load(&file));
    assert!(error.starts_with("not a directory: plugin directory "), "{error}");
}
