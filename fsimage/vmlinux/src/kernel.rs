//! What a kernel begins with when it is not packed.

/// Bytes that [`Kernel::of`] looks at.
pub(crate) const HEAD: usize = 64;

/// The first bytes of what is no kernel, for a message.
pub(crate) fn begin(head: &[u8]) -> String {
    let bytes: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    if bytes.is_empty() { "nothing".to_owned() } else { bytes.join(" ") }
}

/// A kernel as it is linked, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// ELF (System V gABI, chapter 4): `EI_CLASS` at 4, `e_machine` at 0x12.
    Elf {
        /// 32 or 64.
        bits: u8,
        /// `e_machine`.
        machine: u16,
    },
    /// arm64's `Image` (Documentation/arch/arm64/booting.rst): "ARM\x64" at 0x38.
    Arm64Image,
    /// riscv's `Image` (Documentation/arch/riscv/boot-image-header.rst): "RSC\x05" at 0x38.
    RiscvImage,
    /// loongarch's `Image` (Documentation/arch/loongarch/booting.rst): 0x818223cd at 0x38.
    LoongarchImage,
}

const EM_386: u16 = 3;
const EM_X86_64: u16 = 62;

impl Kernel {
    /// The kernel that begins with these bytes, at least 64 where the file has them.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head.get(0x38..0x3c) {
            _ if head.starts_with(b"\x7fELF") => elf(head),
            Some(b"ARM\x64") => Some(Self::Arm64Image),
            Some(b"RSC\x05") => Some(Self::RiscvImage),
            Some(b"\xcd\x23\x82\x81") => Some(Self::LoongarchImage),
            _ => None,
        }
    }

    /// Whether it is one that a bzImage can hold.
    pub(crate) fn is_x86(self) -> bool {
        matches!(self, Self::Elf { bits: 64, machine: EM_X86_64 } | Self::Elf { bits: 32, machine: EM_386 })
    }

    /// In words.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Elf { bits, machine } => match machine_name(machine) {
                Some(name) => format!("ELF {bits}-bit {name}"),
                None => format!("ELF {bits}-bit, machine {machine}"),
            },
            Self::Arm64Image => "arm64 Image".to_owned(),
            Self::RiscvImage => "riscv Image".to_owned(),
            Self::LoongarchImage => "loongarch Image".to_owned(),
        }
    }
}

/// `EI_CLASS` 1 or 2, `EI_DATA` 1 or 2, `EI_VERSION` 1, `e_type` `ET_EXEC` or `ET_DYN`, a machine.
fn elf(head: &[u8]) -> Option<Kernel> {
    let [class, data, 1] = *head.get(4..7)?.first_chunk()? else { return None };
    let word = |at: usize| -> Option<u16> {
        let bytes = *head.get(at..)?.first_chunk()?;
        match data {
            1 => Some(u16::from_le_bytes(bytes)),
            2 => Some(u16::from_be_bytes(bytes)),
            _ => None,
        }
    };
    let bits = match class {
        1 => 32,
        2 => 64,
        _ => return None,
    };
    let (is_executable, machine) = (matches!(word(0x10)?, 2 | 3), word(0x12)?);
    (is_executable && machine != 0).then_some(Kernel::Elf { bits, machine })
}

/// Names of `e_machine` (elf.h), those that have been guests.
fn machine_name(machine: u16) -> Option<&'static str> {
    Some(match machine {
        2 | 43 => "sparc",
        EM_386 => "x86",
        8 => "mips",
        20 => "powerpc",
        21 => "powerpc64",
        22 => "s390",
        40 => "arm",
        EM_X86_64 => "x86-64",
        183 => "arm64",
        243 => "riscv",
        258 => "loongarch",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_known_by_its_head() {
        let mut head = [0; 64];
        head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        head[0x10] = 2;
        head[0x12] = 62;
        let of = |change: &[(usize, u8)]| {
            let mut head = head;
            change.iter().for_each(|(at, byte)| head[*at] = *byte);
            Kernel::of(&head).map(Kernel::name)
        };
        assert_eq!(of(&[]).as_deref(), Some("ELF 64-bit x86-64"));
        assert_eq!(of(&[(4, 1), (0x12, 3)]).as_deref(), Some("ELF 32-bit x86"));
        assert_eq!(
            of(&[(5, 2), (0x10, 0), (0x11, 3), (0x12, 0), (0x13, 22)]).as_deref(),
            Some("ELF 64-bit s390")
        );
        assert_eq!(of(&[(0x13, 9)]).as_deref(), Some("ELF 64-bit, machine 2366"));
        // Another class, order of bytes or version; an object file; no machine; another magic.
        for change in [(4, 3), (4, 0), (5, 0), (5, 3), (6, 0), (0x10, 1), (0x12, 0), (0, 0)] {
            assert_eq!(of(&[change]), None, "{change:?}");
        }
        assert_eq!(Kernel::of(b"\x7fELF\x02\x01\x01"), None);
        assert_eq!(Kernel::of(b""), None);
    }

    #[test]
    fn images_are_known_by_their_magic() {
        let image = |magic: [u8; 4]| Kernel::of(&[&[0; 56][..], &magic, &[0; 4]].concat());
        assert_eq!(image(*b"ARM\x64"), Some(Kernel::Arm64Image));
        assert_eq!(image(*b"RSC\x05"), Some(Kernel::RiscvImage));
        assert_eq!(image(0x8182_23cd_u32.to_le_bytes()), Some(Kernel::LoongarchImage));
        assert_eq!(image([0; 4]), None);
    }
}
