#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "container.h"
#include "setup.h"

#define FOLDER "/run/etc"

#define MACHINE_ID "machine-id"

static const char *const names[] = {"hostname", "hosts", "resolv.conf", MACHINE_ID};
#define NAMES (sizeof names / sizeof *names)

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

static int place(int root, const char *name, struct failure *failure) {
    char source[64], target[64];
    if (!is_wanted(root, name))
        return 0;
    snprintf(source, sizeof source, FOLDER "/%s", name);
    snprintf(target, sizeof target, "/etc/%s", name);
    cleanup_close int fd = make_file_in(root, target, failure);
    return fd < 0 ? -1 : bind_on(source, fd, false, failure);
}

static FILE *create(const char *name) {
    char path[64];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    return fopen(path, "we");
}

static int write_hostname(const struct machine_setup *setup) {
    FILE *file = create("hostname");
    if (file == NULL)
        return -1;
    fprintf(file, "%s\n", setup->hostname);
    return fclose(file);
}

static int write_machine_id(const struct machine_setup *setup) {
    FILE *file = create(MACHINE_ID);
    if (file == NULL)
        return -1;
    fprintf(file, "%s\n", setup->machine_id);
    return fclose(file);
}

static void write_own_address(FILE *file, const struct machine_setup *setup) {
    const char *address = setup->network.address;
    if (address[0] == 0)
        return;
    fprintf(file, "%.*s\t", (int)strcspn(address, "/"), address);
    if (setup->domainname[0] != 0)
        fprintf(file, "%s.%s ", setup->hostname, setup->domainname);
    fprintf(file, "%s\n", setup->hostname);
}

static int write_hosts(const struct machine_setup *setup) {
    FILE *file = create("hosts");
    if (file == NULL)
        return -1;
    fputs("127.0.0.1\tlocalhost\n"
          "::1\tlocalhost ip6-localhost ip6-loopback\n"
          "fe00::\tip6-localnet\n"
          "ff00::\tip6-mcastprefix\n"
          "ff02::1\tip6-allnodes\n"
          "ff02::2\tip6-allrouters\n",
          file);
    for (char **host = setup->extra_hosts; *host != NULL; host++) {
        int length = (int)strcspn(*host, ":");
        if ((*host)[length] == ':')
            fprintf(file, "%s\t%.*s\n", *host + length + 1, length, *host);
    }
    write_own_address(file, setup);
    return fclose(file);
}

static void write_words(FILE *file, const char *key, char **words) {
    if (words == NULL || *words == NULL)
        return;
    fputs(key, file);
    for (; *words != NULL; words++)
        fprintf(file, " %s", *words);
    fputs("\n", file);
}

static int write_resolver(const struct machine_setup *setup) {
    FILE *file = create("resolv.conf");
    if (file == NULL)
        return -1;
    char **server = setup->network.nameservers;
    for (; server != NULL && *server != NULL; server++)
        fprintf(file, "nameserver %s\n", *server);
    write_words(file, "search", setup->network.search);
    write_words(file, "options", setup->network.options);
    return fclose(file);
}

static bool prepared;

int etc_prepare(struct failure *failure) {
    cleanup_close int root = open(CONTAINER_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    mkdir(FOLDER, 0755);
    for (size_t index = 0; index < NAMES; index++) {
        FILE *file = create(names[index]);
        if (root < 0 || file == NULL || fclose(file) != 0)
            return fail_errno(failure, "cannot make /etc/%s", names[index]);
        if (place(root, names[index], failure) < 0)
            return -1;
    }
    prepared = true;
    return 0;
}

int etc_make(int root, const struct machine_setup *setup, struct failure *failure) {
    mkdir(FOLDER, 0755);
    if (write_hostname(setup) != 0 || write_hosts(setup) != 0 || write_resolver(setup) != 0 ||
        write_machine_id(setup) != 0)
        return fail_errno(failure, "cannot write the container's network files");
    /* a folder of the user's lies over those that are there already */
    if (prepared && !is_mounted_by_user(setup, "/etc"))
        return 0;
    for (size_t index = 0; index < NAMES; index++) {
        char target[64];
        snprintf(target, sizeof target, "/etc/%s", names[index]);
        if (!is_mounted_by_user(setup, target) && place(root, names[index], failure) < 0)
            return -1;
    }
    return 0;
}
