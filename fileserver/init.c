/* The beginning of a session: what both sides can do. */

#include "init.h"

#include <errno.h>

#include "operations.h"

#define MINOR 37u
#define PAGE_SIZE 4096u

#define WANTED                                                                                     \
    (FUSE_ASYNC_READ | FUSE_POSIX_LOCKS | FUSE_ATOMIC_O_TRUNC | FUSE_EXPORT_SUPPORT |              \
     FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_FLOCK_LOCKS | FUSE_AUTO_INVAL_DATA |                  \
     FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL |         \
     FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS | FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT)

/* A guest that was begun elsewhere, and runs on here, is one of ours: it has the long form. */
static bool has_long_setxattr = true;

bool init_has_long_setxattr(void) { return __atomic_load_n(&has_long_setxattr, __ATOMIC_RELAXED); }

int op_init(struct request *request) {
    const struct {
        uint32_t major, minor, max_readahead, flags;
    } *offer = request_take(request, sizeof *offer);
    if (offer == NULL || offer->major < FUSE_KERNEL_VERSION)
        return -EPROTO;
    struct fuse_init_out *answer = request_answer(request, sizeof *answer);
    answer->major = FUSE_KERNEL_VERSION;
    answer->minor = MINOR;
    if (offer->major > FUSE_KERNEL_VERSION)
        return 0; /* it asks again, by our version */
    answer->max_readahead = offer->max_readahead;
    answer->flags = offer->flags & WANTED;
    answer->max_background = 64;
    answer->congestion_threshold = 48;
    answer->max_write = DATA_MAX;
    answer->time_gran = 1;
    answer->max_pages = DATA_MAX / PAGE_SIZE;
    __atomic_store_n(&has_long_setxattr, (answer->flags & FUSE_SETXATTR_EXT) != 0,
                     __ATOMIC_RELAXED);
    return 0;
}
