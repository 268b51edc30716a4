/* Copies a file out of a guest's disk image:  cc extract.c $(pkg-config --cflags --libs fsimage) -o extract
 *     extract IMAGE PATH TARGET [OPTION]...      extract guest.img /boot/vmlinuz kernel partition=1 deadline=10 */
#include <fcntl.h>
#include <fsimage.h>
#include <stdio.h>
#include <unistd.h>

static int failed(const char *what)
{
    fprintf(stderr, "extract: %s: %s\n", what, fsi_error_message());
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: extract IMAGE PATH TARGET [OPTION]...\n");
        return 2;
    }
    /* argv ends with the NULL that the list of options needs. */
    fsi_t *guest = fsi_open(argv[1], (const char *const *)argv + 4);
    if (guest == NULL)
        return failed(argv[1]);
    fsi_file_t *file = fsi_open_file(guest, argv[2]);
    if (file == NULL)
        return failed(argv[2]);
    int target = open(argv[3], O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (target < 0) {
        perror(argv[3]);
        return 1;
    }
    if (fsi_copy_file(file, target) < 0) {
        unlink(argv[3]);
        return failed(argv[2]);
    }
    fsi_close_file(file);
    fsi_close_fsimage(guest);
    return close(target) == 0 ? 0 : 1;
}
