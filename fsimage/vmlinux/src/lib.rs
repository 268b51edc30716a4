//! The kernel as it is linked, out of the file that it is packed in.
//!
//! A guest's `vmlinuz` is a program that unpacks the real kernel, an ELF file, when it is booted. A virtual machine monitor
//! that starts the kernel by itself (Firecracker) wants that ELF file. Known are, each with its source:
//!
//! * bzImage of x86 (Documentation/arch/x86/boot.rst): the setup header at 0x1f1 tells where the payload lies;
//! * EFI zboot (drivers/firmware/efi/libstub/zboot-header.S): `zimg` at 4; arm64, riscv and loongarch;
//! * a packed file by itself, such as arm64's `Image.gz`;
//! * and a kernel that is not packed at all, which comes out as it is.
//!
//! Payloads are packed with gzip, xz, lzma, bzip2, lzop, lz4 (its legacy frame) or zstd. Nothing is unpacked before it is
//! read: [`Unpacked`] is a stream, and [`Limits`] bound its length and the memory it takes. What comes out is looked at so
//! far that it is a kernel: see [`Kernel`].
#![forbid(unsafe_code)]

mod compression;
mod container;
mod kernel;
mod legacy_lz4;
mod lzop;
mod pending;
mod source;
mod unpacked;
mod zstd;

pub use compression::Compression;
pub use container::{Container, Payload, locate};
pub use kernel::Kernel;
pub use source::File;
pub use unpacked::{Limits, Unpacked};
