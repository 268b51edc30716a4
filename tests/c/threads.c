/* Many threads on one filesystem and one file, others opening and closing all the time: threads IMAGE OFFSET. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { SIZE = 300000, READERS = 4, OPENERS = 3, ROUNDS = 8, PIECE = 997 };

static const char *image;
static uint64_t offset;
static unsigned char bytes[SIZE];
static fsi_t *shared;
static fsi_file_t *shared_file;
static atomic_size_t read_together;

/* All of them read one file on: each byte goes to exactly one of them. */
static void *reader(void *unused)
{
    unsigned char piece[PIECE];
    fsi_file_t *own = fsi_open_file(shared, "/big");
    ssize_t count;
    unsigned place = (unsigned)(uintptr_t)&piece;

    (void)unused;
    CHECK(own != NULL);
    while ((count = fsi_read_file(shared_file, piece, PIECE)) > 0) {
        atomic_fetch_add(&read_together, (size_t)count);
        place = place * 1103515245u + 12345u;
        size_t from = place % SIZE;
        count = fsi_pread_file(place & 1 ? own : shared_file, piece, PIECE, from);
        CHECK(count == (ssize_t)(SIZE - from < PIECE ? SIZE - from : PIECE));
        CHECK(memcmp(piece, bytes + from, (size_t)count) == 0);
        CHECK(fsi_open_file(shared, "/nowhere") == NULL && errno == ENOENT);
    }
    CHECK(count == 0 && fsi_close_file(own) == 0);
    return NULL;
}

static void *opener(void *unused)
{
    unsigned char piece[PIECE];

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        fsi_t *fsi = fsi_open_fsimage(image, offset, NULL);
        CHECK(fsi != NULL);
        fsi_file_t *file = fsi_open_file(fsi, "/link");
        CHECK(file != NULL && fsi_read_file(file, piece, PIECE) == PIECE && memcmp(piece, bytes, PIECE) == 0);
        fsi_close_fsimage(fsi);
        CHECK(fsi_read_file(file, piece, PIECE) == -1 && errno == EBADF && fsi_close_file(file) == 0);
        CHECK(fsi_open_fsimage("/no/such/image", 0, NULL) == NULL && errno == ENOENT);
        CHECK(strstr(fsi_error_message(), "/no/such/image") != NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[READERS + OPENERS];

    CHECK(argc == 3);
    image = argv[1];
    offset = strtoull(argv[2], NULL, 10);
    BEFORE;
    CHECK((shared = fsi_open_fsimage(image, offset, NULL)) != NULL);
    CHECK((shared_file = fsi_open_file(shared, "/big")) != NULL);
    CHECK(fsi_pread_file(shared_file, bytes, SIZE, 0) == SIZE);
    for (int i = 0; i < READERS + OPENERS; i++)
        CHECK(pthread_create(&threads[i], NULL, i < READERS ? reader : opener, NULL) == 0);
    for (int i = 0; i < READERS + OPENERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(atomic_load(&read_together) == SIZE);
    fsi_close_file(shared_file);
    fsi_close_fsimage(shared);
    AFTER;
    puts("all as it should be");
    return 0;
}
