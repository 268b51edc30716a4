//! An open filesystem of a plugin as a [`FileSystem`], every answer checked.

use super::answer::Call;
use super::host::Lent;
use super::sinks::{DirectoryCheck, ExtentCheck};
use fsimage_sdk::abi::{self, FsPtr, LINK_MAX, Plugin, ReadLinkFn, size_u32};
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, Extent, FileSystem, FileType, Info, Limits, Metadata, NodeId,
    Result,
};
use std::ops::ControlFlow;
use std::sync::Arc;

const PERMISSION_BITS: u32 = 0o7777;
const NANOSECONDS: u32 = 1_000_000_000;

/// Closes the plugin's handle when dropped, before the volumes it reads from.
pub(super) struct PluginFileSystem {
    plugin: Plugin,
    name: Arc<str>,
    handle: FsPtr,
    limits: Limits,
    lent: Lent,
}

// SAFETY: the ABI lets an open filesystem move between threads as long as one at a time calls it; this type is not
// Sync, so Rust sees to that.
unsafe impl Send for PluginFileSystem {}

impl PluginFileSystem {
    /// Takes over what the plugin's `open` gave.
    pub(super) fn new(plugin: Plugin, name: &Arc<str>, handle: FsPtr, lent: Lent, limits: Limits) -> Self {
        Self { plugin, name: Arc::clone(name), handle, limits, lent }
    }

    /// A callback of this plugin, with what is needed to speak of it.
    fn callback<T>(&self, callback: Option<T>, name: &'static str) -> Result<(T, Call)> {
        let call = Call::new(&self.name, name);
        let callback = callback.ok_or_else(|| call.fault("is missing"))?;
        Ok((callback, call))
    }

    /// The bytes that `read_link` or `boot_string` writes.
    fn short_bytes(&self, read: ReadLinkFn, call: &Call, node: NodeId) -> Result<Vec<u8>> {
        let mut buffer = vec![0_u8; LINK_MAX];
        let mut length = 0_usize;
        let mut error = abi::Error::new();
        // SAFETY: a callback of the entry, the handle of its open, a buffer of the capacity told.
        let code = unsafe {
            read(self.handle, node.0, buffer.as_mut_ptr(), buffer.len(), &raw mut length, &raw mut error)
        };
        call.answer(code, &error)?;
        call.filled(&buffer, length, "an answer").map(<[u8]>::to_vec)
    }
}

impl Drop for PluginFileSystem {
    fn drop(&mut self) {
        if let Some(close) = self.plugin.close {
            // SAFETY: the handle came from this plugin's open and is closed here only; `lent` is dropped afterwards.
            unsafe { close(self.handle) };
        }
    }
}

impl FileSystem for PluginFileSystem {
    fn root(&self) -> Result<NodeId> {
        let (root, call) = self.callback(self.plugin.root, "root")?;
        let mut node = 0;
        let mut error = abi::Error::new();
        // SAFETY: a callback of the entry, the handle of its open, places that live through the call.
        let code = unsafe { root(self.handle, &raw mut node, &raw mut error) };
        call.answer(code, &error)?;
        Ok(NodeId(node))
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata> {
        let (metadata, call) = self.callback(self.plugin.metadata, "metadata")?;
        let mut found =
            abi::Metadata { struct_size: size_u32::<abi::Metadata>(), ..abi::Metadata::default() };
        let mut error = abi::Error::new();
        // SAFETY: a callback of the entry, the handle of its open, places that live through the call.
        let code = unsafe { metadata(self.handle, node.0, &raw mut found, &raw mut error) };
        call.answer(code, &error)?;
        if found.mode & !PERMISSION_BITS != 0 {
            return Err(call.fault(format_args!("mode 0o{:o} holds more than permissions", found.mode)));
        }
        Ok(Metadata {
            file_type: FileType::from_code(found.file_type).unwrap_or(FileType::Unknown),
            mode: found.mode,
            uid: found.uid,
            gid: found.gid,
            links: found.links,
            size: found.size,
            mtime_seconds: found.mtime_seconds,
            // Many formats can store more: a guest's odd timestamp is no reason to lose the file.
            mtime_nanoseconds: if found.mtime_nanoseconds < NANOSECONDS {
                found.mtime_nanoseconds
            } else {
                0
            },
        })
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        let (lookup, call) = self.callback(self.plugin.lookup, "lookup")?;
        let mut node = 0;
        let mut error = abi::Error::new();
        // SAFETY: a callback of the entry, the handle of its open, places that live through the call.
        let code = unsafe {
            lookup(self.handle, directory.0, name.as_ptr(), name.len(), &raw mut node, &raw mut error)
        };
        call.answer(code, &error)?;
        Ok(NodeId(node))
    }

    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let (read_dir, call) = self.callback(self.plugin.read_dir, "read_dir")?;
        let mut error = abi::Error::new();
        let mut check = DirectoryCheck::new(&call, cursor, self.limits.max_directory_entries, sink);
        // SAFETY: a callback of the entry, the handle of its open; the sink's context is `check`, which lives through
        // the call and is touched by the sink only.
        let code = unsafe {
            let (sink, context) = check.as_sink();
            read_dir(self.handle, directory.0, cursor.0, Some(sink), context, &raw mut error)
        };
        check.finish()?;
        call.answer(code, &error)
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        let (read_link, call) = self.callback(self.plugin.read_link, "read_link")?;
        let target = self.short_bytes(read_link, &call, node)?;
        if target.is_empty() { Err(call.fault("an empty target")) } else { Ok(target) }
    }

    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let (read_at, call) = self.callback(self.plugin.read_at, "read_at")?;
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut length = 0_usize;
        let mut error = abi::Error::new();
        let capacity = buffer.len();
        // SAFETY: a callback of the entry, the handle of its open, a buffer of the capacity told.
        let code = unsafe {
            read_at(
                self.handle,
                node.0,
                offset,
                buffer.as_mut_ptr(),
                capacity,
                &raw mut length,
                &raw mut error,
            )
        };
        call.answer(code, &error)?;
        call.filled(buffer, length, "a read").map(<[u8]>::len)
    }

    fn extents(
        &self,
        node: NodeId,
        offset: u64,
        sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Result<()> {
        let Some(extents) = self.plugin.extents else {
            return Err(Error::new(ErrorKind::Unsupported, "this format has no extents"));
        };
        let call = Call::new(&self.name, "extents");
        let sizes: Vec<u64> = self.lent.sizes().collect();
        let mut error = abi::Error::new();
        let mut check = ExtentCheck::new(&call, offset, &sizes, sink);
        // SAFETY: as in read_dir.
        let code = unsafe {
            let (sink, context) = check.as_sink();
            extents(self.handle, node.0, offset, Some(sink), context, &raw mut error)
        };
        check.finish()?;
        call.answer(code, &error)
    }

    fn info(&self) -> Result<Info> {
        let Some(info) = self.plugin.info else { return Ok(Info::default()) };
        let call = Call::new(&self.name, "info");
        let mut found = abi::Info::new();
        let mut error = abi::Error::new();
        // SAFETY: a callback of the entry, the handle of its open, places that live through the call.
        let code = unsafe { info(self.handle, &raw mut found, &raw mut error) };
        call.answer(code, &error)?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(Info {
            flavour: text(call.part(&found.flavour, found.flavour_length, "a flavour")?),
            label: call.part(&found.label, found.label_length, "a label")?.to_vec(),
            uuid: text(call.part(&found.uuid, found.uuid_length, "a UUID")?),
            block_size: found.block_size,
            size: found.size,
            features: text(call.part(&found.features, found.features_length, "features")?)
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect(),
            remarks: text(call.part(&found.remarks, found.remarks_length, "remarks")?)
                .lines()
                .map(str::to_owned)
                .collect(),
        })
    }

    fn boot_string(&self, node: NodeId) -> Result<Vec<u8>> {
        let Some(boot_string) = self.plugin.boot_string else { return Ok(Vec::new()) };
        self.short_bytes(boot_string, &Call::new(&self.name, "boot_string"), node)
    }
}
