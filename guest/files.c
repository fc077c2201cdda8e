/* The child that moves files. It sees the container's files as docker's daemon does: the root with
 * the user's mounts, without what the kernel or the agent shows there. */

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "process_life.h"
#include "tree.h"
#include "user.h"

#define DESCRIPTORS_MAX 65536

/* Takes the request's streams as 0, 1 and the failure's as 3; all other descriptors are the
 * agent's. */
static int take_streams(struct stdio *stdio, struct failure *failure) {
    if (dup2(stdio->failure_fd, 3) < 0 || dup2(stdio->fds[0], 0) < 0 || dup2(stdio->fds[1], 1) < 0)
        return fail_errno(failure, "cannot take the streams");
    stdio->failure_fd = 3;
    if (syscall(SYS_close_range, 4, ~0u, 0) < 0)
        for (int fd = 4; fd < 4096; fd++)
            close(fd);
    const struct rlimit limit = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
    setrlimit(RLIMIT_NOFILE, &limit); /* without it only deep trees fail */
    return 0;
}

static int separate_mounts(struct failure *failure) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail_errno(failure, "cannot separate mounts");
    return 0;
}

/* Lets all other mounts go, other containers' among them: they may be taken out of use meanwhile.
 */
static int enter(const char *root, struct failure *failure) {
    if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return fail_errno(failure, "cannot enter the container's root");
    return 0;
}

static int leave_out(const struct place *place, const char *name, struct failure *failure) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", place->root, name);
    if (umount2(path, MNT_DETACH) < 0)
        return fail_errno(failure, "cannot leave the machine's own files out");
    return 0;
}

/* With the user's mounts. */
static int enter_container(const struct place *place, struct failure *failure) {
    if (separate_mounts(failure) < 0 || leave_out(place, "dev", failure) < 0 ||
        leave_out(place, "sys", failure) < 0)
        return -1;
    return enter(place->root, failure);
}

/* Without any mount. */
static int enter_bare(const struct place *place, struct failure *failure) {
    if (separate_mounts(failure) < 0)
        return -1;
    mkdir(place->bare, 0755);
    if (mount(place->root, place->bare, NULL, MS_BIND, NULL) < 0)
        return fail_errno(failure, "cannot leave mounts out");
    return enter(place->bare, failure);
}

static bool is_on_root(void) {
    struct statx here, root;
    return syscall(SYS_statx, AT_FDCWD, ".", 0, STATX_MNT_ID, &here) == 0 &&
           syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_MNT_ID, &root) == 0 &&
           here.stx_mnt_id == root.stx_mnt_id;
}

static int enter_target(const struct files_request *request, struct failure *failure) {
    struct stat information;
    if (stat(request->path, &information) < 0)
        return fail_errno(failure, "cannot find %s", request->path);
    if (!S_ISDIR(information.st_mode))
        return fail(failure, STATUS_INVALID, "extraction point is not a directory");
    if (chdir(request->path) < 0)
        return fail_errno(failure, "cannot enter %s", request->path);
    if ((request->flags & FILES_ROOT_READ_ONLY) != 0 && is_on_root())
        return fail(failure, STATUS_READ_ONLY, "container rootfs is marked read-only");
    if (access(".", W_OK) < 0 && errno == EROFS)
        return fail(failure, STATUS_READ_ONLY, "mounted volume is marked read-only");
    return 0;
}

static int find_owner(const struct files_request *request, struct tree_in_options *options,
                      struct failure *failure) {
    static struct user user;
    if (request->user[0] == 0)
        return 0;
    if (user_look_up(request->user, NULL, 0, &user, failure) < 0)
        return -1;
    options->has_owner = true;
    options->uid = user.uid;
    options->gid = user.gid;
    return 0;
}

static void begin(int *failure_fd) { close_and_forget(failure_fd); }

static int take_in(const struct files_request *request, int *failure_fd, struct failure *failure) {
    struct tree_in_options options = {.keep_kind = (request->flags & FILES_KEEP_KIND) != 0};
    if (enter_container(request->place, failure) < 0 ||
        find_owner(request, &options, failure) < 0 || enter_target(request, failure) < 0)
        return -1;
    begin(failure_fd);
    return tree_in(&options, failure);
}

static int send_out(const struct files_request *request, int *failure_fd, struct failure *failure) {
    if (enter_container(request->place, failure) < 0 || tree_stat(request->path, failure) < 0)
        return -1;
    begin(failure_fd);
    return request->operation == FILES_STAT ? 0 : tree_out(request->path, failure);
}

static int send_bare(const struct files_request *request, int *failure_fd,
                     struct failure *failure) {
    if (enter_bare(request->place, failure) < 0)
        return -1;
    begin(failure_fd);
    return tree_out("/", failure);
}

static int send_upper(const struct files_request *request, int *failure_fd,
                      struct failure *failure) {
    if (separate_mounts(failure) < 0 || enter(request->place->folder, failure) < 0)
        return -1;
    cleanup_close int image = open("image", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (image < 0 || chdir("scratch/upper") < 0)
        return fail_errno(failure, "cannot open the writable layer");
    begin(failure_fd);
    return tree_upper(image, request->operation == FILES_LAYER, failure);
}

static int do_request(const struct files_request *request, int *failure_fd,
                      struct failure *failure) {
    switch (request->operation) {
    case FILES_STAT:
    case FILES_OUT:
        return send_out(request, failure_fd, failure);
    case FILES_IN:
        return take_in(request, failure_fd, failure);
    case FILES_EXPORT:
        return send_bare(request, failure_fd, failure);
    default:
        return send_upper(request, failure_fd, failure);
    }
}

static int send_end(int result, const struct failure *failure) {
    struct writer *to = record_begin(result < 0 ? RECORD_FAILED : RECORD_DONE);
    if (result < 0) {
        write_u16(to, failure->status);
        write_string(to, failure->text);
    }
    return record_end() < 0 || record_flush() < 0 ? -1 : result;
}

static void run(const struct files_request *request, struct stdio *stdio) {
    struct failure failure = {.status = STATUS_INTERNAL};
    int result = take_streams(stdio, &failure);
    if (result == 0)
        result = do_request(request, &stdio->failure_fd, &failure);
    if (result < 0 && stdio->failure_fd >= 0)
        _exit(write(stdio->failure_fd, &failure, sizeof failure) > 0 ? 1 : 2);
    _exit(send_end(result, &failure) < 0 ? 1 : 0);
}

void files_read(struct reader *reader, struct files_request *request) {
    *request = (struct files_request){.operation = read_u8(reader)};
    request->flags = read_u8(reader);
    request->path = read_string(reader);
    request->user = read_string(reader);
    if (reader->at != reader->end || request->operation < FILES_STAT ||
        request->operation > FILES_EXPORT)
        reader->bad = true;
}

int files_start(const struct container *container, const struct files_request *request, uint32_t id,
                struct failure *failure) {
    static const struct process_spec spec = {.wants_stdin = true};
    const struct place *place = &container->place;
    struct files_request asked = *request;
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    if (!container->root.joined)
        return fail(failure, STATUS_CONFLICT, "cannot move files: the container has no root");
    struct process *process = process_make(&spec, place->slot, place->root, id, &pair, failure);
    if (process == NULL)
        return -1;
    asked.place = place;
    pid_t pid = fork();
    if (pid == 0)
        run(&asked, &pair.child);
    return process_begin(process, pid < 0 ? fail_errno(failure, "cannot start a process") : pid);
}
