/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * fsimage_plugin.h - the interface between fsimage-worker and its filesystem plugins, version 1.
 *
 * A plugin is a shared object called libfsimage_plugin_NAME.so with one exported symbol:
 *
 *     const fsimage_plugin fsimage_plugin_entry = { FSIMAGE_ABI_VERSION, sizeof(fsimage_plugin), ... };
 *
 * It is loaded into a worker process that is then locked into a jail: after its initialisers have run, a plugin
 * cannot open files, start threads or processes, or map executable memory. It has the volumes it is given, memory, and
 * the processor. The bytes it reads come from a guest nobody trusts; the answers it gives are checked again.
 *
 * Evolution: structures grow at the end only, and begin with their size as the side that made them knows it.
 * Whoever fills a structure writes no more than that. fsimage_dir_entry and fsimage_extent never grow. A number, once
 * given, keeps its meaning. FSIMAGE_ABI_VERSION changes only when that cannot be kept.
 *
 * Threads: probe and open may be called from any thread. An open filesystem may be called from any thread, by one
 * at a time. No callback of the host may be called after the callback that was given it has returned, except the
 * volumes', which are valid from open until close returns.
 *
 * Errors: a callback returns FSIMAGE_OK or one of FSIMAGE_ERR_*, and then may describe it in `error`. The return code
 * alone decides. No exception, longjmp or panic may leave a callback.
 *
 * docs/plugin-abi.md holds the loading rules and a guide. The crate fsimage-abi holds the same types in Rust; a test
 * compares both with each other and with fsimage/abi/baseline.txt.
 */
#ifndef FSIMAGE_PLUGIN_H
#define FSIMAGE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FSIMAGE_ABI_VERSION 1u
#define FSIMAGE_KIND_FILESYSTEM 1u       /* fsimage_plugin.kind; other kinds are reserved */
#define FSIMAGE_MESSAGE_CAPACITY 496u    /* bytes in fsimage_error.message */
#define FSIMAGE_NAME_MAX 1024u           /* bytes of the longest directory entry's name a host takes */
#define FSIMAGE_LINK_MAX 4096u           /* bytes of the longest link target or boot string a host takes */
#define FSIMAGE_NO_OFFSET UINT64_MAX     /* fsimage_error.offset: the error has no place on a volume */
#define FSIMAGE_EXTENT_HOLE 1u           /* fsimage_extent.flags: no data, reads as zeros */

/* Return codes. Those marked "host" are never returned by a plugin. */
enum {
    FSIMAGE_OK = 0,
    FSIMAGE_ERR_IO = 1,                /* reading the disk failed, or it is shorter than its structures say */
    FSIMAGE_ERR_NOT_FOUND = 2,         /* no such file or directory */
    FSIMAGE_ERR_NOT_A_DIRECTORY = 3,   /* a directory was wanted */
    FSIMAGE_ERR_IS_A_DIRECTORY = 4,    /* a file was wanted, this is a directory */
    FSIMAGE_ERR_NOT_A_FILE = 5,        /* a regular file was wanted, this is a device, socket or fifo */
    FSIMAGE_ERR_NOT_A_SYMLINK = 6,     /* a symbolic link was wanted */
    FSIMAGE_ERR_CORRUPT = 7,           /* the on-disk structures contradict their format */
    FSIMAGE_ERR_UNSUPPORTED = 8,       /* well-formed, but a feature this version does not read */
    FSIMAGE_ERR_LIMIT = 9,             /* a limit with a name was reached; the message names it */
    FSIMAGE_ERR_INVALID_ARGUMENT = 10, /* a caller's argument makes no sense */
    FSIMAGE_ERR_ENCRYPTED = 11,        /* encrypted with a key we do not have */
    FSIMAGE_ERR_NOT_RECOGNISED = 12,   /* host: no plugin recognised the volume */
    FSIMAGE_ERR_SYMLINK_LOOP = 13,     /* too many symbolic links on one path */
    FSIMAGE_ERR_PLUGIN_FAULT = 14,     /* a plugin broke this contract */
    FSIMAGE_ERR_PROTOCOL = 15,         /* host: the worker broke the protocol */
    FSIMAGE_ERR_WORKER_DIED = 16,      /* host: the worker died */
    FSIMAGE_ERR_DEADLINE = 17,         /* host: the worker did not answer in time */
    FSIMAGE_ERR_JAIL = 18,             /* host: the jail could not be built */
    FSIMAGE_ERR_INTERNAL = 19          /* a state that should not be reachable */
};

/* fsimage_metadata.file_type, fsimage_dir_entry.file_type */
enum {
    FSIMAGE_TYPE_REGULAR = 1,
    FSIMAGE_TYPE_DIRECTORY = 2,
    FSIMAGE_TYPE_SYMLINK = 3,
    FSIMAGE_TYPE_CHAR_DEVICE = 4,
    FSIMAGE_TYPE_BLOCK_DEVICE = 5,
    FSIMAGE_TYPE_FIFO = 6,
    FSIMAGE_TYPE_SOCKET = 7,
    FSIMAGE_TYPE_UNKNOWN = 8 /* in a directory entry: only the metadata tells */
};

/* fsimage_probe.verdict */
enum {
    FSIMAGE_PROBE_NOT_MINE = 0,       /* some other format, or none */
    FSIMAGE_PROBE_MINE = 1,           /* this format; open is expected to succeed */
    FSIMAGE_PROBE_MINE_BUT_BROKEN = 2 /* this format beyond doubt, but broken or too new: error says how */
};

/* Where a failing callback says what happened. The caller owns it, zeroes it and sets struct_size. */
typedef struct fsimage_error {
    uint32_t struct_size;
    int32_t kind;            /* FSIMAGE_ERR_*, equal to the return code */
    uint64_t offset;         /* byte offset on the volume where the trouble lies, or FSIMAGE_NO_OFFSET */
    uint32_t volume;         /* index of that volume */
    uint32_t message_length; /* bytes used in message */
    uint8_t message[FSIMAGE_MESSAGE_CAPACITY]; /* text, not terminated; may hold bytes of the guest */
} fsimage_error;

/* What a guest may not make large. Read-only. */
typedef struct fsimage_limits {
    uint32_t struct_size;
    uint32_t max_symlinks;          /* symbolic links followed while one path is resolved */
    uint64_t max_directory_entries; /* entries read from one directory */
    uint64_t max_memory;            /* bytes the plugin should stay within; address space is limited anyway */
} fsimage_limits;

/* A read-only volume: a whole disk, or a part of one. Valid during probe, or from open until close returns; the
 * array it came in, only during the call. In an array, one volume follows the other after struct_size bytes. */
typedef struct fsimage_volume {
    uint32_t struct_size;
    uint32_t sector_size; /* logical sector size of the disk below: a power of two from 512 to 65536 */
    uint64_t size;        /* bytes */
    void *context;        /* to be handed back to read_at */
    /* Reads exactly `length` bytes or fails; never pads. A range beyond `size` fails with FSIMAGE_ERR_IO. `error` may
     * be null. Any thread, also several at once. Since 1. */
    int32_t (*read_at)(void *context, uint64_t offset, uint8_t *buffer, size_t length, fsimage_error *error);
} fsimage_volume;

/* What the host offers besides volumes. Valid, with all it points at, as long as the volumes that came with it. */
typedef struct fsimage_host {
    uint32_t abi_version;
    uint32_t struct_size;
    const fsimage_limits *limits; /* never null */
    void *context;                /* to be handed back to log */
    /* One line for --debug, without line feed; `line` is the caller's again when it returns. May be null. Since 1. */
    void (*log)(void *context, const uint8_t *line, size_t length);
} fsimage_host;

/* A probe's answer. The host sets struct_size. */
typedef struct fsimage_probe {
    uint32_t struct_size;
    uint32_t verdict; /* FSIMAGE_PROBE_* */
} fsimage_probe;

/* A file's metadata. The host zeroes it and sets struct_size. */
typedef struct fsimage_metadata {
    uint32_t struct_size;
    uint32_t file_type; /* FSIMAGE_TYPE_* */
    uint32_t mode;      /* the low 12 bits of POSIX st_mode, nothing else */
    uint32_t uid;
    uint32_t gid;
    uint32_t links;
    uint64_t size;         /* bytes: of the data, or of a symbolic link's target */
    int64_t mtime_seconds; /* since 1970 */
    uint32_t mtime_nanoseconds;
    uint32_t reserved; /* 0 */
} fsimage_metadata;

/* A directory entry. It and its name are the plugin's, valid during the sink's call. Never grows. */
typedef struct fsimage_dir_entry {
    uint64_t node;
    uint64_t next_cursor; /* where a later read_dir goes on behind this entry; never 0, never twice the same */
    uint32_t file_type;   /* FSIMAGE_TYPE_* */
    uint32_t name_length; /* 1 to FSIMAGE_NAME_MAX */
    const uint8_t *name;  /* bytes, not terminated, without '/' and NUL, not "." and not ".." */
} fsimage_dir_entry;

/* A range of a file and where its bytes lie, plain, on a volume. Never grows. */
typedef struct fsimage_extent {
    uint64_t logical;  /* byte offset in the file */
    uint64_t physical; /* byte offset on the volume; 0 in a hole */
    uint64_t length;   /* bytes, never 0 */
    uint32_t volume;   /* index into the volumes given to open; 0 in a hole */
    uint32_t flags;    /* 0 or FSIMAGE_EXTENT_HOLE */
} fsimage_extent;

/* What is known about an open filesystem as a whole. The host zeroes it and sets struct_size. Texts are not
 * terminated. */
typedef struct fsimage_info {
    uint32_t struct_size;
    uint32_t block_size; /* bytes, 0 when the format has none */
    uint64_t size;       /* bytes, 0 when unknown */
    uint32_t label_length;
    uint32_t uuid_length;
    uint32_t flavour_length;
    uint32_t features_length;
    uint8_t label[256];     /* volume label, bytes as on the disk, without padding */
    uint8_t uuid[64];       /* UUID or serial number as text, the way blkid prints it */
    uint8_t flavour[64];    /* the format's own name of its variant, such as "ext4" */
    uint8_t features[1024]; /* names, blank-separated */
    uint32_t remarks_length;
    uint8_t remarks[2044];  /* what was odd and went on, a line each, as of now: UTF-8 */
} fsimage_info;

/* A plugin's own handle of an open filesystem. */
typedef void *fsimage_fs;

/* Receivers of the host. 0: go on. Anything else: stop, and return FSIMAGE_OK. */
typedef int32_t (*fsimage_dir_sink)(void *context, const fsimage_dir_entry *entry);
typedef int32_t (*fsimage_extent_sink)(void *context, const fsimage_extent *extent);

/* What a plugin exports as fsimage_plugin_entry: constant, valid as long as the object is loaded, which is until the
 * worker ends. Nodes are the plugin's own numbers; those handed in came from root, lookup and read_dir, and any other
 * number must fail cleanly. Names handed in are never "." or ".." and hold no '/': paths are walked by the host. */
typedef struct fsimage_plugin {
    uint32_t abi_version; /* FSIMAGE_ABI_VERSION */
    uint32_t struct_size; /* sizeof(fsimage_plugin) */
    uint32_t kind;        /* FSIMAGE_KIND_FILESYSTEM */
    uint32_t flags;       /* 0 */

    const char *name;        /* [a-z0-9_-]{1,31} */
    const char *version;     /* the plugin's own, at most 63 bytes */
    const char *description; /* one line, at most 255 bytes; may be null */

    /* probe: does the volume hold this format?
     * Reads as little as it can: every plugin is asked about every volume. A volume too short for the format is
     * FSIMAGE_PROBE_NOT_MINE.
     * Owned by: the host, all of it, for the call only.
     * Fails: when the volume cannot be read. With FSIMAGE_PROBE_MINE_BUT_BROKEN it returns FSIMAGE_OK and fills error.
     * Mandatory. Since 1. */
    int32_t (*probe)(const fsimage_host *host, const fsimage_volume *volume, fsimage_probe *probe,
                     fsimage_error *error);

    /* open: opens a filesystem that lies on one or more volumes.
     * `options` are mount options as the user typed them, not terminated, usually none.
     * Owned by: the host; host and what the volumes point at stay valid until close returns, the array and the
     * options only for the call. *fs is the plugin's, not null on success, and untouched on failure.
     * Fails: with anything; UNSUPPORTED and CORRUPT name the field and its offset.
     * Mandatory. Since 1. */
    int32_t (*open)(const fsimage_host *host, const fsimage_volume *volumes, size_t volume_count,
                    const uint8_t *options, size_t options_length, fsimage_fs *fs, fsimage_error *error);

    /* close: ends what open began; called once, after every other callback has returned. Cannot fail.
     * Mandatory. Since 1. */
    void (*close)(fsimage_fs fs);

    /* root: the root directory's node. Mandatory. Since 1. */
    int32_t (*root)(fsimage_fs fs, uint64_t *node, fsimage_error *error);

    /* metadata: a node's metadata.
     * Fails: CORRUPT when there is no such node. Mandatory. Since 1. */
    int32_t (*metadata)(fsimage_fs fs, uint64_t node, fsimage_metadata *metadata, fsimage_error *error);

    /* lookup: the node that a name, not terminated, has in a directory.
     * Fails: NOT_FOUND, NOT_A_DIRECTORY. Mandatory. Since 1. */
    int32_t (*lookup)(fsimage_fs fs, uint64_t directory, const uint8_t *name, size_t name_length, uint64_t *node,
                      fsimage_error *error);

    /* read_dir: hands the entries behind `cursor` (0: all) to the sink, in the directory's own order, without "." and
     * "..", until the sink says stop or the directory ends.
     * Fails: NOT_A_DIRECTORY, CORRUPT, LIMIT. Mandatory. Since 1. */
    int32_t (*read_dir)(fsimage_fs fs, uint64_t directory, uint64_t cursor, fsimage_dir_sink sink,
                        void *sink_context, fsimage_error *error);

    /* read_link: a symbolic link's target, not terminated, never empty. *length is set also when it does not fit.
     * Fails: NOT_A_SYMLINK; LIMIT when it does not fit. Mandatory. Since 1. */
    int32_t (*read_link)(fsimage_fs fs, uint64_t node, uint8_t *buffer, size_t capacity, size_t *length,
                         fsimage_error *error);

    /* read_at: a regular file's bytes from `offset`: fills the buffer, less only at the end of the file, nothing beyond.
     * Fails: IS_A_DIRECTORY, NOT_A_FILE, IO when the volume ends too early. Mandatory. Since 1. */
    int32_t (*read_at)(fsimage_fs fs, uint64_t node, uint64_t offset, uint8_t *buffer, size_t capacity,
                       size_t *length, fsimage_error *error);

    /* extents: hands the ranges of a regular file, from the one that holds `offset` to the end of the file, to the
     * sink: ascending, without gap or overlap, the last one cut at the file's size; none when `offset` is not inside.
     * It lets the host copy a file without its bytes passing through anybody.
     * Fails: UNSUPPORTED when this file's data is not plain (compressed, inline, encrypted): the host then uses
     * read_at. Optional. Since 1. */
    int32_t (*extents)(fsimage_fs fs, uint64_t node, uint64_t offset, fsimage_extent_sink sink,
                       void *sink_context, fsimage_error *error);

    /* info: label, UUID, features, remarks. May be asked again: remarks come while files are read. Optional. Since 1. */
    int32_t (*info)(fsimage_fs fs, fsimage_info *info, fsimage_error *error);

    /* boot_string: what the kernel's arguments need to find its root on this filesystem, such as ZFS's zfs-bootfs=;
     * empty when nothing. Buffer as in read_link. Optional. Since 1. */
    int32_t (*boot_string)(fsimage_fs fs, uint64_t node, uint8_t *buffer, size_t capacity, size_t *length,
                           fsimage_error *error);
} fsimage_plugin;

/* The exported symbol. */
extern const fsimage_plugin fsimage_plugin_entry;

#ifdef __cplusplus
}
#endif

#endif
