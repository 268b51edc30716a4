//! A format in Rust through `export!`'s shims and back: what goes in comes out, and nothing unwinds on the way.

use super::entry::{check_entry, copy_entry};
use super::{LoadedPlugin, MountOptions, Registry};
use fsimage_sdk::abi::{self, Plugin, size_u32};
use fsimage_sdk::shims::{self, Export};
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, Extent, ExtentKind, FileSystem, FileType, Format, Info, Limits,
    Metadata, NodeId, OpenOptions, Probe, Result, Volume,
};
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// What a volume's first byte makes the format do.
const MINE: u8 = b'M';
const BROKEN: u8 = b'B';
const KEEP: u8 = b'K';

/// Volumes a format in safe Rust may keep, against the rules.
static KEPT: Mutex<Vec<Volume>> = Mutex::new(Vec::new());

struct Toy;
static TOY: Toy = Toy;

impl Format for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn probe(&self, volume: &Volume, limits: &Limits) -> Result<Probe> {
        assert_eq!(limits.max_symlinks, 40, "the host's limits arrive");
        let mut first = [0];
        volume.read_exact_at(0, &mut first)?;
        Ok(match first[0] {
            MINE => Probe::Mine,
            KEEP => {
                KEPT.lock().unwrap().push(Arc::clone(volume));
                Probe::Mine
            }
            BROKEN => Probe::MineButBroken(Error::unsupported("feature 0x80").at(0x60)),
            _ => Probe::NotMine,
        })
    }

    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        match options.options.as_slice() {
            b"" => Ok(Box::new(ToyFs(volumes.to_vec()))),
            b"panic" => panic!("open panics"),
            other => Err(Error::new(ErrorKind::InvalidArgument, String::from_utf8_lossy(other))),
        }
    }
}

/// Node 1 is a directory, 2 a file of the last volume, 3 a link; 4 panics, 5 has a long error.
struct ToyFs(Vec<Volume>);

impl FileSystem for ToyFs {
    fn root(&self) -> Result<NodeId> {
        Ok(NodeId(1))
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata> {
        Ok(Metadata {
            file_type: if node.0 == 1 { FileType::Directory } else { FileType::Regular },
            mode: 0o4755,
            uid: 1000,
            gid: 1001,
            links: 2,
            size: self.0.last().unwrap().size(),
            mtime_seconds: -1,
            // What ext4 can store and POSIX does not have.
            mtime_nanoseconds: 1_073_741_823,
        })
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        match directory.0 {
            1 if name == b"\xff" => Ok(NodeId(2)),
            4 => std::panic::panic_any(7_u32),
            // 199 times three bytes: the 496th byte is inside a character.
            5 => Err(Error::corrupt("\u{20ac}".repeat(199)).at(0x1234)),
            _ => Err(Error::new(ErrorKind::NotFound, "")),
        }
    }

    fn read_dir(
        &self,
        _: NodeId,
        _: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        // Does not stop when told: the shim must.
        for next in 1..=3 {
            let _ = sink(DirEntry {
                name: b"\xff",
                node: NodeId(2),
                file_type: FileType::Unknown,
                next: DirCursor(next),
            });
        }
        Ok(())
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        Ok(vec![b'x'; if node.0 == 3 { 4096 } else { 4097 }])
    }

    fn read_at(&self, _: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.0.last().unwrap().read_exact_at(offset, buffer)?;
        Ok(buffer.len())
    }

    fn extents(&self, _: NodeId, _: u64, sink: &mut dyn FnMut(Extent) -> ControlFlow<()>) -> Result<()> {
        let _ = sink(Extent { logical: 0, length: 8, kind: ExtentKind::Hole });
        let _ = sink(Extent { logical: 8, length: 4, kind: ExtentKind::Data { volume: 1, physical: 2 } });
        Ok(())
    }

    fn info(&self) -> Result<Info> {
        Ok(Info {
            flavour: "toy2".to_owned(),
            label: vec![0xff; 300],
            uuid: "1234".to_owned(),
            block_size: 512,
            size: 9,
            features: vec!["a".repeat(1000), "bb".to_owned(), "c".repeat(100), "d".to_owned()],
            remarks: vec!["wrong checksum\nat 0x400".to_owned(), "x".repeat(2048)],
        })
    }

    fn boot_string(&self, _: NodeId) -> Result<Vec<u8>> {
        Ok(b"zfs-bootfs=rpool/1".to_vec())
    }
}

struct ToyExport;

impl Export for ToyExport {
    const NAME: &'static CStr = c"toy";
    const VERSION: &'static CStr = c"0.1";
    const DESCRIPTION: &'static CStr = c"";

    fn format() -> &'static dyn Format {
        &TOY
    }
}

struct Misnamed;

impl Export for Misnamed {
    const NAME: &'static CStr = c"other";
    const VERSION: &'static CStr = c"0.1";
    const DESCRIPTION: &'static CStr = c"";

    fn format() -> &'static dyn Format {
        &TOY
    }
}

fn loaded<E: Export>() -> LoadedPlugin {
    check_entry(shims::plugin::<E>(), None).unwrap()
}

fn volume(bytes: &[u8]) -> Volume {
    Arc::new(bytes.to_vec())
}

fn opened() -> Box<dyn FileSystem> {
    let volumes = [volume(b"M first"), volume(b"a second volume")];
    loaded::<ToyExport>().format.open(&volumes, &OpenOptions::default()).unwrap()
}

fn error_of<T>(result: Result<T>) -> String {
    result.err().unwrap().to_string()
}

#[test]
fn a_probe_answers_three_ways_or_fails() {
    let registry = Registry { plugins: vec![loaded::<ToyExport>()], rejected: Vec::new() };
    let mount = |bytes: &[u8]| {
        let mounted = registry.mount(&volume(bytes), &MountOptions::default());
        mounted.map(|mounted| mounted.plugin).map_err(|why| registry.explain(&why))
    };
    assert_eq!(mount(&[MINE]).unwrap(), "toy");
    assert_eq!(error_of(mount(&[BROKEN])), "unsupported: toy filesystem: feature 0x80 (at 0x60)");
    assert_eq!(error_of(mount(b"?")), "not recognised: no filesystem known to toy");
    let error = error_of(mount(b""));
    assert_eq!(error, "input/output error: volume: 1 bytes wanted past the end of 0 bytes (at 0x0)");
}

#[test]
fn answers_arrive_as_they_were_given() {
    let fs = opened();
    assert_eq!(fs.root().unwrap(), NodeId(1));
    let wanted = Metadata {
        file_type: FileType::Directory,
        mode: 0o4755,
        uid: 1000,
        gid: 1001,
        links: 2,
        size: 15,
        mtime_seconds: -1,
        mtime_nanoseconds: 0,
    };
    assert_eq!(fs.metadata(NodeId(1)).unwrap(), wanted);
    assert_eq!(fs.lookup(NodeId(1), b"\xff").unwrap(), NodeId(2));
    let mut buffer = [0; 6];
    assert_eq!(fs.read_at(NodeId(2), 2, &mut buffer).unwrap(), 6);
    assert_eq!(&buffer, b"second");
    assert_eq!(fs.read_at(NodeId(2), 99, &mut []).unwrap(), 0);
    assert_eq!(fs.read_link(NodeId(3)).unwrap().len(), 4096);
    assert_eq!(fs.boot_string(NodeId(1)).unwrap(), b"zfs-bootfs=rpool/1");

    let mut extents = Vec::new();
    fs.extents(NodeId(2), 0, &mut |extent| {
        extents.push(extent);
        ControlFlow::Continue(())
    })
    .unwrap();
    let data = Extent { logical: 8, length: 4, kind: ExtentKind::Data { volume: 1, physical: 2 } };
    assert_eq!(extents, [Extent { logical: 0, length: 8, kind: ExtentKind::Hole }, data]);
}

#[test]
fn texts_that_do_not_fit_are_cut_where_they_may_be() {
    let info = opened().info().unwrap();
    assert_eq!((info.flavour.as_str(), info.uuid.as_str()), ("toy2", "1234"));
    assert_eq!((info.block_size, info.size, info.label), (512, 9, vec![0xff; 256]));
    assert_eq!(info.features, ["a".repeat(1000), "bb".to_owned()]);
    assert_eq!(info.remarks, ["wrong checksum_at 0x400"]);

    let error = opened().lookup(NodeId(5), b"x").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Corrupt, Some(0x1234)));
    assert_eq!(error.message(), "\u{20ac}".repeat(165));
    let error = error_of(opened().read_link(NodeId(2)));
    assert_eq!(error, "limit reached: 4097 bytes do not fit into 4096");
}

#[test]
fn a_format_that_goes_on_after_a_stop_is_not_heard() {
    let mut heard = 0;
    opened()
        .read_dir(NodeId(1), DirCursor(0), &mut |_| {
            heard += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(heard, 1);
}

#[test]
fn panics_become_internal_errors() {
    let format = loaded::<ToyExport>().format;
    let options = OpenOptions { options: b"panic".to_vec(), ..OpenOptions::default() };
    let error = error_of(format.open(&[volume(b"M")], &options));
    assert_eq!(error, "internal error: plugin toy, open: panic: open panics");
    let error = error_of(opened().lookup(NodeId(4), b"x"));
    assert_eq!(error, "internal error: plugin toy, lookup: panic: no message");
    let options = OpenOptions { options: b"subvol=x".to_vec(), ..OpenOptions::default() };
    assert_eq!(error_of(format.open(&[volume(b"M")], &options)), "invalid argument: subvol=x");
}

#[test]
fn a_volume_kept_too_long_fails_to_read() {
    loaded::<ToyExport>().format.probe(&volume(&[KEEP]), &Limits::default()).unwrap();
    let kept = KEPT.lock().unwrap().pop().unwrap();
    let error = error_of(kept.read_exact_at(0, &mut [0]));
    assert_eq!(error, "internal error: a volume was kept beyond its close (at 0x0)");
}

#[test]
fn a_name_that_disagrees_is_told() {
    let plugin = loaded::<Misnamed>();
    assert_eq!(plugin.name(), "other");
    let error = error_of(plugin.format.probe(&volume(&[MINE]), &Limits::default()));
    let wanted =
        "internal error: plugin other, probe: exported as \"other\", the format calls itself \"toy\"";
    assert_eq!(error, wanted);
}

#[test]
fn null_arguments_are_invalid_and_touch_nothing() {
    use core::ptr::{null, null_mut};
    let plugin = shims::plugin::<ToyExport>();
    let invalid = ErrorKind::InvalidArgument.code();
    let fs = null_mut();
    let mut error = abi::Error::new();
    // SAFETY: null is what the shims must bear, and `error` lives through the calls.
    let codes = unsafe {
        (plugin.close.unwrap())(fs);
        [
            (plugin.probe.unwrap())(null(), null(), null_mut(), &raw mut error),
            (plugin.open.unwrap())(null(), null(), 1, null(), 0, null_mut(), null_mut()),
            (plugin.root.unwrap())(fs, null_mut(), null_mut()),
            (plugin.metadata.unwrap())(fs, 1, null_mut(), null_mut()),
            (plugin.lookup.unwrap())(fs, 1, null(), 4, null_mut(), null_mut()),
            (plugin.read_dir.unwrap())(fs, 1, 0, None, null_mut(), null_mut()),
            (plugin.read_link.unwrap())(fs, 1, null_mut(), 9, null_mut(), null_mut()),
            (plugin.read_at.unwrap())(fs, 1, 0, null_mut(), 9, null_mut(), null_mut()),
            (plugin.extents.unwrap())(fs, 1, 0, None, null_mut(), null_mut()),
            (plugin.info.unwrap())(fs, null_mut(), null_mut()),
            (plugin.boot_string.unwrap())(fs, 1, null_mut(), 9, null_mut(), null_mut()),
        ]
    };
    assert_eq!(codes, [invalid; 11]);
    let length = usize::try_from(error.message_length).unwrap();
    assert_eq!(&error.message[..length], b"probe is null");
}

/// A host of a later version hands out larger structures; one that says too little is refused.
#[test]
fn structures_are_filled_within_their_size() {
    #[repr(C)]
    struct Larger {
        probe: abi::Probe,
        more: u64,
    }
    let plugin = shims::plugin::<ToyExport>();
    let lent = super::host::Lent::new(&Arc::from("toy"), &[volume(&[MINE])], &Limits::default());
    let volumes = lent.volumes();
    let ask = |struct_size: u32| {
        let mut answer = Larger { probe: abi::Probe { struct_size, verdict: 7 }, more: 7 };
        // SAFETY: arguments as the ABI describes them, alive for the call.
        let code = unsafe {
            (plugin.probe.unwrap())(
                lent.host(),
                volumes.as_ptr(),
                (&raw mut answer).cast(),
                core::ptr::null_mut(),
            )
        };
        (code, answer.probe.struct_size, answer.probe.verdict, answer.more)
    };
    assert_eq!(ask(16), (0, 16, 1, 7));
    assert_eq!(ask(8), (0, 8, 1, 7));
    assert_eq!(ask(4), (ErrorKind::InvalidArgument.code(), 4, 7, 7));
}

#[test]
fn an_entry_is_copied_as_far_as_it_says() {
    let mut plugin = shims::plugin::<ToyExport>();
    plugin.struct_size = u32::try_from(core::mem::offset_of!(Plugin, info)).unwrap();
    // SAFETY: the entry lives through the call and is larger than it says.
    let copy = unsafe { copy_entry((&raw const plugin).cast()) }.unwrap();
    assert!(copy.extents.is_some() && copy.info.is_none() && copy.boot_string.is_none());
    plugin.struct_size = size_u32::<Plugin>();
    // SAFETY: as above.
    let copy = unsafe { copy_entry((&raw const plugin).cast()) }.unwrap();
    assert!(copy.boot_string.is_some());
}
