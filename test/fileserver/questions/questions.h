#pragma once

/*
 * Questions to a file system. Each is asked in a fresh folder, which is the working directory, by a
 * process of its own; what it says is the answer. No answer holds what differs anyhow: inodes'
 * numbers, times that weren't set.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct question {
    const char *text;
    void (*ask)(void);
};

/* Ended by an entry without text. */
extern const struct question about_open_files[], about_special_files[], about_locks[],
    about_waiting[], about_random_changes[], about_data[], about_names[], about_folders[],
    about_rights[], about_attributes[];

/* The same folder, by the way of another machine, and on the host. */
extern char other[4096], host[4096];

/* Adds words to the answer. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Adds a call's result: what it gave, or the error's name. */
void tell(const char *what, long result);
/* A path in the other machine's folder, or the host's. */
const char *at_other(const char *name);
const char *at_host(const char *name);
/* A new file with this content, open for reading and writing. */
int make(const char *name, const char *content);
/* Replaces a file's content, by its name. */
void put(const char *path, const char *content);
/* Says a file's content. */
void tell_content(const char *path);
void tell_fd(int fd);
/* Says a file's permissions and owners. */
void tell_mode(const char *path);
/* Runs in a process of its own, as another user when `uid` isn't 0, and waits for its end. */
void apart(int uid, int gid, void (*run)(void));
/* The same, and doesn't wait. */
pid_t beside(void (*run)(void));
/* Waits so long that another process has surely come to its wait. */
void rest_ms(int milliseconds);
