//! The ISO9660 reader as a loadable plugin.
#![deny(unsafe_code)]

fsimage_sdk::export!(fsimage_iso9660::ISO9660, name: c"iso9660", description: c"ISO9660 with Rock Ridge, Joliet, zisofs and El Torito");
