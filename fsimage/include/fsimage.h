/*
 * libfsimage: read files out of untrusted guest disk images. SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Nothing of an image is interpreted in the calling process: each open filesystem has a jailed worker process of its own,
 * and what that says is checked again. docs/library.md tells more; link with `pkg-config --cflags --libs fsimage`.
 *
 * What holds for all functions:
 *
 * Callers   Any program, with any number of threads. No signal handler, signal mask, environment variable or working
 *           directory is changed or matters; every descriptor is close-on-exec. SIGPIPE never arrives.
 * Errors    A failure sets errno, and fsi_error_message() says what happened, in one sentence. Success changes neither.
 *           A NULL handle or path is EINVAL, a NULL buffer EFAULT. Besides what is said at each function:
 *             EIO           reading the image failed, or it ends before its own structures do
 *             EUCLEAN       the filesystem contradicts its own format
 *             ENOTSUP       none that is known, or a feature that is not implemented
 *             ENOKEY        encrypted
 *             EFBIG         a limit was reached; the sentence names it
 *             ELOOP, ENAMETOOLONG, ENOTDIR, ENOENT, EISDIR, ENXIO (not a regular file)
 *             ECONNRESET    the worker died: open the image again
 *             ETIMEDOUT     the worker did not answer in time, and was ended
 *             EPROTO        the worker, or a plugin in it, said something that cannot be, and was ended
 *             EPERM         the worker is missing, could be replaced by others, or its jail could not be built
 *             EINVAL        an argument or an option that makes no sense
 *             EBADF         the filesystem behind a file has been closed
 *             ECHILD        opened before fork(2), by the parent
 *             ENOTRECOVERABLE  a bug, in this library, the worker or a plugin; close the handle
 *           After ECONNRESET, ETIMEDOUT and an EPROTO of the worker's own it is gone: files that have been read from may
 *           still be read, nothing else; close the filesystem.
 * Threads   Handles may be used from any thread and, but for fsi_dir_t, by several at once: calls on one filesystem and
 *           its files are done one after the other. Closing is not a use: whoever closes a handle is the last to have it.
 * Order     A filesystem may be closed before its files. They must still be closed, and fail with EBADF until then.
 * fork(2)   A child may only close what its parent has opened, which does the parent no harm.
 * Children  The worker is a child process of the caller's, started without fork handlers and ended and waited for by
 *           fsi_close_fsimage(). A host that waits for any child (wait(2), waitpid(-1)) may see it end; that does no harm.
 * Guests    Paths and names are bytes without an encoding. What a guest can make large has a limit; see fsi_open().
 *
 * The interface only grows: nothing here changes its meaning or goes away while the library is libfsimage.so.1.
 */
#ifndef FSIMAGE_H
#define FSIMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open filesystem. */
typedef struct fsi fsi_t;
/* An open regular file on it. */
typedef struct fsi_file fsi_file_t;
/* A directory that has been read. One thread at a time. */
typedef struct fsi_dir fsi_dir_t;

/*
 * The functions of Xen's libxenfsimage, with its meanings (docs/pygrub-compat.md has each difference). Since 0.1.
 */

/* Sees whether the worker is there and may be trusted. Needs not be called. 0, or -1. */
int fsi_init(void);

/*
 * Opens the filesystem that begins at byte `off` of an image file or block device; no partition table is looked for.
 * `options` is NULL, "", or mount options: [PLUGIN:]WORDS. Returns NULL on failure: what open(2) says of the image;
 * ENOTSUP when it holds no filesystem that can be read, for whatever reason; EINVAL for words that the filesystem does
 * not know. To be closed with fsi_close_fsimage().
 */
fsi_t *fsi_open_fsimage(const char *path, uint64_t off, const char *options);

/* Ends the worker, waits for it and frees the handle. */
void fsi_close_fsimage(fsi_t *fsi);

/* 1 when the path leads to a file of any type, symbolic links followed; else 0, with errno set. */
int fsi_file_exists(fsi_t *fsi, const char *path);

/*
 * Opens a regular file, symbolic links followed; a path without a leading slash begins at the root, too. Returns NULL on
 * failure: EISDIR for a directory, ENXIO for a device, fifo or socket, EFBIG for a file that says it has more than 64 GiB
 * (or another max-file-size, see fsi_open()). To be closed with fsi_close_file().
 */
fsi_file_t *fsi_open_file(fsi_t *fsi, const char *path);

/* Frees the handle. 0, or -1 when it is NULL. */
int fsi_close_file(fsi_file_t *file);

/*
 * Reads at most `count` bytes from where the last fsi_read_file() ended. Returns how many: fewer than `count` only where
 * the file ends, 0 at its end; -1 on failure, and what is in the buffer then is not said.
 */
ssize_t fsi_read_file(fsi_file_t *file, void *buffer, size_t count);

/* The same from byte `off` on; where fsi_read_file() goes on does not change. 0 at and behind the end. */
ssize_t fsi_pread_file(fsi_file_t *file, void *buffer, size_t count, uint64_t off);

/*
 * What a kernel's arguments need to find its root on this filesystem (ZFS: `zfs-bootfs=...`); NULL when nothing, or on
 * failure. It belongs to `fsi`, until that is closed or one of the two functions below is called.
 */
char *fsi_fs_bootstring(fsi_t *fsi);

/* Makes room for another boot string, `size` bytes of zeros, and returns it; NULL and ENOMEM. The former is freed. */
char *fsi_bootstring_alloc(fsi_t *fsi, size_t size);

/* Frees the boot string; from then on there is none. */
void fsi_bootstring_free(fsi_t *fsi);

/*
 * What that interface cannot do. Since 0.1.
 */

/*
 * The sentence about this thread's last failure, "" before the first. Never NULL; it is this library's, until the thread's
 * next failure. Fit for a terminal: what a guest has put into it is escaped.
 */
const char *fsi_error_message(void);

/* The library's version: "0.1.0". */
const char *fsi_version(void);

/*
 * Opens a filesystem of an image file or block device. `options` is NULL, or an array of "NAME=VALUE" with a NULL behind
 * the last, at most 63:
 *
 *   partition=ADDR        as `fsimage partitions` shows it: 1, 5, 2.a. Without it: the partition with a boot configuration,
 *                         else the first with a filesystem; an image may also be a filesystem as a whole
 *   offset=BYTES          the filesystem begins here; no partition table is looked for
 *   mount-option=[PLUGIN:]WORDS   may be given several times
 *   run-as=UID            whom the worker becomes when the caller is root (65534)
 *   deadline=SECONDS      for each answer of the worker's (30); total-deadline=SECONDS for all (300)
 *   worker-memory=SIZE    bytes, or with K, M, G (64M); worker-cpu=SECONDS (60)
 *   max-file-size=SIZE    of a file that is opened (64G)
 *   max-symlinks=COUNT    on one path (40)
 *   max-directory-entries=COUNT   (1000000); max-listing-bytes=SIZE of names of one directory (32M)
 *   max-config-bytes=SIZE (4M), max-script-steps=COUNT (1000000), max-menu-entries=COUNT (10000): of the boot
 *                         configuration that is looked for
 *
 * Returns NULL on failure: what open(2) says of the image; ENXIO when there is no such partition; EINVAL for an option
 * that does not exist; ENOTSUP, EUCLEAN, ENOKEY. To be closed with fsi_close_fsimage().
 */
fsi_t *fsi_open(const char *path, const char *const *options);

/* What a file is. Grows at its end. */
struct fsi_stat {
    uint64_t size;              /* bytes */
    uint64_t node;              /* the filesystem's own number of it */
    int64_t mtime_seconds;      /* since 1970 */
    uint32_t mtime_nanoseconds;
    uint32_t mode;              /* type and permissions, as st_mode: S_ISREG(mode) */
    uint32_t uid;
    uint32_t gid;
    uint32_t links;
    uint32_t reserved;          /* 0 */
};

/* A symbolic link at the path's end is not followed. */
#define FSI_NOFOLLOW 1

/* Tells of a file; `flags` is 0 or FSI_NOFOLLOW, `size` is sizeof(struct fsi_stat). 0, or -1. */
int fsi_stat(fsi_t *fsi, const char *path, int flags, struct fsi_stat *stat, size_t size);

/* The same of an open file. */
int fsi_stat_file(fsi_file_t *file, struct fsi_stat *stat, size_t size);

/*
 * Puts a symbolic link's target and a NUL into the buffer and returns the target's length. -1 on failure: ERANGE when
 * `size` bytes do not hold it; EINVAL when it is no symbolic link.
 */
ssize_t fsi_read_link(fsi_t *fsi, const char *path, char *buffer, size_t size);

/* A directory's entry. Grows at its end; only this library makes one. */
struct fsi_dirent {
    const char *name;           /* never ".", "..", empty, or with a slash in it */
    uint64_t node;              /* the filesystem's own number of the file */
    uint32_t type;              /* the type in the manner of st_mode: S_ISDIR(type); 0 where the directory does not tell */
    uint32_t reserved;          /* 0 */
};

/* Reads a directory, all of it. NULL on failure: ENOTDIR, EFBIG. To be closed with fsi_close_dir(). */
fsi_dir_t *fsi_open_dir(fsi_t *fsi, const char *path);

/*
 * The next entry, in the directory's own order; NULL at the end, with errno as it was, or on failure. It belongs to `dir`,
 * until the next call. The filesystem is not asked any more, and may be closed.
 */
const struct fsi_dirent *fsi_read_dir(fsi_dir_t *dir);

/* Frees the handle. 0, or -1 when it is NULL. */
int fsi_close_dir(fsi_dir_t *dir);

/*
 * Writes all of a file to a descriptor, from the descriptor's position on, and returns its length; -1 on failure, when a part
 * may have been written: EPIPE, ENOSPC and what write(2) says. Into a regular file that ends at that position the kernel
 * copies, where it can without moving a byte, and holes stay holes. The descriptor is to be a blocking one. Where
 * fsi_read_file() goes on does not change.
 */
int64_t fsi_copy_file(fsi_file_t *file, int fd);

#ifdef __cplusplus
}
#endif

#endif
