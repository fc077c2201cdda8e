/* Lists of folders, and watching them. */

#include "questions.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

static int by_name(const void *one, const void *two) {
    return strcmp(*(char *const *)one, *(char *const *)two);
}

/* Says the names of a folder, sorted. */
static void tell_list(const char *path) {
    char *names[100];
    size_t count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        names[count++] = strdup(entry->d_name);
    qsort(names, count, sizeof *names, by_name);
    for (size_t index = 0; index < count; index++)
        say("%s ", names[index]);
    say("; ");
    closedir(folder);
}

static void make_many(const char *folder, int count) {
    char path[100];
    mkdir(folder, 0755);
    for (int index = 0; index < count; index++) {
        snprintf(path, sizeof path, "%s/entry-%05d", folder, index);
        close(open(path, O_CREAT | O_WRONLY, 0644));
    }
}

static void ten_thousand(void) {
    make_many("folder", 10000);
    static bool seen[10000];
    int twice = 0, others = 0, all = 0;
    DIR *folder = opendir("folder");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int number;
        if (sscanf(entry->d_name, "entry-%d", &number) != 1) {
            others++;
            continue;
        }
        twice += seen[number];
        seen[number] = true;
        all++;
    }
    say("%d, %d twice, %d others; ", all, twice, others);
}

static void removed_while_read(void) {
    make_many("folder", 2000);
    int all = 0, failed = 0;
    DIR *folder = opendir("folder");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        all++;
        failed += unlinkat(dirfd(folder), entry->d_name, 0) < 0;
    }
    say("%d, %d failed; ", all, failed);
    tell("rmdir", rmdir("folder"));
}

static void added_while_read(void) {
    make_many("folder", 500);
    int old = 0, added = 0;
    DIR *folder = opendir("folder");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL && old < 100000;) {
        char path[100];
        if (strncmp(entry->d_name, "entry-", 6) != 0)
            continue;
        old++;
        snprintf(path, sizeof path, "folder/added-%d", added++);
        close(open(path, O_CREAT | O_WRONLY, 0644));
    }
    say("%d; ", old);
}

static void positions(void) {
    make_many("folder", 300);
    DIR *folder = opendir("folder");
    char at_ten[256] = "";
    long place = 0;
    for (int index = 0; index < 200; index++) {
        if (index == 10)
            place = telldir(folder);
        struct dirent *entry = readdir(folder);
        if (index == 10)
            strcpy(at_ten, entry->d_name);
    }
    seekdir(folder, place);
    say("%s; ", strcmp(readdir(folder)->d_name, at_ten) == 0 ? "same" : "other");
    rewinddir(folder);
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    say("%d; ", count);
    close(open("folder/one-more", O_CREAT | O_WRONLY, 0644));
    rewinddir(folder);
    count = 0;
    while (readdir(folder) != NULL)
        count++;
    say("%d; ", count);
}

static void kinds(void) {
    close(make("file", ""));
    mkdir("folder", 0755);
    mkfifo("fifo", 0600);
    symlink("x", "link");
    DIR *folder = opendir(".");
    int wrong = 0, count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; count++) {
        struct stat status;
        lstat(entry->d_name, &status);
        wrong += entry->d_type != DT_UNKNOWN && entry->d_type != (status.st_mode & S_IFMT) >> 12;
        if (entry->d_name[0] != '.')
            wrong += entry->d_ino != status.st_ino;
    }
    say("%d, %d wrong; ", count, wrong);
}

static void seen_by_both(void) {
    close(make("one", ""));
    tell_list(at_other("."));
    mkdir(at_other("two"), 0755);
    tell_list(".");
    put(at_host("three"), "");
    tell_list(".");
    unlink(at_other("one"));
    tell_list(".");
    tell_mode("one");
    tell("again", open("one", O_CREAT | O_EXCL | O_RDWR, 0644) < 0 ? -1 : 0);
}

static void tell_events(int fd) {
    char events[8192] __attribute__((aligned(8)));
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    while (poll(&waiting, 1, 200) > 0) {
        ssize_t size = read(fd, events, sizeof events);
        for (ssize_t at = 0; at < size;) {
            struct inotify_event *event = (struct inotify_event *)(events + at);
            say("%x %s, ", event->mask, event->len > 0 ? event->name : "");
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    say("; ");
}

static void watched(void) {
    mkdir("folder", 0755);
    mkdir("folder/in", 0755);
    int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, "folder", IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE));
    close(make("folder/new", "content"));
    tell_events(fd);
    chmod("folder/new", 0600);
    rename("folder/new", "folder/newer");
    tell_events(fd);
    mkdir("folder/deeper", 0755);
    rename("folder/newer", "away");
    link("away", "folder/back");
    truncate("folder/back", 1);
    tell_events(fd);
    unlink("folder/back");
    rmdir("folder/in");
    rmdir("folder/deeper");
    rmdir("folder");
    tell_events(fd);
}

static void watched_file(void) {
    close(make("file", "content"));
    int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, "file", IN_ALL_EVENTS & ~IN_ACCESS);
    put("file", "new content");
    tell_events(fd);
    close(make("other", ""));
    rename("other", "file");
    tell_events(fd);
}

static void counted_links(void) {
    struct stat status;
    mkdir("a", 0755);
    mkdir("a/b", 0755);
    mkdir("a/c", 0755);
    close(make("a/file", ""));
    stat("a", &status);
    say("links %lu; ", (unsigned long)status.st_nlink);
    rmdir("a/b");
    stat("a", &status);
    say("links %lu; ", (unsigned long)status.st_nlink);
}

static void permissions_of_lists(void) {
    tell("open", open("closed", O_RDONLY));
    tell("through", access("closed/file", F_OK));
    tell("list without search", open("listed", O_RDONLY) < 0 ? -1 : 0);
    tell("stat", access("listed/file", F_OK));
    tell("search without list", open("searched", O_RDONLY));
    tell("stat", access("searched/file", F_OK));
}

static void closed_folders(void) {
    const char *names[] = {"closed", "listed", "searched"};
    mode_t modes[] = {0700, 0744, 0711};
    char path[50];
    for (int index = 0; index < 3; index++) {
        mkdir(names[index], 0755);
        snprintf(path, sizeof path, "%s/file", names[index]);
        close(make(path, ""));
        chmod(names[index], modes[index]);
    }
    apart(1000, 1000, permissions_of_lists);
}

const struct question about_folders[] = {
    {"ten thousand entries are listed", ten_thousand},
    {"entries are removed while they are listed", removed_while_read},
    {"entries are added while others are listed", added_while_read},
    {"positions in a folder", positions},
    {"kinds and inodes of entries", kinds},
    {"each sees what the other does to a folder", seen_by_both},
    {"a watched folder tells of changes made inside", watched},
    {"a watched file tells of changes", watched_file},
    {"folders count their folders", counted_links},
    {"rights to list and to search", closed_folders},
    {NULL, NULL},
};
