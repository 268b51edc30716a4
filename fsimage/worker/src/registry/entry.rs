//! One shared object: opened, its entry copied and checked.

use super::LoadedPlugin;
use super::format::PluginFormat;
use core::ffi::c_char;
use fsimage_sdk::abi::{ABI_VERSION, ENTRY_SYMBOL, KIND_FILESYSTEM, Plugin};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::path::Path;
use std::sync::Arc;

/// Bytes of the longest name, terminator included.
const NAME_CAPACITY: usize = 32;
/// Bytes of the longest version, terminator included.
const VERSION_CAPACITY: usize = 64;
/// Bytes of the longest description, terminator included.
const DESCRIPTION_CAPACITY: usize = 256;
/// Where version 1's members end that every plugin has: everything up to the optional callbacks.
const SMALLEST: usize = core::mem::offset_of!(Plugin, extents);
/// A size beyond this is no size: some other data is called `fsimage_plugin_entry`.
const LARGEST: usize = 64 << 10;

/// Opens a shared object whose file has passed [`super::trust`], for good: nothing is ever unloaded, because open
/// filesystems, thread-local destructors and strings of the plugin may outlive any handle we keep.
pub(super) fn load(file: &Path) -> Result<LoadedPlugin, String> {
    // SAFETY: runs the file's initialisers. It, its directory and all above belong to root or the caller and nobody
    // else can write them, so this is code the caller could run anyway.
    let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|e| reason(&e))?;
    let library = core::mem::ManuallyDrop::new(library);
    // SAFETY: only the address is taken here; what lies there is checked below.
    let symbol = unsafe { library.get::<*const u8>(ENTRY_SYMBOL) }
        .map_err(|e| format!("no symbol fsimage_plugin_entry: {}", reason(&e)))?;
    // SAFETY: the object exports the symbol, whose documented type is an immutable Plugin of its struct_size.
    let plugin = unsafe { copy_entry(*symbol) }?;
    check_entry(plugin, Some(file))
}

/// What the dynamic linker says; libloading's own words leave it out.
fn reason(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The plugin's entry as far as both sides know it, the rest zero.
///
/// # Safety
/// `place` is null or points at eight readable bytes; if they say so, at `struct_size` readable bytes.
pub(super) unsafe fn copy_entry(place: *const u8) -> Result<Plugin, String> {
    if place.is_null() {
        return Err("fsimage_plugin_entry is null".to_owned());
    }
    // SAFETY: the caller's promise: abi_version and struct_size, two u32, can be read.
    let [version, size] = unsafe { place.cast::<[u32; 2]>().read_unaligned() };
    if version != ABI_VERSION {
        return Err(format!("built for plugin ABI {version}, this host speaks {ABI_VERSION}"));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if !(SMALLEST..=LARGEST).contains(&size) {
        return Err(format!("struct_size {size} is not between {SMALLEST} and {LARGEST}"));
    }
    let mut plugin = core::mem::MaybeUninit::<Plugin>::zeroed();
    // SAFETY: `size` bytes are readable by the caller's promise, at most size_of::<Plugin>() are written, and zeroes
    // are a valid Plugin: null pointers and absent functions.
    unsafe {
        let common = size.min(size_of::<Plugin>());
        core::ptr::copy_nonoverlapping(place, plugin.as_mut_ptr().cast::<u8>(), common);
        Ok(plugin.assume_init())
    }
}

/// Checks everything an entry says about itself.
pub(super) fn check_entry(plugin: Plugin, file: Option<&Path>) -> Result<LoadedPlugin, String> {
    if plugin.kind != KIND_FILESYSTEM {
        return Err(format!("kind {} is not one this host knows", plugin.kind));
    }
    if plugin.flags != 0 {
        return Err(format!("flags 0x{:x} are not ones this host knows", plugin.flags));
    }
    let name = text(plugin.name, NAME_CAPACITY, "name")?;
    let in_charset = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if name.is_empty() || !name.bytes().all(in_charset) {
        return Err(format!("name \"{name}\" is not of [a-z0-9_-]{{1,31}}"));
    }
    let version = text(plugin.version, VERSION_CAPACITY, "version")?;
    if version.is_empty() {
        return Err("version is empty".to_owned());
    }
    let described = !plugin.description.is_null();
    let description = if described {
        text(plugin.description, DESCRIPTION_CAPACITY, "description")?
    } else {
        String::new()
    };
    macro_rules! mandatory {
        ($($callback:ident)*) => {$(
            if plugin.$callback.is_none() {
                return Err(concat!("callback `", stringify!($callback), "` is missing").to_owned());
            }
        )*};
    }
    mandatory!(probe open close root metadata lookup read_dir read_link read_at);
    let format = Arc::new(PluginFormat::new(plugin, name));
    Ok(LoadedPlugin { format, version, description, path: file.map(Path::to_owned) })
}

/// A string of the plugin's: terminated within `capacity` bytes, UTF-8, without control characters.
fn text(place: *const c_char, capacity: usize, what: &str) -> Result<String, String> {
    if place.is_null() {
        return Err(format!("{what} is null"));
    }
    let mut bytes = Vec::new();
    loop {
        if bytes.len() == capacity {
            return Err(format!("{what} is longer than {} bytes", capacity.saturating_sub(1)));
        }
        // SAFETY: not null, and by the ABI a NUL-terminated string; nothing before this byte was the NUL, so this byte
        // is still inside.
        let byte = unsafe { place.cast::<u8>().add(bytes.len()).read() };
        if byte == 0 {
            break;
        }
        bytes.push(byte);
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text),
        Ok(text) => Err(format!("{what} \"{}\" holds control characters", text.escape_debug())),
        Err(e) => Err(format!("{what} \"{}\" is not UTF-8", e.as_bytes().escape_ascii())),
    }
}
