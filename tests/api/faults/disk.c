/* A disk that fails on command, for a process that is started with this in LD_PRELOAD: the calls
 * that write to SQLite's files, or sync them, fail as the file named by HUTONG_TEST_DISK says. It
 * holds four numbers, "GENERATION SKIP FAIL ERRNO": since the generation changed, SKIP calls succeed
 * and the FAIL calls after them fail with ERRNO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long known, calls;

/* The error that a call on this file is to fail with; 0 for none. */
static int failure(int file) {
    char link[64], path[4096], told[128];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, ".db")) return 0;
    const char *order = getenv("HUTONG_TEST_DISK");
    int from = order ? open(order, O_RDONLY) : -1;
    if (from < 0) return 0;
    length = read(from, told, sizeof told - 1);
    close(from);
    if (length <= 0) return 0;
    told[length] = 0;
    long generation, skip, fail, error, result = 0;
    if (sscanf(told, "%ld %ld %ld %ld", &generation, &skip, &fail, &error) != 4) return 0;
    pthread_mutex_lock(&lock);
    if (generation != known) known = generation, calls = 0;
    if (calls >= skip && calls < skip + fail) result = error;
    calls++;
    pthread_mutex_unlock(&lock);
    return (int)result;
}

#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))
#define FAIL_IF_TOLD(file) \
    do { \
        int error = failure(file); \
        if (error) { errno = error; return -1; } \
    } while (0)

ssize_t write(int file, const void *from, size_t size) {
    FAIL_IF_TOLD(file);
    return REAL("write", ssize_t, int, const void *, size_t)(file, from, size);
}

ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {
    FAIL_IF_TOLD(file);
    return REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t)(file, from, size, at);
}

int fsync(int file) {
    FAIL_IF_TOLD(file);
    return REAL("fsync", int, int)(file);
}

int fdatasync(int file) {
    FAIL_IF_TOLD(file);
    return REAL("fdatasync", int, int)(file);
}

int ftruncate64(int file, off64_t size) {
    FAIL_IF_TOLD(file);
    return REAL("ftruncate64", int, int, off64_t)(file, size);
}
