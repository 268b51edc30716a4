/* Calls a library of Xen's fsi_* functions and prints what each returns: peer LIBRARY IMAGE OFFSET OPTIONS PATH... */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef struct fsi fsi_t;
typedef struct fsi_file fsi_file_t;

static int (*init)(void);
static fsi_t *(*open_fsimage)(const char *, uint64_t, const char *);
static void (*close_fsimage)(fsi_t *);
static int (*file_exists)(fsi_t *, const char *);
static fsi_file_t *(*open_file)(fsi_t *, const char *);
static int (*close_file)(fsi_file_t *);
static ssize_t (*read_file)(fsi_file_t *, void *, size_t);
static ssize_t (*pread_file)(fsi_file_t *, void *, size_t, uint64_t);
static char *(*bootstring_alloc)(fsi_t *, size_t);
static void (*bootstring_free)(fsi_t *);
static char *(*fs_bootstring)(fsi_t *);

/* What dlsym gives is a function here, which ISO C has no cast for. */
static void resolve(void *library, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    memcpy(function, &symbol, size);
}
#define RESOLVE(name) resolve(library, "fsi_" #name, &name, sizeof(name))

static const char *error_name(void)
{
    static char number[16];

    switch (errno) {
    case 0: return "0";
    case ENOENT: return "ENOENT";
    case EINVAL: return "EINVAL";
    case EISDIR: return "EISDIR";
    case ENOTDIR: return "ENOTDIR";
    case ENOTSUP: return "ENOTSUP";
    case ELOOP: return "ELOOP";
    case ENXIO: return "ENXIO";
    default:
        snprintf(number, sizeof(number), "%d", errno);
        return number;
    }
}

/* FNV-1a: enough to tell two answers apart. */
static uint64_t sum_of(const unsigned char *bytes, size_t length)
{
    uint64_t sum = 0xcbf29ce484222325u;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

static unsigned char buffer[1 << 20];

/* Prints a count, with the bytes' sum or the error. */
static void tell(const char *call, ssize_t count)
{
    if (count < 0)
        printf("  %s = %zd %s\n", call, count, error_name());
    else
        printf("  %s = %zd %016" PRIx64 "\n", call, count, sum_of(buffer, (size_t)count));
    memset(buffer, 0xee, sizeof(buffer));
    errno = 0;
}

static void read_it(fsi_file_t *file)
{
    uint64_t total = 0, sum = 0;
    ssize_t count;

    tell("read 10", read_file(file, buffer, 10));
    tell("pread 20 at 5", pread_file(file, buffer, 20, 5));
    tell("read 10, going on", read_file(file, buffer, 10));
    tell("read 0", read_file(file, buffer, 0));
    tell("pread 10 at 2^40", pread_file(file, buffer, 10, (uint64_t)1 << 40));
    while ((count = read_file(file, buffer, 65536)) > 0) {
        total += (uint64_t)count;
        sum = sum * 31 + sum_of(buffer, (size_t)count);
    }
    printf("  read to the end: %" PRIu64 " %016" PRIx64 "\n", total, sum);
    tell("read at the end", count);
    tell("read at the end again", read_file(file, buffer, 10));
    if (total >= 100) {
        uint64_t size = total + 20;
        tell("pread 100 across the end", pread_file(file, buffer, 100, size - 40));
        tell("pread 100 at the end", pread_file(file, buffer, 100, size));
        tell("pread 100 behind the end", pread_file(file, buffer, 100, size + 1));
        tell("pread 4097 at 4095", pread_file(file, buffer, 4097, 4095));
    }
}

int main(int argc, char **argv)
{
    void *library;
    fsi_t *fsi;

    if (argc < 5)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if ((library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    RESOLVE(init);
    RESOLVE(open_fsimage);
    RESOLVE(close_fsimage);
    RESOLVE(file_exists);
    RESOLVE(open_file);
    RESOLVE(close_file);
    RESOLVE(read_file);
    RESOLVE(pread_file);
    RESOLVE(bootstring_alloc);
    RESOLVE(bootstring_free);
    RESOLVE(fs_bootstring);

    printf("init = %d\n", init());
    errno = 0;
    fsi = open_fsimage(argv[2], strtoull(argv[3], NULL, 0), strcmp(argv[4], "NULL") == 0 ? NULL : argv[4]);
    printf("open_fsimage: %s %s\n", fsi == NULL ? "NULL" : "opened", fsi == NULL ? error_name() : "");
    if (fsi == NULL)
        return 0;
    printf("fs_bootstring: %s\n", fs_bootstring(fsi) == NULL ? "NULL" : fs_bootstring(fsi));
    for (int i = 5; i < argc; i++) {
        fsi_file_t *file;

        printf("%s\n", argv[i]);
        printf("  file_exists = %d\n", file_exists(fsi, argv[i]));
        errno = 0;
        file = open_file(fsi, argv[i]);
        printf("  open_file: %s %s\n", file == NULL ? "NULL" : "opened", file == NULL ? error_name() : "");
        errno = 0;
        if (file == NULL)
            continue;
        read_it(file);
        printf("  close_file = %d\n", close_file(file));
    }
    char *own = bootstring_alloc(fsi, 8);
    if (own != NULL)
        strcpy(own, "own");
    printf("own bootstring: %s, kept: %d\n", own == NULL ? "NULL" : own, fs_bootstring(fsi) == own);
    bootstring_free(fsi);
    close_fsimage(fsi);
    printf("close_fsimage\n");
    printf("dlclose = %d\n", dlclose(library));
    return 0;
}
