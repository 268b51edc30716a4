//! The UFS reader as a loadable plugin.
#![deny(unsafe_code)]

fsimage_sdk::export!(fsimage_ufs::UFS, name: c"ufs", description: c"UFS and FFS: Solaris, FreeBSD, NetBSD, OpenBSD");
