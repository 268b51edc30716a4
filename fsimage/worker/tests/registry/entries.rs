//! What the registry says of entries that break the rules, and the order of those that keep them.

use crate::support::{compile_changed, error_of, open, plugin_directory, volume};
use fsimage_sdk::NodeId;
use fsimage_worker::registry::{LoadedPlugin, Registry};
use std::ops::ControlFlow;

/// Why a plugin with this change is rejected.
fn rejection(change: &str) -> String {
    let directory = plugin_directory();
    let file = compile_changed(directory.path(), "changed", change);
    let registry = Registry::load(directory.path()).unwrap();
    assert_eq!(registry.plugins().len(), 0, "{change}");
    let [rejected] = registry.rejected() else { panic!("{change}: {:?}", registry.rejected()) };
    assert_eq!(rejected.file, file);
    rejected.reason.clone()
}

#[test]
fn each_broken_entry_is_rejected_with_its_reason() {
    let long = "x".repeat(32);
    let longer = "x".repeat(300);
    let cases = [
        ("e->abi_version = 2".to_owned(), "built for plugin ABI 2, this host speaks 1"),
        ("e->struct_size = 8".to_owned(), "struct_size 8 is not between 112 and 65536"),
        ("e->struct_size = 0xffffffff".to_owned(), "struct_size 4294967295 is not between 112 and 65536"),
        ("e->kind = 2".to_owned(), "kind 2 is not one this host knows"),
        ("e->flags = 1".to_owned(), "flags 0x1 are not ones this host knows"),
        ("e->name = NULL".to_owned(), "name is null"),
        ("e->name = \"\"".to_owned(), "name \"\" is not of [a-z0-9_-]{1,31}"),
        ("e->name = \"Toy\"".to_owned(), "name \"Toy\" is not of [a-z0-9_-]{1,31}"),
        ("e->name = \"../x\"".to_owned(), "name \"../x\" is not of [a-z0-9_-]{1,31}"),
        ("e->name = \"a\\033b\"".to_owned(), "name \"a\\u{1b}b\" holds control characters"),
        ("e->name = \"a\\377b\"".to_owned(), "name \"a\\xffb\" is not UTF-8"),
        (format!("e->name = \"{long}\""), "name is longer than 31 bytes"),
        ("e->version = NULL".to_owned(), "version is null"),
        ("e->version = \"\"".to_owned(), "version is empty"),
        (format!("e->description = \"{longer}\""), "description is longer than 255 bytes"),
    ];
    for (change, reason) in cases {
        assert_eq!(rejection(&change), reason, "{change}");
    }
}

#[test]
fn each_missing_callback_is_named() {
    for name in ["probe", "open", "close", "root", "metadata", "lookup", "read_dir", "read_link", "read_at"] {
        assert_eq!(rejection(&format!("e->{name} = NULL")), format!("callback `{name}` is missing"));
    }
}

#[test]
fn objects_without_an_entry_are_rejected() {
    let directory = plugin_directory();
    std::fs::write(directory.path().join("libfsimage_plugin_a.so"), "no ELF").unwrap();
    let source = directory.path().join("b.c");
    std::fs::write(&source, "int fsimage_plugin_entrance;\n").unwrap();
    crate::support::compile(&source, directory.path(), "b");
    std::fs::write(directory.path().join("libother.so"), "not looked at").unwrap();
    let registry = Registry::load(directory.path()).unwrap();
    let [a, b] = registry.rejected() else { panic!("{:?}", registry.rejected()) };
    assert!(a.file.ends_with("libfsimage_plugin_a.so") && a.reason.contains("file too short"), "{a:?}");
    assert!(b.file.ends_with("libfsimage_plugin_b.so"), "{b:?}");
    assert!(b.reason.starts_with("no symbol fsimage_plugin_entry"), "{b:?}");
}

#[test]
fn the_order_is_that_of_the_list_then_by_name_and_one_bad_plugin_spoils_nothing() {
    let directory = plugin_directory();
    for (file, name) in [("1", "zz"), ("2", "fat"), ("3", "aa"), ("4", "ext2"), ("6", "fat")] {
        compile_changed(directory.path(), file, &format!("e->name = \"{name}\""));
    }
    compile_changed(directory.path(), "5", "e->read_dir = NULL");
    let registry = Registry::load(directory.path()).unwrap();
    let names: Vec<&str> = registry.plugins().iter().map(LoadedPlugin::name).collect();
    assert_eq!(names, ["ext2", "fat", "aa", "zz"]);
    let reasons: Vec<&str> = registry.rejected().iter().map(|r| r.reason.as_str()).collect();
    let taken = directory.path().join("libfsimage_plugin_2.so");
    let taken = format!("its name \"fat\" is taken by {}", taken.display());
    assert_eq!(reasons, ["callback `read_dir` is missing", &taken]);
}

/// A plugin of an older header ends where the optional callbacks begin; one of a newer has more than we know.
#[test]
fn shorter_and_longer_entries_load() {
    let directory = plugin_directory();
    compile_changed(
        directory.path(),
        "older",
        "e->name = \"older\"; e->struct_size = offsetof(fsimage_plugin, extents)",
    );
    compile_changed(directory.path(), "newer", "e->name = \"newer\"; e->struct_size = 4096");
    let registry = Registry::load(directory.path()).unwrap();
    assert_eq!(registry.rejected(), []);
    let disk = volume(b"TOYFS1\0\0\0\0\0\0\0\0\0\0");
    let extents = |name: &str| {
        let fs = open(&*registry.find(name).unwrap().format, &disk).unwrap();
        error_of(fs.extents(NodeId(1), 0, &mut |_| ControlFlow::Continue(())))
    };
    assert_eq!(extents("older"), "unsupported: this format has no extents");
    assert_eq!(extents("newer"), "corrupt: no such node");
}
