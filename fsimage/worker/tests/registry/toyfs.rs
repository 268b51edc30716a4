//! The example plugin in C, from the compiler to its file's bytes.

use crate::support::{compile, error_of, open, plugin_directory, repository, volume};
use fsimage_sdk::path::{LastLink, resolve};
use fsimage_sdk::{DirCursor, Extent, ExtentKind, FileType, Limits, NodeId};
use fsimage_worker::registry::{MountOptions, Registry};
use std::ops::ControlFlow;

/// A volume of files; data lies behind the table, in order.
fn image(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut table = b"TOYFS1\0\0".to_vec();
    table.extend(u32::try_from(files.len()).unwrap().to_le_bytes());
    table.extend([0; 4]);
    let mut data = Vec::new();
    for (name, bytes) in files {
        let mut record = name.as_bytes().to_vec();
        record.resize(48, 0);
        table.extend(record);
        table.extend(u64::try_from(16 + 64 * files.len() + data.len()).unwrap().to_le_bytes());
        table.extend(u64::try_from(bytes.len()).unwrap().to_le_bytes());
        data.extend_from_slice(bytes);
    }
    table.extend(data);
    table
}

fn registry() -> (Registry, tempfile::TempDir) {
    let directory = plugin_directory();
    compile(&repository().join("plugins/example-c/example.c"), directory.path(), "toyfs");
    let registry = Registry::load(directory.path()).unwrap();
    assert_eq!(registry.rejected(), []);
    (registry, directory)
}

#[test]
fn its_file_is_listed_read_and_located() {
    let (registry, directory) = registry();
    let disk = volume(&image(&[("vmlinuz", b"a kernel"), ("initrd", b"a ramdisk")]));
    let limits = Limits::default();
    let plugin = registry.find("toyfs").unwrap();
    assert_eq!((plugin.name(), plugin.version.as_str()), ("toyfs", "1.0"));
    assert_eq!(plugin.description, "A flat toy filesystem: the example of a plugin in C");
    assert_eq!(plugin.path, Some(directory.path().join("libfsimage_plugin_toyfs.so")));

    let fs = open(&*plugin.format, &disk).unwrap();
    let mut names = Vec::new();
    fs.read_dir(fs.root().unwrap(), DirCursor(0), &mut |entry| {
        names.push((entry.name.to_vec(), entry.node, entry.next));
        ControlFlow::Continue(())
    })
    .unwrap();
    let wanted =
        [(b"vmlinuz".to_vec(), NodeId(1), DirCursor(1)), (b"initrd".to_vec(), NodeId(2), DirCursor(2))];
    assert_eq!(names, wanted);

    let (node, metadata) = resolve(&*fs, b"/./initrd", LastLink::Follow, &limits).unwrap();
    assert_eq!((metadata.file_type, metadata.size, metadata.mode), (FileType::Regular, 9, 0o444));
    let mut buffer = [0; 100];
    assert_eq!(fs.read_at(node, 2, &mut buffer).unwrap(), 7);
    assert_eq!(&buffer[..7], b"ramdisk");
    assert_eq!(fs.read_at(node, 9, &mut buffer).unwrap(), 0);

    let mut extents = Vec::new();
    fs.extents(node, 3, &mut |extent| {
        extents.push(extent);
        ControlFlow::Continue(())
    })
    .unwrap();
    let kind = ExtentKind::Data { volume: 0, physical: 16 + 2 * 64 + 8 };
    assert_eq!(extents, [Extent { logical: 0, length: 9, kind }]);
}

#[test]
fn a_listing_stops_when_told_and_goes_on_from_its_cursor() {
    let (registry, _directory) = registry();
    let disk = volume(&image(&[("a", b""), ("b", b""), ("c", b"")]));
    let fs = open(&*registry.plugins()[0].format, &disk).unwrap();
    let mut next = DirCursor(0);
    for wanted in [b"a", b"b", b"c"] {
        let mut seen = 0;
        fs.read_dir(NodeId(0), next, &mut |entry| {
            assert_eq!(entry.name, wanted);
            (seen, next) = (seen + 1, entry.next);
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(seen, 1);
    }
}

#[test]
fn its_errors_arrive_with_kind_place_and_text() {
    let (registry, _directory) = registry();
    let format = &*registry.plugins()[0].format;
    let fs = open(format, &volume(&image(&[("a", b"x")]))).unwrap();
    assert_eq!(error_of(fs.lookup(NodeId(0), b"b")), "not found: plugin toyfs, lookup");
    assert_eq!(error_of(fs.read_at(NodeId(0), 0, &mut [0; 4])), "is a directory: the root directory");
    assert_eq!(error_of(fs.metadata(NodeId(9))), "corrupt: no such node");
    assert_eq!(error_of(fs.read_link(NodeId(1))), "not a symbolic link: TOYFS has no links");

    let mut bytes = image(&[("a", b"x")]);
    bytes[16 + 0x30] = 0xff;
    let wanted = "corrupt: a file beyond the end of the volume (at 0x40)";
    assert_eq!(error_of(open(format, &volume(&bytes))), wanted);
    let truncated = volume(&image(&[("a", b"x")])[..40]);
    let wanted = "input/output error: 64 bytes wanted of a volume of 40 (at 0x10)";
    assert_eq!(error_of(open(format, &truncated)), wanted);
}

#[test]
fn a_panic_of_the_receiver_passes_over_the_plugin() {
    let (registry, _directory) = registry();
    let fs = open(&*registry.plugins()[0].format, &volume(&image(&[("a", b"x")]))).unwrap();
    let listing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fs.read_dir(NodeId(0), DirCursor(0), &mut |_| panic!("in the receiver"))
    }));
    assert_eq!(listing.unwrap_err().downcast_ref::<&str>(), Some(&"in the receiver"));
    assert_eq!(fs.root().unwrap(), NodeId(0));
}

#[test]
fn an_unknown_volume_is_not_recognised() {
    let (registry, directory) = registry();
    std::fs::write(directory.path().join("libfsimage_plugin_broken.so"), "no ELF").unwrap();
    let zeros = volume(&[0; 4096]);
    let refused = |registry: &Registry| {
        let mounted = registry.mount(&zeros, &MountOptions::default());
        error_of(mounted.map(|_| ()).map_err(|why| registry.explain(&why)))
    };
    let wanted = "not recognised: no filesystem known to toyfs";
    assert_eq!(refused(&registry), wanted);
    let registry = Registry::load(directory.path()).unwrap();
    let error = refused(&registry);
    assert!(error.starts_with(&format!("{wanted}; not loaded: ")), "{error}");
    assert!(error.contains("libfsimage_plugin_broken.so: "), "{error}");
}
