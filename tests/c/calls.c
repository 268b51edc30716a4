/* Every call of libfsimage, used well and badly: calls IMAGE OFFSET FOLDER. What the image holds is in tests/capi.rs. */
#include "check.h"
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

enum { SIZE = 300000 };

static const char *image, *folder;
static uint64_t offset;
static unsigned char bytes[SIZE], others[SIZE + 100];

static fsi_t *opened(void)
{
    fsi_t *fsi = fsi_open_fsimage(image, offset, NULL);

    CHECK(fsi != NULL);
    return fsi;
}

static int target_file(const char *name, int flags)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK((fd = open(path, O_RDWR | O_CREAT | O_TRUNC | flags, 0600)) >= 0);
    return fd;
}

static void opening(void)
{
    fsi_t *fsi;

    FAILS(fsi_open_fsimage(NULL, 0, NULL), NULL, EINVAL);
    FAILS(fsi_open_fsimage("/no/such/image", 0, NULL), NULL, ENOENT);
    CHECK(strstr(fsi_error_message(), "/no/such/image") != NULL);
    FAILS(fsi_open_fsimage("/", 0, NULL), NULL, ENOTSUP);
    FAILS(fsi_open_fsimage("/dev/zero", 0, NULL), NULL, ENOTSUP);
    FAILS(fsi_open_fsimage(image, offset + 512, NULL), NULL, ENOTSUP);
    FAILS(fsi_open_fsimage(image, (uint64_t)1 << 50, NULL), NULL, ENOTSUP);
    FAILS(fsi_open_fsimage(image, UINT64_MAX, NULL), NULL, ENOTSUP);
    FAILS(fsi_open_fsimage(image, offset, "no such word"), NULL, EINVAL);
    CHECK(strstr(fsi_error_message(), "no such word") != NULL);
    FAILS(fsi_open_fsimage(image, offset, "nobody:words"), NULL, EINVAL);
    CHECK((fsi = fsi_open_fsimage(image, offset, "")) != NULL);
    fsi_close_fsimage(fsi);
    CHECK((fsi = fsi_open_fsimage(image, offset, "ext2:checksums=strict")) != NULL);
    fsi_close_fsimage(fsi);
}

static void opening_with_options(void)
{
    char start[32];
    const char *by_address[] = {"partition=1", "deadline=20", "worker-memory=32M", NULL};
    const char *by_offset[] = {start, "mount-option=ext2:checksums=strict", NULL};
    const char *wrong[] = {"partition=9", NULL};
    const char *unknown[] = {"sandbox=no", NULL};
    const char *small_files[] = {"max-file-size=299999", NULL};
    const char *no_size[] = {"max-file-size=much", NULL};
    const char *endless[200];
    fsi_t *fsi;

    snprintf(start, sizeof(start), "offset=%ju", (uintmax_t)offset);
    CHECK((fsi = fsi_open(image, NULL)) != NULL);
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    CHECK((fsi = fsi_open(image, by_address)) != NULL);
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    CHECK((fsi = fsi_open(image, by_offset)) != NULL);
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    FAILS(fsi_open(NULL, NULL), NULL, EINVAL);
    FAILS(fsi_open(image, wrong), NULL, ENXIO);
    CHECK(strstr(fsi_error_message(), "partition=9: no such partition; there are 1") != NULL);
    FAILS(fsi_open(image, unknown), NULL, EINVAL);
    CHECK(strstr(fsi_error_message(), "sandbox=no") != NULL);
    CHECK((fsi = fsi_open(image, small_files)) != NULL);
    FAILS(fsi_open_file(fsi, "/big"), NULL, EFBIG);
    CHECK(strstr(fsi_error_message(), "at most 299999 are opened (max-file-size)") != NULL);
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    FAILS(fsi_open(image, no_size), NULL, EINVAL);
    for (size_t i = 0; i < 200; i++)
        endless[i] = "deadline=20";
    FAILS(fsi_open(image, endless), NULL, EINVAL);
    FAILS(fsi_open("/dev/null", NULL), NULL, EINVAL);
}

static void paths(void)
{
    fsi_t *fsi = opened();
    char *longest = malloc(5000);

    CHECK(fsi_file_exists(fsi, "/big") == 1 && fsi_file_exists(fsi, "big") == 1);
    CHECK(fsi_file_exists(fsi, "/dir") == 1 && fsi_file_exists(fsi, "/link") == 1);
    FAILS(fsi_file_exists(fsi, "/nowhere"), 0, ENOENT);
    FAILS(fsi_file_exists(fsi, "/dangling"), 0, ENOENT);
    FAILS(fsi_file_exists(fsi, NULL), 0, EINVAL);
    FAILS(fsi_open_file(fsi, "/nowhere"), NULL, ENOENT);
    FAILS(fsi_open_file(fsi, "/dangling"), NULL, ENOENT);
    FAILS(fsi_open_file(fsi, "/loop"), NULL, ELOOP);
    FAILS(fsi_open_file(fsi, "/big/x"), NULL, ENOTDIR);
    FAILS(fsi_open_file(fsi, "/dir"), NULL, EISDIR);
    FAILS(fsi_open_file(fsi, "/fifo"), NULL, ENXIO);
    FAILS(fsi_open_file(fsi, NULL), NULL, EINVAL);
    memset(longest, 'x', 4999);
    longest[4999] = '\0';
    FAILS(fsi_open_file(fsi, longest), NULL, ENAMETOOLONG);
    longest[4096] = '\0';
    errno = 0;
    CHECK(fsi_open_file(fsi, longest) == NULL && errno != 0);
    free(longest);
    fsi_close_fsimage(fsi);
}

static void reading(void)
{
    fsi_t *fsi = opened();
    fsi_file_t *file = fsi_open_file(fsi, "/link");

    CHECK(file != NULL);
    CHECK(fsi_pread_file(file, bytes, SIZE, 0) == SIZE);
    /* Reading goes on where it ended; reading elsewhere does not change that. */
    CHECK(fsi_read_file(file, others, 10) == 10 && memcmp(others, bytes, 10) == 0);
    CHECK(fsi_pread_file(file, others, 77, 4095) == 77 && memcmp(others, bytes + 4095, 77) == 0);
    CHECK(fsi_read_file(file, others, 5000) == 5000 && memcmp(others, bytes + 10, 5000) == 0);
    CHECK(fsi_read_file(file, others, sizeof(others)) == SIZE - 5010);
    CHECK(memcmp(others, bytes + 5010, SIZE - 5010) == 0);
    errno = 7;
    CHECK(fsi_read_file(file, others, 10) == 0 && fsi_read_file(file, others, 10) == 0);
    CHECK(fsi_pread_file(file, others, 100, SIZE - 40) == 40);
    CHECK(fsi_pread_file(file, others, 100, SIZE) == 0);
    CHECK(fsi_pread_file(file, others, 100, (uint64_t)1 << 40) == 0);
    CHECK(fsi_pread_file(file, others, 100, UINT64_MAX) == 0);
    CHECK(fsi_read_file(file, NULL, 0) == 0 && fsi_pread_file(file, NULL, 0, 5) == 0);
    CHECK(errno == 7);
    /* A count that no buffer can have reads to the end. */
    CHECK(fsi_pread_file(file, others, SIZE_MAX, 0) == SIZE && memcmp(others, bytes, SIZE) == 0);
    CHECK(fsi_pread_file(file, others, (size_t)SSIZE_MAX + 1, 7) == SIZE - 7);
    FAILS(fsi_read_file(file, NULL, 1), -1, EFAULT);
    FAILS(fsi_pread_file(file, NULL, SIZE_MAX, 0), -1, EFAULT);
    CHECK(fsi_close_file(file) == 0);

    CHECK((file = fsi_open_file(fsi, "/empty")) != NULL);
    CHECK(fsi_read_file(file, others, 10) == 0 && fsi_pread_file(file, others, 10, 0) == 0);
    CHECK(fsi_close_file(file) == 0);

    /* A file that is all hole but for its last byte, and has inline data or extents like any other. */
    CHECK((file = fsi_open_file(fsi, "/holes")) != NULL);
    memset(others, 1, sizeof(others));
    CHECK(fsi_pread_file(file, others, 10000, 65000) == 5000);
    for (int i = 0; i < 4999; i++)
        CHECK(others[i] == 0);
    CHECK(others[4999] == 'x' && others[5000] == 1);
    CHECK(fsi_close_file(file) == 0);
    fsi_close_fsimage(fsi);
}

/* Files whose place nobody remembers: data that is not plain on the disk, and more extents than are kept. */
static void reading_elsewhere(void)
{
    static const char text[] = "in the inode itself, and nowhere else on the disk";
    enum { LENGTH = sizeof(text) - 1, BLOCKS = 4400, PIECE = 5000 };
    fsi_t *fsi = opened();
    fsi_file_t *file = fsi_open_file(fsi, "/inline");
    int fd = target_file("elsewhere", 0);

    CHECK(file != NULL);
    CHECK(fsi_read_file(file, others, 10) == 10 && memcmp(others, text, 10) == 0);
    CHECK(fsi_pread_file(file, others, 100, 3) == LENGTH - 3 && memcmp(others, text + 3, LENGTH - 3) == 0);
    CHECK(fsi_read_file(file, others, 100) == LENGTH - 10 && memcmp(others, text + 10, LENGTH - 10) == 0);
    CHECK(fsi_read_file(file, others, 100) == 0);
    CHECK(fsi_copy_file(file, fd) == LENGTH && pread(fd, others, 100, 0) == LENGTH && memcmp(others, text, LENGTH) == 0);
    fsi_close_file(file);
    close(fd);

    CHECK((file = fsi_open_file(fsi, "/scattered")) != NULL);
    for (size_t from = 0; from < BLOCKS * 1024; from += 123457) {
        size_t left = BLOCKS * 1024 - from;
        CHECK(fsi_pread_file(file, others, PIECE, from) == (ssize_t)(left < PIECE ? left : PIECE));
        for (size_t i = 0; i < PIECE && i < left; i++) {
            size_t block = (from + i) / 1024;
            CHECK(others[i] == (block % 2 == 0 ? ((block & 0xff) | 1) : 0));
        }
    }
    fsi_close_file(file);
    fsi_close_fsimage(fsi);
}

static void metadata(void)
{
    fsi_t *fsi = opened();
    fsi_file_t *file = fsi_open_file(fsi, "/big");
    struct fsi_stat stat, again;
    struct { struct fsi_stat known; uint64_t newer; } larger;
    char target[4];

    CHECK(fsi_stat(fsi, "/link", 0, &stat, sizeof(stat)) == 0);
    CHECK(S_ISREG(stat.mode) && (stat.mode & 07777) == 0640 && stat.size == SIZE && stat.links == 1);
    CHECK(stat.mtime_seconds == 1000000000 && stat.reserved == 0);
    CHECK(fsi_stat_file(file, &again, sizeof(again)) == 0 && memcmp(&stat, &again, sizeof(stat)) == 0);
    CHECK(fsi_stat(fsi, "/link", FSI_NOFOLLOW, &stat, sizeof(stat)) == 0 && S_ISLNK(stat.mode) && stat.size == 3);
    CHECK(fsi_stat(fsi, "/fifo", 0, &stat, sizeof(stat)) == 0 && S_ISFIFO(stat.mode));
    CHECK(fsi_stat(fsi, "/", 0, &stat, sizeof(stat)) == 0 && S_ISDIR(stat.mode));
    /* A caller built with an older header, and one with a newer. */
    memset(&stat, 0x55, sizeof(stat));
    CHECK(fsi_stat(fsi, "/big", 0, &stat, sizeof(stat.size)) == 0);
    CHECK(stat.size == SIZE && stat.node == 0x5555555555555555);
    larger.newer = 1;
    CHECK(fsi_stat(fsi, "/big", 0, &larger.known, sizeof(larger)) == 0 && larger.known.size == SIZE && larger.newer == 0);
    FAILS(fsi_stat(fsi, "/nowhere", 0, &stat, sizeof(stat)), -1, ENOENT);
    FAILS(fsi_stat(fsi, "/big", 2, &stat, sizeof(stat)), -1, EINVAL);
    FAILS(fsi_stat(fsi, "/big", 0, NULL, sizeof(stat)), -1, EFAULT);

    CHECK(fsi_read_link(fsi, "/link", target, sizeof(target)) == 3 && strcmp(target, "big") == 0);
    FAILS(fsi_read_link(fsi, "/link", target, 3), -1, ERANGE);
    FAILS(fsi_read_link(fsi, "/link", target, 0), -1, ERANGE);
    FAILS(fsi_read_link(fsi, "/link", NULL, 9), -1, EFAULT);
    FAILS(fsi_read_link(fsi, "/big", target, sizeof(target)), -1, EINVAL);
    fsi_close_file(file);
    fsi_close_fsimage(fsi);
}

static void directories(void)
{
    fsi_t *fsi = opened();
    fsi_dir_t *dir = fsi_open_dir(fsi, "/");
    const struct fsi_dirent *entry;
    int files = 0, others_seen = 0;

    CHECK(dir != NULL);
    FAILS(fsi_open_dir(fsi, "/big"), NULL, ENOTDIR);
    FAILS(fsi_open_dir(fsi, "/nowhere"), NULL, ENOENT);
    /* It has been read, and needs no worker. */
    fsi_close_fsimage(fsi);
    errno = 0;
    while ((entry = fsi_read_dir(dir)) != NULL) {
        CHECK(strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0 && entry->node != 0);
        if (strcmp(entry->name, "big") == 0)
            CHECK(S_ISREG(entry->type));
        if (strcmp(entry->name, "link") == 0)
            CHECK(S_ISLNK(entry->type));
        if (S_ISREG(entry->type))
            files++;
        else
            others_seen++;
    }
    CHECK(errno == 0 && fsi_read_dir(dir) == NULL && errno == 0);
    /* big empty holes inline scattered; dir link dangling loop fifo lost+found */
    CHECK(files == 5 && others_seen == 6);
    CHECK(fsi_close_dir(dir) == 0);
}

static void same_as_big(int fd, off_t from)
{
    CHECK(pread(fd, others, sizeof(others), from) == SIZE && memcmp(others, bytes, SIZE) == 0);
}

static void *read_all(void *descriptor)
{
    size_t have = 0;
    ssize_t count;

    while (have < SIZE && (count = read(*(int *)descriptor, others + have, SIZE - have)) > 0)
        have += (size_t)count;
    CHECK(have == SIZE);
    return NULL;
}

static void copying(void)
{
    fsi_t *fsi = opened();
    fsi_file_t *big = fsi_open_file(fsi, "/big"), *holes = fsi_open_file(fsi, "/holes");
    struct stat status;
    pthread_t reader;
    int fd, ends[2];

    /* Into a file, from its position on; and once more behind that. */
    fd = target_file("copy", 0);
    CHECK(write(fd, "ahead", 5) == 5);
    CHECK(fsi_copy_file(big, fd) == SIZE && lseek(fd, 0, SEEK_CUR) == 5 + SIZE);
    same_as_big(fd, 5);
    CHECK(fsi_copy_file(holes, fd) == 70000 && fsi_copy_file(big, fd) == SIZE);
    same_as_big(fd, 5 + SIZE + 70000);
    CHECK(pread(fd, others, 2, 5 + SIZE) == 2 && others[0] == 0 && others[1] == 0);
    /* Over what is there already: holes become zeros. */
    CHECK(lseek(fd, 5, SEEK_SET) == 5 && fsi_copy_file(holes, fd) == 70000 && lseek(fd, 0, SEEK_CUR) == 70005);
    CHECK(pread(fd, others, 70000, 5) == 70000 && others[0] == 0 && others[69998] == 0 && others[69999] == 'x');
    close(fd);
    /* Holes stay holes. */
    fd = target_file("sparse", 0);
    CHECK(fsi_copy_file(holes, fd) == 70000 && fstat(fd, &status) == 0);
    CHECK(status.st_size == 70000 && status.st_blocks * 512 < 70000);
    close(fd);
    fd = target_file("append", O_APPEND);
    CHECK(write(fd, "ahead", 5) == 5 && fsi_copy_file(holes, fd) == 70000 && fsi_copy_file(big, fd) == SIZE);
    same_as_big(fd, 70005);
    close(fd);
    /* Through a pipe, to a reader. */
    CHECK(pipe(ends) == 0 && pthread_create(&reader, NULL, read_all, &ends[0]) == 0);
    CHECK(fsi_copy_file(big, ends[1]) == SIZE);
    CHECK(pthread_join(reader, NULL) == 0 && memcmp(others, bytes, SIZE) == 0);
    close(ends[0]);
    /* Nobody reads: an error, though SIGPIPE would end this process. */
    FAILS(fsi_copy_file(big, ends[1]), -1, EPIPE);
    close(ends[1]);
    FAILS(fsi_copy_file(big, ends[1]), -1, EBADF);
    FAILS(fsi_copy_file(big, -1), -1, EBADF);
    CHECK((fd = open("/dev/full", O_WRONLY)) >= 0);
    FAILS(fsi_copy_file(big, fd), -1, ENOSPC);
    close(fd);
    CHECK((fd = open("/dev/null", O_RDONLY)) >= 0);
    FAILS(fsi_copy_file(big, fd), -1, EBADF);
    close(fd);
    /* Where reading goes on has not changed. */
    CHECK(fsi_read_file(big, others, 10) == 10 && memcmp(others, bytes, 10) == 0);
    fsi_close_file(big);
    fsi_close_file(holes);
    fsi_close_fsimage(fsi);
}

static void order(void)
{
    fsi_t *fsi = opened();
    fsi_file_t *read_before = fsi_open_file(fsi, "/big"), *fresh = fsi_open_file(fsi, "/big");
    struct fsi_stat stat;

    CHECK(fsi_read_file(read_before, others, 10) == 10);
    fsi_close_fsimage(fsi);
    FAILS(fsi_read_file(read_before, others, 10), -1, EBADF);
    FAILS(fsi_pread_file(fresh, others, 10, 0), -1, EBADF);
    FAILS(fsi_copy_file(fresh, 1), -1, EBADF);
    FAILS(fsi_stat_file(fresh, &stat, sizeof(stat)), -1, EBADF);
    CHECK(fsi_close_file(read_before) == 0 && fsi_close_file(fresh) == 0);
}

static void null_handles(void)
{
    struct fsi_stat stat;

    fsi_close_fsimage(NULL);
    FAILS(fsi_file_exists(NULL, "/"), 0, EINVAL);
    FAILS(fsi_open_file(NULL, "/"), NULL, EINVAL);
    FAILS(fsi_close_file(NULL), -1, EINVAL);
    FAILS(fsi_read_file(NULL, others, 1), -1, EINVAL);
    FAILS(fsi_pread_file(NULL, others, 1, 0), -1, EINVAL);
    FAILS(fsi_fs_bootstring(NULL), NULL, EINVAL);
    FAILS(fsi_bootstring_alloc(NULL, 1), NULL, EINVAL);
    fsi_bootstring_free(NULL);
    FAILS(fsi_stat(NULL, "/", 0, &stat, sizeof(stat)), -1, EINVAL);
    FAILS(fsi_stat_file(NULL, &stat, sizeof(stat)), -1, EINVAL);
    FAILS(fsi_read_link(NULL, "/", (char *)others, 9), -1, EINVAL);
    FAILS(fsi_open_dir(NULL, "/"), NULL, EINVAL);
    FAILS(fsi_read_dir(NULL), NULL, EINVAL);
    FAILS(fsi_close_dir(NULL), -1, EINVAL);
    FAILS(fsi_copy_file(NULL, 1), -1, EINVAL);
}

static void boot_strings(void)
{
    fsi_t *fsi = opened();
    char *own;

    errno = 0;
    CHECK(fsi_fs_bootstring(fsi) == NULL && errno == 0);
    CHECK((own = fsi_bootstring_alloc(fsi, 20)) != NULL && own[0] == '\0' && own[19] == '\0');
    strcpy(own, "zfs-bootfs=rpool/27");
    CHECK(fsi_fs_bootstring(fsi) == own);
    CHECK((own = fsi_bootstring_alloc(fsi, 0)) != NULL && own[0] == '\0');
    FAILS(fsi_bootstring_alloc(fsi, SIZE_MAX), NULL, ENOMEM);
    CHECK(fsi_fs_bootstring(fsi) == own);
    fsi_bootstring_free(fsi);
    errno = 0;
    CHECK(fsi_fs_bootstring(fsi) == NULL && errno == 0);
    fsi_close_fsimage(fsi);
}

/* A child may only close what its parent has opened, and does the parent no harm with it. */
static void forked(void)
{
    fsi_t *fsi = opened();
    fsi_file_t *file = fsi_open_file(fsi, "/big");
    pid_t child;
    int how;

    CHECK(fsi_read_file(file, others, 10) == 10);
    CHECK((child = fork()) >= 0);
    if (child == 0) {
        FAILS(fsi_file_exists(fsi, "/big"), 0, ECHILD);
        FAILS(fsi_read_file(file, others, 10), -1, ECHILD);
        FAILS(fsi_fs_bootstring(fsi), NULL, ECHILD);
        fsi_close_fsimage(fsi);
        FAILS(fsi_pread_file(file, others, 10, 0), -1, ECHILD);
        CHECK(fsi_close_file(file) == 0);
        /* It may open images of its own. */
        fsi = opened();
        CHECK(fsi_file_exists(fsi, "/big") == 1);
        fsi_close_fsimage(fsi);
        exit(0);
    }
    CHECK(waitpid(child, &how, 0) == child && how == 0);
    CHECK(fsi_file_exists(fsi, "/big") == 1 && fsi_read_file(file, others, 10) == 10);
    /* A child that keeps the descriptors does not keep the worker. */
    CHECK((child = fork()) >= 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    fsi_close_fsimage(fsi);
    fsi_close_file(file);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &how, 0) == child);
}

/* A host that lets the kernel take its children away. */
static void without_children(void)
{
    struct sigaction ignore, before;

    memset(&ignore, 0, sizeof(ignore));
    ignore.sa_handler = SIG_IGN;
    CHECK(sigaction(SIGCHLD, &ignore, &before) == 0);
    fsi_t *fsi = opened();
    CHECK(fsi_file_exists(fsi, "/big") == 1);
    fsi_close_fsimage(fsi);
    CHECK(sigaction(SIGCHLD, &before, NULL) == 0);
}

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

/* A host whose system calls are interrupted all the time, and not begun anew. */
static void interrupted(void)
{
    struct sigaction ticking, before;
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};

    memset(&ticking, 0, sizeof(ticking));
    ticking.sa_handler = tick;
    CHECK(sigaction(SIGALRM, &ticking, &before) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int round = 0; round < 10; round++) {
        fsi_t *fsi = opened();
        fsi_file_t *file = fsi_open_file(fsi, "/big");
        CHECK(file != NULL && fsi_pread_file(file, others, SIZE, 0) == SIZE && memcmp(others, bytes, SIZE) == 0);
        FAILS(fsi_open_file(fsi, "/nowhere"), NULL, ENOENT);
        fsi_close_file(file);
        fsi_close_fsimage(fsi);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && sigaction(SIGALRM, &before, NULL) == 0 && ticks > 0);
}

/* A host without standard input, output and error: what is opened takes their numbers. */
static void without_standard_streams(void)
{
    pid_t child = fork();
    int how;

    CHECK(child >= 0);
    if (child == 0) {
        close(0);
        close(1);
        close(2);
        fsi_t *fsi = fsi_open_fsimage(image, offset, NULL);
        fsi_file_t *file = fsi == NULL ? NULL : fsi_open_file(fsi, "/big");
        int good = file != NULL && fsi_read_file(file, others, SIZE) == SIZE && memcmp(others, bytes, SIZE) == 0;
        fsi_close_file(file);
        fsi_close_fsimage(fsi);
        _exit(good ? 0 : 1);
    }
    CHECK(waitpid(child, &how, 0) == child && how == 0);
}

/* No descriptor left to be had. */
static void without_descriptors(void)
{
    struct rlimit before, few;

    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    int refused = 0;
    for (rlim_t limit = 3; limit < 12; limit++) {
        few = (struct rlimit){limit, before.rlim_max};
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        errno = 0;
        fsi_t *fsi = fsi_open_fsimage(image, offset, NULL);
        int why = errno;
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (fsi != NULL)
            fsi_close_fsimage(fsi);
        else
            CHECK(why != 0 && why != ENOTSUP);
        refused += fsi == NULL && why == EMFILE;
    }
    CHECK(refused >= 3);
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    image = argv[1];
    offset = strtoull(argv[2], NULL, 10);
    folder = argv[3];
    CHECK(strcmp(fsi_error_message(), "") == 0);
    CHECK(fsi_init() == 0 && fsi_init() == 0);
    CHECK(strchr(fsi_version(), '.') != NULL);
    BEFORE;
    opening();
    opening_with_options();
    paths();
    reading();
    reading_elsewhere();
    metadata();
    directories();
    copying();
    order();
    null_handles();
    boot_strings();
    forked();
    without_children();
    without_standard_streams();
    /* Valgrind makes this limit up, and not for every call; and its fork takes longer than these ticks. */
    if (getenv("UNDER_VALGRIND") == NULL) {
        without_descriptors();
        interrupted();
    }
    AFTER;
    puts("all as it should be");
    return 0;
}
