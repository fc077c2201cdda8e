/* The virtual root: a folder that can't be read nor changed, in which shares are found by name. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attributes.h"
#include "mapped.h"
#include "node.h"
#include "operations.h"
#include "share.h"

static void write_root(struct fuse_attr *attributes) {
    *attributes = (struct fuse_attr){
        .ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0555, .nlink = 2, .blksize = 4096};
}

static int answer_share(struct request *request, struct share *share) {
    struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
    struct stat status, seen;
    int fd = fcntl(share->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -ENFILE;
    int result = fstat(fd, &status) < 0 ? -errno : attributes_read(fd, share->owners, &seen);
    if (result < 0) {
        close(fd);
        return result;
    }
    attributes_write(&seen, &entry->attr);
    return node_of_file(share, fd, &status, NULL, NULL, &entry->nodeid);
}

static int look_up(struct request *request) {
    const char *name = request_take_text(request);
    if (name == NULL)
        return -EINVAL;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        struct fuse_entry_out *entry = request_answer(request, sizeof *entry);
        entry->nodeid = FUSE_ROOT_ID;
        write_root(&entry->attr);
        return 0;
    }
    struct share *share = share_find(name);
    if (share == NULL)
        return -ENOENT;
    int result = answer_share(request, share);
    share_release(share);
    return result;
}

int op_virtual_root(struct request *request) {
    switch (request->head.opcode) {
    case FUSE_LOOKUP:
        return look_up(request);
    case FUSE_GETATTR: {
        struct fuse_attr_out *answer = request_answer(request, sizeof *answer);
        write_root(&answer->attr);
        return 0;
    }
    case FUSE_STATFS: {
        struct fuse_statfs_out *answer = request_answer(request, sizeof *answer);
        answer->st.bsize = answer->st.frsize = 4096;
        answer->st.namelen = SHARE_NAME_MAX;
        return 0;
    }
    case FUSE_OPENDIR:
        request_answer(request, sizeof(struct fuse_open_out));
        return 0;
    case FUSE_READDIR:
    case FUSE_READDIRPLUS:
    case FUSE_RELEASEDIR:
    case FUSE_FSYNCDIR:
        return 0;
    case FUSE_GETXATTR:
    case FUSE_LISTXATTR:
        return -EOPNOTSUPP;
    case OPERATION_SYNCFS:
        return op_syncfs(request);
    case FUSE_READ:
    case FUSE_READLINK:
        return -EINVAL;
    case FUSE_OPEN:
        return -EACCES;
    default:
        return -EROFS;
    }
}
