//! Multiboot entries: which of the files is the kernel that a domain builder wants.
//!
//! Xen's own boot loader entries name Xen, then the dom0 kernel, then its ramdisk; a guest that is itself a Xen host
//! boots that dom0 kernel as a guest. Solaris' kernel takes its boot archive as a module. (Xen's docs/misc/pvh.pandoc and
//! xen-command-line; illumos boot(7).)

use crate::guest::{BootFile, FileRef, file_name};
use crate::text::shown;

/// A file with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) file: FileRef,
    pub(crate) arguments: Vec<u8>,
}

/// What is to be booted: the kernel, the ramdisks, and modules that have no place there.
pub(crate) type Boots = (Image, Vec<BootFile>, Vec<FileRef>);

/// Whether it is Xen by its name. It is not booted here, so whether it is there does not matter.
pub(crate) fn is_xen(path: &[u8]) -> bool {
    file_name(path).starts_with(b"xen")
}

/// The kernel and the ramdisks among a first image and its modules.
pub(crate) fn boots(first: Image, modules: Vec<Image>) -> Result<Boots, String> {
    let name = file_name(&first.file.path);
    let mut modules = modules.into_iter();
    let kernel = if is_xen(&first.file.path) {
        modules.next().ok_or("not bootable because Xen has no kernel to boot")?
    } else if name == b"unix" {
        first
    } else {
        let name = shown(name);
        return Err(format!(
            "not bootable because `{name}` is a multiboot kernel that is neither Xen nor Solaris"
        ));
    };
    let ramdisks = modules.next().map(|module| module.file.into()).into_iter().collect();
    Ok((kernel, ramdisks, modules.map(|module| module.file).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::VolumeId;

    fn image(path: &str) -> Image {
        Image { file: FileRef { volume: VolumeId(0), path: path.into() }, arguments: path.into() }
    }

    #[test]
    fn the_kernel_is_xens_first_module() {
        let modules = vec![image("/vmlinuz"), image("/initrd"), image("/xsm")];
        let (kernel, ramdisks, rest) = boots(image("/boot/xen-4.17.gz"), modules).unwrap();
        assert_eq!(kernel, image("/vmlinuz"));
        assert_eq!((ramdisks, rest), (vec![image("/initrd").file.into()], vec![image("/xsm").file]));
        assert!(boots(image("/xen.gz"), vec![]).unwrap_err().contains("no kernel"));
    }

    #[test]
    fn solaris_is_the_kernel_itself() {
        let (kernel, ramdisks, _) = boots(image("/kernel/amd64/unix"), vec![image("/boot_archive")]).unwrap();
        assert_eq!(
            (kernel, ramdisks),
            (image("/kernel/amd64/unix"), vec![image("/boot_archive").file.into()])
        );
        assert!(boots(image("/mboot"), vec![image("/a")]).unwrap_err().contains("neither Xen nor Solaris"));
    }
}
