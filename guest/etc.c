#include "etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bind.h"
#include "init_layer.h"
#include "inside.h"

#define MACHINE_ID "machine-id"

static void say(struct writer *text, const char *words) { write_raw(text, words, strlen(words)); }

static void compose_hostname(struct writer *text, const struct container_setup *setup) {
    say(text, setup->hostname);
    say(text, "\n");
}

static void compose_hosts(struct writer *text, const struct container_setup *setup) {
    say(text, setup->hosts);
}

static void compose_resolver(struct writer *text, const struct container_setup *setup) {
    say(text, setup->resolver);
}

static void compose_machine_id(struct writer *text, const struct container_setup *setup) {
    say(text, setup->machine_id);
    say(text, "\n");
}

static const struct {
    const char *name;
    void (*compose)(struct writer *text, const struct container_setup *setup);
} files[ETC_FILES] = {{"hostname", compose_hostname},
                      {"hosts", compose_hosts},
                      {"resolv.conf", compose_resolver},
                      {MACHINE_ID, compose_machine_id}};

void etc_init(struct etc *etc, const struct place *place) {
    *etc = (struct etc){.place = place, .fds = {-1, -1, -1, -1}};
}

void etc_close(struct etc *etc) {
    for (size_t index = 0; index < ETC_FILES; index++)
        close_and_forget(&etc->fds[index]);
}

/* An image without a machine id gets none. */
static bool is_wanted(int root, const char *name) {
    struct stat information;
    return strcmp(name, MACHINE_ID) != 0 ||
           (fstatat(root, "etc/" MACHINE_ID, &information, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(information.st_mode));
}

static void path_of(const struct etc *etc, const char *name, char path[80]) {
    snprintf(path, 80, "%s/%s", etc->place->etc, name);
}

/* Where the image has a link it lies over that, wherever it leads: Docker puts a file there too. */
static int place(const struct etc *etc, int root, const char *name, struct failure *failure) {
    char source[80];
    if (!is_wanted(root, name))
        return 0;
    path_of(etc, name, source);
    struct stat before;
    bool exists =
        fstatat(root, "etc", &before, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(before.st_mode);
    cleanup_close int folder = make_folder_in(root, "/etc", failure);
    if (folder < 0)
        return -1;
    cleanup_close int fd = make_file_at(folder, name, failure);
    if (exists)
        keep_folder_time(root, "etc", &before);
    return fd < 0 ? -1 : bind_on(source, fd, false, failure);
}

static int open_all(struct etc *etc, struct failure *failure) {
    mkdir(etc->place->etc, 0755);
    for (size_t index = 0; index < ETC_FILES; index++) {
        char path[80];
        path_of(etc, files[index].name, path);
        if (etc->fds[index] < 0)
            etc->fds[index] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (etc->fds[index] < 0)
            return fail_errno(failure, "cannot make /etc/%s", files[index].name);
    }
    return 0;
}

static int write_one(struct etc *etc, size_t index, const struct container_setup *setup,
                     struct failure *failure) {
    uint8_t first[1024];
    struct writer text = {.bound = DVM_MESSAGE_MAX, .first = first, .first_room = sizeof first};
    files[index].compose(&text, setup);
    ssize_t count = pwrite(etc->fds[index], text.bytes, text.used, 0);
    bool is_whole = !text.full && count == (ssize_t)text.used;
    if (is_whole && text.used < etc->lengths[index])
        is_whole = ftruncate(etc->fds[index], (off_t)text.used) == 0;
    etc->lengths[index] = text.used;
    writer_close(&text);
    return is_whole ? 0 : fail_errno(failure, "cannot write /etc/%s", files[index].name);
}

int etc_prepare(struct etc *etc, int root, struct failure *failure) {
    if (open_all(etc, failure) < 0)
        return -1;
    for (size_t index = 0; index < ETC_FILES; index++)
        if (place(etc, root, files[index].name, failure) < 0)
            return -1;
    etc->is_placed = true;
    return 0;
}

int etc_make(struct etc *etc, int root, const struct container_setup *setup,
             struct failure *failure) {
    if (!etc->is_placed && open_all(etc, failure) < 0)
        return -1;
    for (size_t index = 0; index < ETC_FILES; index++)
        if (write_one(etc, index, setup, failure) < 0)
            return -1;
    /* a folder of the user's lies over those that are there already */
    if (etc->is_placed && !setup_mounts_on(setup, "/etc"))
        return 0;
    for (size_t index = 0; index < ETC_FILES; index++) {
        char target[64];
        snprintf(target, sizeof target, "/etc/%s", files[index].name);
        if (!setup_mounts_on(setup, target) && place(etc, root, files[index].name, failure) < 0)
            return -1;
    }
    return 0;
}
