/* What the test programs share: checks that name their line, and what a process must find as it was before. */
#ifndef CHECK_H
#define CHECK_H

#include <dirent.h>
#include <errno.h>
#include <fsimage.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s (errno %d: %s; \"%s\")\n", __FILE__, __LINE__, #condition, errno, \
                    strerror(errno), fsi_error_message()); \
            exit(1); \
        } \
    } while (0)

/* A call that fails with this errno and has a sentence to it. */
#define FAILS(call, failed, number) \
    do { \
        errno = 0; \
        CHECK((call) == (failed)); \
        CHECK(errno == (number)); \
        CHECK(fsi_error_message()[0] != '\0'); \
    } while (0)

/* The descriptors that are open. */
static inline int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static inline void handlers(void (*found[65])(int))
{
    for (int number = 0; number < 65; number++) {
        struct sigaction action;

        found[number] = sigaction(number, NULL, &action) == 0 ? action.sa_handler : SIG_ERR;
    }
}

/* The signals that this thread holds back, one a bit. */
static inline unsigned long long mask(void)
{
    unsigned long long held = 0;
    sigset_t set;

    CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
    for (int number = 1; number < 64; number++)
        held |= (unsigned long long)(sigismember(&set, number) == 1) << number;
    return held;
}

/* Nothing of the library's is left: no descriptor, no child, no handler, no mask. */
#define BEFORE \
    int descriptors_before = descriptors(); \
    unsigned long long mask_before = mask(); \
    void (*handlers_before[65])(int), (*handlers_after[65])(int); \
    handlers(handlers_before)

#define AFTER \
    do { \
        CHECK(descriptors() == descriptors_before); \
        CHECK(mask() == mask_before); \
        handlers(handlers_after); \
        CHECK(memcmp(handlers_before, handlers_after, sizeof(handlers_before)) == 0); \
        CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); \
    } while (0)

#endif
