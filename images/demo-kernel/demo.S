# The demo guest's kernel: it says what it was given, and switches the machine off.
#
# A bzImage by the Linux x86 boot protocol 2.06 (Documentation/arch/x86/boot.rst), small enough to ship and ours to
# license. It prints on COM1, at 115200 8N1:
#
#   pygrub-rs demo kernel: started
#   cmdline: root=UUID=... ro
#   ramdisk: 512 bytes, fnv1a 0x1234abcd
#   pygrub-rs demo kernel: done
#
# Everything lies in one section, so every address below is a difference that the assembler knows: no linker is needed.
#
#   as --32 -o demo.o demo.S && objcopy -O binary -j .text demo.o demo.bin

        .set KERNEL, 0x100000           # where the loader puts the 32-bit part
        .set STACK, 0x120000
        .set BOOT_CS, 0x10              # __BOOT_CS and __BOOT_DS of the protocol
        .set BOOT_DS, 0x18
        .set COM1, 0x3f8

        .text
image:

# --- setup: two sectors, 16-bit. The first holds nothing but the header's beginning. ---
        .code16
        .org 0x1f1
        .byte (setup_end - image) / 512 - 1     # setup_sects: those behind the first
        .word 1                                 # root_flags: read-only
        .long (kernel_end - kernel + 15) / 16   # syssize
        .word 0                                 # ram_size
        .word 0xffff                            # vid_mode: normal
        .word 0                                 # root_dev
        .word 0xaa55                            # boot_flag
        .byte 0xeb, setup - header              # jump
header:
        .ascii "HdrS"
        .word 0x0206                            # version
        .long 0                                 # realmode_swtch
        .word 0x1000                            # start_sys_seg
        .word version - image - 0x200           # kernel_version
        .byte 0                                 # type_of_loader
        .byte 1                                 # loadflags: LOADED_HIGH
        .word 0                                 # setup_move_size
        .long KERNEL                            # code32_start
        .long 0                                 # ramdisk_image
        .long 0                                 # ramdisk_size
        .long 0                                 # bootsect_kludge
        .word 0                                 # heap_end_ptr
        .byte 0, 0                              # ext_loader_ver, ext_loader_type
        .long 0                                 # cmd_line_ptr
        .long 0x37ffffff                        # initrd_addr_max
        .long 0x1000                            # kernel_alignment
        .byte 0                                 # relocatable_kernel: no
        .byte 0                                 # min_alignment
        .word 0                                 # xloadflags
        .long 2047                              # cmdline_size

# To 32 bits as the boot protocol hands over: flat segments, interrupts off, %esi at the header's page.
setup:
        cli
        cld
        movw    %cs, %ax
        subw    $0x20, %ax
        movw    %ax, %ds                        # the setup's first sector
        movzwl  %ax, %esi
        shll    $4, %esi
        leal    (gdt - image)(%esi), %eax
        movl    %eax, gdt_pointer - image + 2
        inb     $0x92, %al                      # A20 on; bit 0 would reset the machine
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92
        lgdtl   gdt_pointer - image
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $BOOT_CS, $KERNEL

        .balign 8
gdt:
        .quad 0
        .quad 0
        .quad 0x00cf9b000000ffff                # BOOT_CS: 4 GiB of code from 0
        .quad 0x00cf93000000ffff                # BOOT_DS: 4 GiB of data from 0
gdt_end:
gdt_pointer:
        .word gdt_end - gdt - 1
        .long 0                                 # filled in above
version:
        .asciz "1.0-demo (pygrub-rs) #1"

        .org 0x400
setup_end:

# --- kernel: 32-bit, at KERNEL. Entered with %esi at struct boot_params, whose offsets are the header's. ---
        .code32
kernel:
        movw    $BOOT_DS, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        cld
        movl    %esi, %ebp                      # boot_params, kept from here on

        movw    $COM1 + 3, %dx                  # line control: set the divisor
        movb    $0x80, %al
        outb    %al, %dx
        movw    $COM1, %dx                      # 115200 baud
        movb    $1, %al
        outb    %al, %dx
        incw    %dx
        movb    $0, %al
        outb    %al, %dx
        movw    $COM1 + 3, %dx                  # 8 bits, no parity, one stop bit
        movb    $3, %al
        outb    %al, %dx

        movl    $KERNEL + started - kernel, %esi
        call    print
        movl    0x228(%ebp), %esi               # cmd_line_ptr
        testl   %esi, %esi
        jz      1f
        call    print
1:      movl    $KERNEL + ramdisk - kernel, %esi
        call    print
        movl    0x21c(%ebp), %eax               # ramdisk_size
        call    print_decimal
        movl    $KERNEL + checksum - kernel, %esi
        call    print

        movl    0x218(%ebp), %esi               # ramdisk_image
        movl    0x21c(%ebp), %ecx
        movl    $0x811c9dc5, %edi               # FNV-1a, 32 bits: offset basis
        jecxz   2f
1:      movzbl  (%esi), %eax
        xorl    %eax, %edi
        imull   $0x01000193, %edi, %edi         # FNV prime
        incl    %esi
        decl    %ecx
        jnz     1b
2:      movl    %edi, %eax
        call    print_hexadecimal
        movl    $KERNEL + done - kernel, %esi
        call    print

        movw    $0x604, %dx                     # QEMU's ACPI PM1a control: sleep type 0, sleep enable
        movw    $0x2000, %ax
        outw    %ax, %dx
        movb    $0, %al                         # QEMU's isa-debug-exit, where it is there
        outb    %al, $0xf4
1:      cli
        hlt
        jmp     1b

# Prints the text at %esi up to its NUL. Changes %eax, %edx, %esi.
print:
        lodsb
        testb   %al, %al
        jz      1f
        call    put
        jmp     print
1:      ret

# Prints %al. Changes %edx.
put:
        pushl   %eax
        movw    $COM1 + 5, %dx
1:      inb     %dx, %al                        # until the transmitter is empty
        testb   $0x20, %al
        jz      1b
        movw    $COM1, %dx
        popl    %eax
        outb    %al, %dx
        ret

# Prints %eax. Changes %eax, %ebx, %ecx, %edx.
print_decimal:
        movl    $10, %ebx
        xorl    %ecx, %ecx
1:      xorl    %edx, %edx
        divl    %ebx
        pushl   %edx
        incl    %ecx
        testl   %eax, %eax
        jnz     1b
2:      popl    %eax
        addb    $'0', %al
        call    put
        decl    %ecx
        jnz     2b
        ret

# Prints %eax as eight digits. Changes %eax, %ebx, %ecx, %edx.
print_hexadecimal:
        movl    %eax, %ebx
        movl    $8, %ecx
1:      roll    $4, %ebx
        movb    %bl, %al
        andb    $15, %al
        addb    $'0', %al
        cmpb    $'9', %al
        jbe     2f
        addb    $'a' - '9' - 1, %al
2:      call    put
        decl    %ecx
        jnz     1b
        ret

started:
        .asciz "pygrub-rs demo kernel: started\r\ncmdline: "
ramdisk:
        .asciz "\r\nramdisk: "
checksum:
        .asciz " bytes, fnv1a 0x"
done:
        .asciz "\r\npygrub-rs demo kernel: done\r\n"
        .balign 16
kernel_end:
