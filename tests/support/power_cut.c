/* Preloaded into the server: appends to $POWER_CUT_LOG what it does to files below $POWER_CUT_ROOT, in order.
 *
 * A record is four numbers of 64 bits (kind, inode, offset, length) and `length` bytes (data, or paths ended by NUL).
 * An effect is logged after it happened; a sync is logged when it begins and when it ended, so that a replay makes
 * durable only what was surely covered by it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPENED = 1, WROTE, CUT, SYNC_BEGUN, SYNC_ENDED, RENAMED, REMOVED, FOLDER_MADE, LINKED };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *root;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWER_CUT_LOG");
    root = getenv("POWER_CUT_ROOT");
    if (path && root) log_fd = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path) { return log_fd >= 0 && path && strncmp(path, root, strlen(root)) == 0; }

static void record(uint64_t kind, uint64_t inode, uint64_t offset, const void *data, uint64_t length) {
    uint64_t head[4] = {kind, inode, offset, length};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)data, length}};
    pthread_mutex_lock(&lock);
    if (REAL(writev)(log_fd, parts, 2) != (ssize_t)(sizeof head + length)) abort();
    pthread_mutex_unlock(&lock);
}

/* The inode of a file or folder that is kept track of, else 0. Sockets and pipes are not. */
static uint64_t inode_of(int fd) {
    struct stat found;
    char link[64], path[4096];
    if (log_fd < 0 || fstat(fd, &found) != 0 || !(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return watched(path) ? found.st_ino : 0;
}

static void record_two(uint64_t kind, const char *one, const char *other) {
    char both[8192];
    int length = snprintf(both, sizeof both, "%s%c%s", one, 0, other);
    record(kind, 0, 0, both, length);
}

static int opened(int fd, const char *path, int flags) {
    if (fd >= 0 && (flags & (O_CREAT | O_TRUNC)) && watched(path)) {
        struct stat found;
        fstat(fd, &found);
        record(OPENED, found.st_ino, (flags & O_TRUNC) != 0, path, strlen(path));
    }
    return fd;
}

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...) {               \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        int mode = va_arg(rest, int);                          \
        va_end(rest);                                          \
        return opened(REAL(name)(path, flags, mode), path, flags); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                \
    int name(int folder, const char *path, int flags, ...) {        \
        va_list rest;                                               \
        va_start(rest, flags);                                      \
        int mode = va_arg(rest, int);                               \
        va_end(rest);                                               \
        return opened(REAL(name)(folder, path, flags, mode), path, flags); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t length) {
    uint64_t inode = inode_of(fd);
    ssize_t wrote = REAL(write)(fd, data, length);
    if (inode && wrote > 0) record(WROTE, inode, lseek(fd, 0, SEEK_CUR) - wrote, data, wrote);
    return wrote;
}

#define PWRITE(name, type)                                                  \
    ssize_t name(int fd, const void *data, size_t length, type offset) {    \
        uint64_t inode = inode_of(fd);                                      \
        ssize_t wrote = REAL(name)(fd, data, length, offset);               \
        if (inode && wrote > 0) record(WROTE, inode, offset, data, wrote);  \
        return wrote;                                                       \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, type)                              \
    int name(int fd, type length) {                       \
        uint64_t inode = inode_of(fd);                    \
        int result = REAL(name)(fd, length);              \
        if (inode && !result) record(CUT, inode, length, "", 0); \
        return result;                                    \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                       \
    int name(int fd) {                                   \
        uint64_t inode = inode_of(fd);                   \
        if (inode) record(SYNC_BEGUN, inode, pthread_self(), "", 0); \
        int result = REAL(name)(fd);                     \
        if (inode && !result) record(SYNC_ENDED, inode, pthread_self(), "", 0); \
        return result;                                   \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
    int result = REAL(rename)(from, to);
    if (!result && watched(to)) record_two(RENAMED, from, to);
    return result;
}

int link(const char *from, const char *to) {
    int result = REAL(link)(from, to);
    if (!result && watched(to)) record_two(LINKED, from, to);
    return result;
}

int unlink(const char *path) {
    int result = REAL(unlink)(path);
    if (!result && watched(path)) record(REMOVED, 0, 0, path, strlen(path));
    return result;
}

int mkdir(const char *path, mode_t mode) {
    int result = REAL(mkdir)(path, mode);
    struct stat made;
    if (!result && watched(path) && !stat(path, &made)) record(FOLDER_MADE, made.st_ino, 0, path, strlen(path));
    return result;
}
