#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "container.h"
#include "setup.h"

#define FOLDER "/run/etc"

#define MACHINE_ID "machine-id"

static void say(struct writer *text, const char *words) { write_raw(text, words, strlen(words)); }

static void compose_hostname(struct writer *text, const struct machine_setup *setup) {
    say(text, setup->hostname);
    say(text, "\n");
}

static void compose_own_address(struct writer *text, const struct machine_setup *setup) {
    const char *address = setup->network.address;
    if (address[0] == 0)
        return;
    write_raw(text, address, strcspn(address, "/"));
    say(text, "\t");
    if (setup->domainname[0] != 0) {
        say(text, setup->hostname);
        say(text, ".");
        say(text, setup->domainname);
        say(text, " ");
    }
    compose_hostname(text, setup);
}

static void compose_hosts(struct writer *text, const struct machine_setup *setup) {
    say(text, "127.0.0.1\tlocalhost\n"
              "::1\tlocalhost ip6-localhost ip6-loopback\n"
              "fe00::\tip6-localnet\n"
              "ff00::\tip6-mcastprefix\n"
              "ff02::1\tip6-allnodes\n"
              "ff02::2\tip6-allrouters\n");
    for (char **host = setup->extra_hosts; *host != NULL; host++) {
        size_t length = strcspn(*host, ":");
        if ((*host)[length] != ':')
            continue;
        say(text, *host + length + 1);
        say(text, "\t");
        write_raw(text, *host, length);
        say(text, "\n");
    }
    compose_own_address(text, setup);
}

static void compose_words(struct writer *text, const char *key, char **words) {
    if (words == NULL || *words == NULL)
        return;
    say(text, key);
    for (; *words != NULL; words++) {
        say(text, " ");
        say(text, *words);
    }
    say(text, "\n");
}

static void compose_resolver(struct writer *text, const struct machine_setup *setup) {
    char **server = setup->network.nameservers;
    for (; server != NULL && *server != NULL; server++) {
        say(text, "nameserver ");
        say(text, *server);
        say(text, "\n");
    }
    compose_words(text, "search", setup->network.search);
    compose_words(text, "options", setup->network.options);
}

static void compose_machine_id(struct writer *text, const struct machine_setup *setup) {
    say(text, setup->machine_id);
    say(text, "\n");
}

/* Stay open: a start writes them with nothing else to do. */
static struct {
    const char *name;
    void (*compose)(struct writer *text, const struct machine_setup *setup);
    int fd;
    size_t length;
} files[] = {{"hostname", compose_hostname, -1, 0},
             {"hosts", compose_hosts, -1, 0},
             {"resolv.conf", compose_resolver, -1, 0},
             {MACHINE_ID, compose_machine_id, -1, 0}};
#define FILES (sizeof files / sizeof *files)

static bool is_mounted_by_user(const struct machine_setup *setup, const char *target) {
    for (size_t index = 0; index < setup->mount_count; index++)
        if (strcmp(setup->mounts[index].target, target) == 0)
            return true;
    return false;
}

/* An image without a machine id gets none. */
static bool is_wanted(int root, const char *name) {
    struct stat information;
    return strcmp(name, MACHINE_ID) != 0 ||
           (fstatat(root, "etc/" MACHINE_ID, &information, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(information.st_mode));
}

/* A mount point of ours is no change of the container's. */
static void keep_time(int root, const struct stat *before) {
    struct stat now;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    if (fstatat(root, "etc", &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != before->st_mtim.tv_nsec) &&
        utimensat(root, "etc", times, AT_SYMLINK_NOFOLLOW) < 0)
        complain("cannot set the time of /etc: %s", error_text(errno));
}

static int place(int root, const char *name, struct failure *failure) {
    char source[64], target[64];
    if (!is_wanted(root, name))
        return 0;
    snprintf(source, sizeof source, FOLDER "/%s", name);
    snprintf(target, sizeof target, "/etc/%s", name);
    struct stat etc;
    bool exists = fstatat(root, "etc", &etc, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(etc.st_mode);
    cleanup_close int fd = make_file_in(root, target, failure);
    if (exists)
        keep_time(root, &etc);
    return fd < 0 ? -1 : bind_on(source, fd, false, failure);
}

static int open_all(struct failure *failure) {
    mkdir(FOLDER, 0755);
    for (size_t index = 0; index < FILES; index++) {
        char path[64];
        snprintf(path, sizeof path, FOLDER "/%s", files[index].name);
        if (files[index].fd < 0)
            files[index].fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (files[index].fd < 0)
            return fail_errno(failure, "cannot make /etc/%s", files[index].name);
    }
    return 0;
}

static int write_all(const struct machine_setup *setup, struct failure *failure) {
    for (size_t index = 0; index < FILES; index++) {
        uint8_t first[1024];
        struct writer text = {.bound = DVM_MESSAGE_MAX, .first = first, .first_room = sizeof first};
        files[index].compose(&text, setup);
        ssize_t count = pwrite(files[index].fd, text.bytes, text.used, 0);
        bool is_whole = !text.full && count == (ssize_t)text.used;
        if (is_whole && text.used < files[index].length)
            is_whole = ftruncate(files[index].fd, (off_t)text.used) == 0;
        files[index].length = text.used;
        writer_close(&text);
        if (!is_whole)
            return fail_errno(failure, "cannot write /etc/%s", files[index].name);
    }
    return 0;
}

static bool prepared;

int etc_prepare(struct failure *failure) {
    cleanup_close int root = open(CONTAINER_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail_errno(failure, "cannot open the container's root");
    if (open_all(failure) < 0)
        return -1;
    for (size_t index = 0; index < FILES; index++)
        if (place(root, files[index].name, failure) < 0)
            return -1;
    prepared = true;
    return 0;
}

int etc_make(int root, const struct machine_setup *setup, struct failure *failure) {
    if ((!prepared && open_all(failure) < 0) || write_all(setup, failure) < 0)
        return -1;
    /* a folder of the user's lies over those that are there already */
    if (prepared && !is_mounted_by_user(setup, "/etc"))
        return 0;
    for (size_t index = 0; index < FILES; index++) {
        char target[64];
        snprintf(target, sizeof target, "/etc/%s", files[index].name);
        if (!is_mounted_by_user(setup, target) && place(root, files[index].name, failure) < 0)
            return -1;
    }
    return 0;
}
