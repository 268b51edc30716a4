/* Reads a file through a library of fsi_* functions and writes it: read LIBRARY IMAGE PATH TARGET PIECE|copy|open */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *library;

static void resolve(const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        exit(3);
    memcpy(function, &symbol, size);
}

int main(int argc, char **argv)
{
    int (*init)(void);
    void *(*open_image)(const char *, uint64_t, const char *), *(*open_file)(void *, const char *);
    void (*close_image)(void *);
    int (*close_file)(void *);
    ssize_t (*read_file)(void *, void *, size_t), count;
    int64_t (*copy_file)(void *, int);

    if (argc != 6 || (library = dlopen(argv[1], RTLD_NOW)) == NULL)
        return 2;
    resolve("fsi_init", &init, sizeof(init));
    resolve("fsi_open_fsimage", &open_image, sizeof(open_image));
    resolve("fsi_open_file", &open_file, sizeof(open_file));
    resolve("fsi_close_fsimage", &close_image, sizeof(close_image));
    resolve("fsi_close_file", &close_file, sizeof(close_file));
    resolve("fsi_read_file", &read_file, sizeof(read_file));
    int target = open(argv[4], O_WRONLY | O_CREAT | O_EXCL, 0600);
    void *image = init() == 0 ? open_image(argv[2], 0, NULL) : NULL;
    void *file = image == NULL ? NULL : open_file(image, argv[3]);
    if (target < 0 || file == NULL)
        return 1;
    if (strcmp(argv[5], "copy") == 0) {
        resolve("fsi_copy_file", &copy_file, sizeof(copy_file));
        count = copy_file(file, target) < 0 ? -1 : 0;
    } else {
        size_t piece = strtoul(argv[5], NULL, 10);
        char *buffer = malloc(piece);
        while ((count = read_file(file, buffer, piece)) > 0)
            if (write(target, buffer, (size_t)count) != count)
                return 1;
        free(buffer);
    }
    close_file(file);
    close_image(image);
    return count == 0 ? 0 : 1;
}
