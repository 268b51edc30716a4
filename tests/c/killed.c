/* The worker is killed while it is asked and asked, by whoever reads our "open": killed IMAGE OFFSET. */
#include "check.h"
#include <stdint.h>

int main(int argc, char **argv)
{
    unsigned char buffer[100];
    struct fsi_stat stat;

    CHECK(argc == 3);
    BEFORE;
    fsi_t *fsi = fsi_open_fsimage(argv[1], strtoull(argv[2], NULL, 10), NULL);
    CHECK(fsi != NULL);
    fsi_file_t *begun = fsi_open_file(fsi, "/big"), *fresh = fsi_open_file(fsi, "/holes");
    CHECK(begun != NULL && fresh != NULL && fsi_read_file(begun, buffer, 100) == 100);
    puts("open");
    fflush(stdout);
    do
        errno = 0;
    while (fsi_file_exists(fsi, "/big") == 1);
    CHECK(errno == ECONNRESET);
    CHECK(strstr(fsi_error_message(), "killed by signal 9 (SIGKILL)") != NULL);

    FAILS(fsi_pread_file(fresh, buffer, 100, 0), -1, ECONNRESET);
    FAILS(fsi_file_exists(fsi, "/big"), 0, ECONNRESET);
    FAILS(fsi_open_file(fsi, "/big"), NULL, ECONNRESET);
    FAILS(fsi_open_dir(fsi, "/"), NULL, ECONNRESET);
    FAILS(fsi_stat(fsi, "/", 0, &stat, sizeof(stat)), -1, ECONNRESET);
    FAILS(fsi_fs_bootstring(fsi), NULL, ECONNRESET);
    FAILS(fsi_copy_file(fresh, 1), -1, ECONNRESET);
    /* Where this one's bytes lie is known. */
    CHECK(fsi_read_file(begun, buffer, 100) == 100);
    CHECK(fsi_close_file(begun) == 0 && fsi_close_file(fresh) == 0);
    fsi_close_fsimage(fsi);
    /* The next one works. */
    CHECK((fsi = fsi_open_fsimage(argv[1], strtoull(argv[2], NULL, 10), NULL)) != NULL);
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    AFTER;
    puts("all as it should be");
    return 0;
}
