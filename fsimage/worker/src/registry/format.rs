//! A loaded plugin as a [`Format`].

use super::answer::Call;
use super::filesystem::PluginFileSystem;
use super::host::Lent;
use fsimage_sdk::abi::{self, FsPtr, Plugin, ProbeVerdict, size_u32};
use fsimage_sdk::{ErrorKind, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};
use std::sync::Arc;

/// A plugin whose entry has been checked: every mandatory callback is there.
pub(super) struct PluginFormat {
    plugin: Plugin,
    name: Arc<str>,
}

// SAFETY: an entry is function pointers and pointers to constants of an object that is never unloaded; the ABI lets
// the host call probe and open from any thread.
unsafe impl Send for PluginFormat {}
// SAFETY: as above, also at the same time.
unsafe impl Sync for PluginFormat {}

impl PluginFormat {
    pub(super) fn new(plugin: Plugin, name: String) -> Self {
        Self { plugin, name: name.into() }
    }
}

impl Format for PluginFormat {
    fn name(&self) -> &str {
        &self.name
    }

    fn probe(&self, volume: &Volume, limits: &Limits) -> Result<Probe> {
        let call = Call::new(&self.name, "probe");
        let probe = self.plugin.probe.ok_or_else(|| call.fault("is missing"))?;
        let lent = Lent::new(&self.name, core::slice::from_ref(volume), limits);
        let volumes = lent.volumes();
        let mut answer = abi::Probe { struct_size: size_u32::<abi::Probe>(), verdict: 0 };
        let mut error = abi::Error::new();
        // SAFETY: the callback of the plugin's entry, with arguments as the ABI describes them, alive for the call.
        let code = unsafe { probe(lent.host(), volumes.as_ptr(), &raw mut answer, &raw mut error) };
        call.answer(code, &error)?;
        match ProbeVerdict::from_code(answer.verdict) {
            Some(ProbeVerdict::NotMine) => Ok(Probe::NotMine),
            Some(ProbeVerdict::Mine) => Ok(Probe::Mine),
            // The error is what the verdict is worth; without one the plugin still said "broken".
            Some(ProbeVerdict::MineButBroken) if error.kind == 0 => {
                Ok(Probe::MineButBroken(call.error(ErrorKind::Corrupt.code(), &error)))
            }
            Some(ProbeVerdict::MineButBroken) => Ok(Probe::MineButBroken(call.error(error.kind, &error))),
            None => Err(call.fault(format_args!("unknown verdict {}", answer.verdict))),
        }
    }

    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        let call = Call::new(&self.name, "open");
        let open = self.plugin.open.ok_or_else(|| call.fault("is missing"))?;
        let lent = Lent::new(&self.name, volumes, &options.limits);
        let raw_volumes = lent.volumes();
        let mut handle: FsPtr = core::ptr::null_mut();
        let mut error = abi::Error::new();
        // SAFETY: the callback of the plugin's entry, with arguments as the ABI describes them: the host and what the
        // volumes point at live in `lent`, which the filesystem keeps until after close.
        let code = unsafe {
            open(
                lent.host(),
                raw_volumes.as_ptr(),
                raw_volumes.len(),
                options.options.as_ptr(),
                options.options.len(),
                &raw mut handle,
                &raw mut error,
            )
        };
        call.answer(code, &error)?;
        if handle.is_null() {
            return Err(call.fault("success without a filesystem"));
        }
        Ok(Box::new(PluginFileSystem::new(self.plugin, &self.name, handle, lent, options.limits)))
    }
}
