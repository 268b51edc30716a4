//! From [`crate::Format`] to the C ABI.
//!
//! The contract of each callback is in `docs/plugin-abi.md`; what this module adds for a plugin in safe Rust:
//! no panic and no null pointer crosses the boundary, structures of an older or newer host are read and written
//! within their `struct_size`, and a volume that a plugin keeps too long fails instead of dangling.

mod incoming;
mod outgoing;
pub mod shims;

/// Exports a [`Format`](crate::Format) as a plugin: the whole content of a `cdylib` crate.
///
/// ```text
/// fsimage_sdk::export!(fsimage_ext2::EXT2, name: c"ext2", description: c"The ext2, ext3 and ext4 filesystems");
/// ```
///
/// `name` must be what [`Format::name`](crate::Format::name) says, as a C string: the loader reads it without
/// calling any code. Disagreement fails every probe and open, and the test this macro leaves in the crate. The
/// plugin's version is that of the crate.
#[macro_export]
macro_rules! export {
    ($format:path, name: $name:expr, description: $description:expr $(,)?) => {
        /// What the entry is made of.
        #[derive(Debug)]
        pub struct FsimageExport;

        impl $crate::shims::Export for FsimageExport {
            const NAME: &'static ::core::ffi::CStr = $name;
            const VERSION: &'static ::core::ffi::CStr =
                $crate::shims::c_string(::core::concat!(::core::env!("CARGO_PKG_VERSION"), "\0"));
            const DESCRIPTION: &'static ::core::ffi::CStr = $description;

            fn format() -> &'static dyn $crate::Format {
                &$format
            }
        }

        /// The one symbol the loader looks for.
        #[allow(unsafe_code, non_upper_case_globals)]
        #[unsafe(no_mangle)]
        pub static fsimage_plugin_entry: $crate::abi::Plugin = $crate::shims::plugin::<FsimageExport>();

        #[cfg(test)]
        mod fsimage_export {
            #[test]
            fn exported_name_is_the_name_of_the_format() {
                use $crate::shims::Export;
                ::core::assert_eq!(
                    $crate::shims::check_name::<super::FsimageExport>().map_err(|e| e.to_string()),
                    Ok(()),
                    "{:?}",
                    super::FsimageExport::NAME
                );
            }
        }
    };
}
