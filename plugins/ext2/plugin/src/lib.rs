//! The ext2 reader as a loadable plugin.
#![deny(unsafe_code)]

fsimage_sdk::export!(fsimage_ext2::EXT2, name: c"ext2", description: c"The ext2, ext3 and ext4 filesystems");
