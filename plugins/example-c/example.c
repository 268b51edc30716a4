/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A filesystem plugin in C, as small as it can honestly be: TOYFS, one directory of files that lie plain on the disk.
 *
 *     0x00  8   magic "TOYFS1\0\0"
 *     0x08  4   number of files, little-endian, at most 64
 *     0x0c  4   0
 *     0x10  64  first file, and so on:
 *               +0x00  48  name, filled up with NUL
 *               +0x30  8   place of the data, bytes from the start of the volume
 *               +0x38  8   length of the data in bytes
 *
 * Node 0 is the directory, node N the Nth file. Everything is read and checked in open, so the rest cannot fail:
 * a guest made every number here, and each is checked where it is read, against the size of the volume.
 *
 *     cc -std=c11 -fPIC -shared -I fsimage/include example.c -o libfsimage_plugin_toyfs.so
 */
#include "fsimage_plugin.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 64, RECORD = 64, NAME = 48, HEAD = 16 };

struct file {
    uint8_t name[NAME];
    uint32_t name_length;
    uint64_t start, length;
};

struct toyfs {
    fsimage_volume volume; /* a copy: the array it comes in is the host's */
    uint32_t count;
    struct file files[FILES_MAX];
};

static int32_t fail(fsimage_error *error, int32_t kind, uint64_t offset, const char *message) {
    size_t length = strlen(message);
    if (error != NULL && length <= sizeof error->message) {
        error->kind = kind;
        error->offset = offset;
        error->message_length = (uint32_t)length;
        memcpy(error->message, message, length);
    }
    return kind;
}

static uint64_t little_endian(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

static int32_t toyfs_probe(const fsimage_host *host, const fsimage_volume *volume, fsimage_probe *probe,
                           fsimage_error *error) {
    uint8_t magic[8];
    (void)host;
    probe->verdict = FSIMAGE_PROBE_NOT_MINE;
    if (volume->size < HEAD)
        return FSIMAGE_OK;
    int32_t code = volume->read_at(volume->context, 0, magic, sizeof magic, error);
    if (code == FSIMAGE_OK && memcmp(magic, "TOYFS1\0", sizeof magic) == 0)
        probe->verdict = FSIMAGE_PROBE_MINE;
    return code;
}

static int32_t load(struct toyfs *toy, fsimage_error *error) {
    const fsimage_volume *volume = &toy->volume;
    uint8_t head[HEAD], record[RECORD];
    int32_t code = volume->read_at(volume->context, 0, head, sizeof head, error);
    if (code != FSIMAGE_OK)
        return code;
    toy->count = (uint32_t)little_endian(head + 8, 4);
    if (toy->count > FILES_MAX)
        return fail(error, FSIMAGE_ERR_CORRUPT, 0x8, "more than 64 files");
    for (uint32_t i = 0; i < toy->count; i++) {
        struct file *file = &toy->files[i];
        uint64_t place = HEAD + (uint64_t)i * RECORD;
        if ((code = volume->read_at(volume->context, place, record, sizeof record, error)) != FSIMAGE_OK)
            return code;
        memcpy(file->name, record, NAME);
        while (file->name_length < NAME && file->name[file->name_length] != 0)
            file->name_length++;
        if (file->name_length == 0 || memchr(file->name, '/', file->name_length) != NULL || file->name[0] == '.')
            return fail(error, FSIMAGE_ERR_CORRUPT, place, "not a name");
        file->start = little_endian(record + 0x30, 8);
        file->length = little_endian(record + 0x38, 8);
        if (file->start > volume->size || file->length > volume->size - file->start)
            return fail(error, FSIMAGE_ERR_CORRUPT, place + 0x30, "a file beyond the end of the volume");
    }
    return FSIMAGE_OK;
}

static int32_t toyfs_open(const fsimage_host *host, const fsimage_volume *volumes, size_t volume_count,
                          const uint8_t *options, size_t options_length, fsimage_fs *fs, fsimage_error *error) {
    (void)host, (void)options, (void)options_length;
    if (volume_count != 1)
        return fail(error, FSIMAGE_ERR_INVALID_ARGUMENT, FSIMAGE_NO_OFFSET, "TOYFS lies on one volume");
    struct toyfs *toy = calloc(1, sizeof *toy);
    if (toy == NULL)
        return fail(error, FSIMAGE_ERR_LIMIT, FSIMAGE_NO_OFFSET, "out of memory");
    toy->volume = volumes[0];
    int32_t code = load(toy, error);
    if (code == FSIMAGE_OK)
        *fs = toy;
    else
        free(toy);
    return code;
}

static void toyfs_close(fsimage_fs fs) {
    free(fs);
}

/* The file of a node; null, and the error filled, when it is none. */
static const struct file *file_of(const struct toyfs *toy, uint64_t node, fsimage_error *error, int32_t *code) {
    *code = FSIMAGE_OK;
    if (node >= 1 && node <= toy->count)
        return &toy->files[node - 1];
    *code = node == 0 ? fail(error, FSIMAGE_ERR_IS_A_DIRECTORY, FSIMAGE_NO_OFFSET, "the root directory")
                      : fail(error, FSIMAGE_ERR_CORRUPT, FSIMAGE_NO_OFFSET, "no such node");
    return NULL;
}

static int32_t toyfs_root(fsimage_fs fs, uint64_t *node, fsimage_error *error) {
    (void)fs, (void)error;
    *node = 0;
    return FSIMAGE_OK;
}

static int32_t toyfs_metadata(fsimage_fs fs, uint64_t node, fsimage_metadata *metadata, fsimage_error *error) {
    int32_t code;
    const struct file *file = file_of(fs, node, error, &code);
    if (file == NULL && node != 0)
        return code;
    metadata->file_type = node == 0 ? FSIMAGE_TYPE_DIRECTORY : FSIMAGE_TYPE_REGULAR;
    metadata->mode = node == 0 ? 0555 : 0444;
    metadata->links = 1;
    metadata->size = file == NULL ? 0 : file->length;
    return FSIMAGE_OK;
}

static int32_t toyfs_lookup(fsimage_fs fs, uint64_t directory, const uint8_t *name, size_t name_length,
                            uint64_t *node, fsimage_error *error) {
    const struct toyfs *toy = fs;
    if (directory != 0)
        return fail(error, FSIMAGE_ERR_NOT_A_DIRECTORY, FSIMAGE_NO_OFFSET, "a file");
    for (uint32_t i = 0; i < toy->count; i++)
        if (toy->files[i].name_length == name_length && memcmp(toy->files[i].name, name, name_length) == 0) {
            *node = i + 1;
            return FSIMAGE_OK;
        }
    return fail(error, FSIMAGE_ERR_NOT_FOUND, FSIMAGE_NO_OFFSET, "");
}

static int32_t toyfs_read_dir(fsimage_fs fs, uint64_t directory, uint64_t cursor, fsimage_dir_sink sink,
                              void *sink_context, fsimage_error *error) {
    const struct toyfs *toy = fs;
    if (directory != 0)
        return fail(error, FSIMAGE_ERR_NOT_A_DIRECTORY, FSIMAGE_NO_OFFSET, "a file");
    for (uint64_t i = cursor; i < toy->count; i++) {
        const struct file *file = &toy->files[i];
        const fsimage_dir_entry entry = {i + 1, i + 1, FSIMAGE_TYPE_REGULAR, file->name_length, file->name};
        if (sink(sink_context, &entry) != 0)
            break;
    }
    return FSIMAGE_OK;
}

static int32_t toyfs_read_link(fsimage_fs fs, uint64_t node, uint8_t *buffer, size_t capacity, size_t *length,
                               fsimage_error *error) {
    (void)fs, (void)node, (void)buffer, (void)capacity, (void)length;
    return fail(error, FSIMAGE_ERR_NOT_A_SYMLINK, FSIMAGE_NO_OFFSET, "TOYFS has no links");
}

static int32_t toyfs_read_at(fsimage_fs fs, uint64_t node, uint64_t offset, uint8_t *buffer, size_t capacity,
                             size_t *length, fsimage_error *error) {
    const struct toyfs *toy = fs;
    int32_t code;
    const struct file *file = file_of(toy, node, error, &code);
    if (file == NULL)
        return code;
    uint64_t left = offset < file->length ? file->length - offset : 0;
    *length = capacity < left ? capacity : (size_t)left;
    if (*length == 0)
        return FSIMAGE_OK;
    return toy->volume.read_at(toy->volume.context, file->start + offset, buffer, *length, error);
}

static int32_t toyfs_extents(fsimage_fs fs, uint64_t node, uint64_t offset, fsimage_extent_sink sink,
                             void *sink_context, fsimage_error *error) {
    int32_t code;
    const struct file *file = file_of(fs, node, error, &code);
    if (file != NULL && offset < file->length) {
        const fsimage_extent extent = {0, file->start, file->length, 0, 0};
        sink(sink_context, &extent);
    }
    return code;
}

const fsimage_plugin fsimage_plugin_entry = {
    .abi_version = FSIMAGE_ABI_VERSION,
    .struct_size = sizeof(fsimage_plugin),
    .kind = FSIMAGE_KIND_FILESYSTEM,
    .name = "toyfs",
    .version = "1.0",
    .description = "A flat toy filesystem: the example of a plugin in C",
    .probe = toyfs_probe,
    .open = toyfs_open,
    .close = toyfs_close,
    .root = toyfs_root,
    .metadata = toyfs_metadata,
    .lookup = toyfs_lookup,
    .read_dir = toyfs_read_dir,
    .read_link = toyfs_read_link,
    .read_at = toyfs_read_at,
    .extents = toyfs_extents,
};
