/* libfsimage under the name and the version node of Xen's library, so that what was linked with that runs on this one. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

static void *find(const char *name)
{
    static void *library;

    if (library == NULL && (library = dlopen(LIBFSIMAGE, RTLD_NOW | RTLD_LOCAL)) == NULL)
        abort();
    return dlsym(library, name);
}

#define FORWARD(type, name, parameters, arguments) \
    type name parameters \
    { \
        union { void *found; type (*function) parameters; } real = {find(#name)}; \
        return real.function arguments; \
    }

FORWARD(int, fsi_init, (void), ())
FORWARD(void *, fsi_open_fsimage, (const char *path, uint64_t off, const char *options), (path, off, options))
FORWARD(int, fsi_file_exists, (void *fsi, const char *path), (fsi, path))
FORWARD(void *, fsi_open_file, (void *fsi, const char *path), (fsi, path))
FORWARD(int, fsi_close_file, (void *file), (file))
FORWARD(ssize_t, fsi_read_file, (void *file, void *buffer, size_t count), (file, buffer, count))
FORWARD(ssize_t, fsi_pread_file, (void *file, void *buffer, size_t count, uint64_t off), (file, buffer, count, off))
FORWARD(char *, fsi_fs_bootstring, (void *fsi), (fsi))

void fsi_close_fsimage(void *fsi)
{
    union { void *found; void (*function)(void *); } real = {find("fsi_close_fsimage")};

    real.function(fsi);
}
