# A kernel for GRUB legacy: a bzImage whose real-mode part (Documentation/arch/x86/boot.rst) prints on the first serial
# port its command line and the size of its ramdisk, and switches the machine off.
	.code16
	.globl	_start
_start:
	.org	0x1f1
	.byte	1			# setup_sects
	.word	0
	.long	0x20			# syssize, in paragraphs
	.org	0x1fe
	.word	0xaa55
	jmp	begin			# 0x200
	.org	0x202
	.ascii	"HdrS"
	.word	0x0203			# version
	.long	0, 0x1000
	.org	0x211
	.byte	1			# loadflags: loaded high
	.org	0x214
	.long	0x100000		# code32_start
ramdisk_image:
	.long	0
ramdisk_size:				# 0x21c
	.long	0
	.org	0x224
	.word	0x8000
	.org	0x228
cmd_line_ptr:
	.long	0
	.long	0x37ffffff		# ramdisk_max
begin:
	movw	$0x9000, %ax
	movw	%ax, %ds
	movw	$told, %si
	call	text
	movl	0x228, %eax
	shrl	$4, %eax
	movw	%ax, %es
	movl	0x228, %edi
	andl	$15, %edi
1:	movb	%es:(%di), %al
	testb	%al, %al
	jz	2f
	call	byte
	incw	%di
	jmp	1b
2:	movw	$ramdisk, %si
	call	text
	movl	0x21c, %eax
	movw	$digits + 10, %si
3:	xorl	%edx, %edx
	movl	$10, %ecx
	divl	%ecx
	addb	$'0', %dl
	decw	%si
	movb	%dl, (%si)
	testl	%eax, %eax
	jnz	3b
	call	text
	movw	$0x604, %dx		# the PIIX4's power management, as QEMU has it
	movw	$0x2000, %ax
	outw	%ax, %dx
4:	hlt
	jmp	4b
text:	movb	(%si), %al
	testb	%al, %al
	jz	5f
	call	byte
	incw	%si
	jmp	text
5:	ret
byte:	movb	%al, %ah
	movw	$0x3fd, %dx
6:	inb	%dx, %al
	testb	$0x20, %al
	jz	6b
	movb	%ah, %al
	movw	$0x3f8, %dx
	outb	%al, %dx
	ret
told:	.asciz	"\ncmdline: "
ramdisk: .asciz	"\nramdisk: "
digits:	.fill	10, 1, 0
	.asciz	"\n"
	.org	0x400
	.fill	0x200, 1, 0x90
