/* Asks everything of an image whose plugin misbehaves, and prints the first failure: hostile IMAGE. */
#include "check.h"
#include <fcntl.h>

static const char *first = NULL;
static char kept[2100];

static void failed(void)
{
    if (first != NULL)
        return;
    snprintf(kept, sizeof(kept), "%d %s", errno, fsi_error_message());
    first = kept;
}

int main(int argc, char **argv)
{
    const char *options[] = {"offset=0", "deadline=1", "worker-memory=64M", NULL};
    static char buffer[65536];
    struct fsi_stat stat;

    CHECK(argc == 2);
    BEFORE;
    for (int round = 0; round < 2; round++) {
        fsi_t *fsi = fsi_open(argv[1], options);
        if (fsi == NULL) {
            failed();
            continue;
        }
        fsi_file_t *file = fsi_open_file(fsi, "/boot/vmlinuz");
        if (file == NULL)
            failed();
        fsi_dir_t *dir = fsi_open_dir(fsi, "/boot");
        if (dir == NULL)
            failed();
        while (dir != NULL && fsi_read_dir(dir) != NULL)
            ;
        ssize_t count = 0;
        size_t total = 0;
        while (file != NULL && total < (64 << 20) && (count = fsi_read_file(file, buffer, sizeof(buffer))) > 0)
            total += (size_t)count;
        if (count < 0)
            failed();
        if (fsi_stat(fsi, "/boot/vmlinuz", FSI_NOFOLLOW, &stat, sizeof(stat)) != 0)
            failed();
        if (fsi_read_link(fsi, "/boot/vmlinuz", buffer, sizeof(buffer)) < 0 && errno != EINVAL)
            failed();
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (file != NULL && total < (64 << 20) && fsi_copy_file(file, null) < 0)
            failed();
        close(null);
        errno = 0;
        if (fsi_fs_bootstring(fsi) == NULL && errno != 0)
            failed();
        /* NULL is as good here: the call says so, and nothing happens. */
        fsi_close_file(file);
        fsi_close_dir(dir);
        fsi_close_fsimage(fsi);
    }
    AFTER;
    puts(first == NULL ? "nothing failed" : first);
    return 0;
}
