/*
 * questions FOLDER OTHER HOST: asks all questions, and prints an answer a line.
 */

#include "questions.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define QUESTION_S 40

char other[4096], host[4096];
static char folder[4096];

void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vdprintf(1, format, arguments);
    va_end(arguments);
}

void tell(const char *what, long result) {
    if (result < 0)
        say("%s %s; ", what, strerrorname_np(errno));
    else
        say("%s %ld; ", what, result);
}

static const char *in(const char *parent, const char *name) {
    static char paths[4][8192];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", parent, name);
    return path;
}

const char *at_other(const char *name) { return in(other, name); }

const char *at_host(const char *name) { return in(host, name); }

int make(const char *name, const char *content) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content))
        say("cannot make %s: %s; ", name, strerror(errno));
    return fd;
}

void put(const char *path, const char *content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content))
        say("cannot put %s: %s; ", content, strerror(errno));
    close(fd);
}

void tell_fd(int fd) {
    char content[200];
    ssize_t size = pread(fd, content, sizeof content - 1, 0);
    if (size < 0) {
        tell("read", size);
        return;
    }
    say("[");
    for (ssize_t index = 0; index < size; index++)
        say(content[index] < ' ' ? "\\%d" : "%c", content[index]);
    say("]; ");
}

void tell_content(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        tell("open", fd);
    else
        tell_fd(fd);
    close(fd);
}

void tell_mode(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0)
        tell("stat", -1);
    else
        say("%o %u:%u; ", status.st_mode, status.st_uid, status.st_gid);
}

pid_t beside(void (*run)(void)) {
    pid_t child = fork();
    if (child == 0) {
        run();
        _exit(0);
    }
    return child;
}

void apart(int uid, int gid, void (*run)(void)) {
    pid_t child = fork();
    if (child == 0) {
        if (uid != 0 &&
            (setgroups(0, NULL) < 0 || setgid((gid_t)gid) < 0 || setuid((uid_t)uid) < 0))
            say("cannot become %d; ", uid);
        run();
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

void rest_ms(int milliseconds) { poll(NULL, 0, milliseconds); }

static void ask(const struct question *question, unsigned number) {
    char name[32];
    snprintf(name, sizeof name, "q%u", number);
    snprintf(other + strlen(other), 40, "/%s", name);
    snprintf(host + strlen(host), 40, "/%s", name);
    umask(022);
    if (chdir(folder) < 0 || mkdir(name, 0777) < 0 || chmod(name, 0777) < 0 || chdir(name) < 0)
        say("no folder: %s", strerror(errno));
    else
        question->ask();
}

static void ask_apart(const struct question *question, unsigned number) {
    say("%s: ", question->text);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        ask(question, number);
        _exit(0);
    }
    int status = 0, waited = 0;
    while (waitpid(child, &status, WNOHANG) == 0 && waited++ < QUESTION_S * 100)
        rest_ms(10);
    if (waited > QUESTION_S * 100)
        say("it hangs");
    kill(-child, SIGKILL);
    waitpid(child, NULL, 0);
    if (WIFSIGNALED(status))
        say("ended by signal %d", WTERMSIG(status));
    say("\n");
}

int main(int argc, char **argv) {
    const struct question *all[] = {about_open_files,    about_special_files, about_locks,
                                    about_waiting,       about_data,          about_names,
                                    about_folders,       about_rights,        about_attributes,
                                    about_random_changes};
    if (argc < 4)
        return 2;
    snprintf(folder, sizeof folder, "%s", argv[1]);
    snprintf(other, sizeof other, "%s", argv[2]);
    snprintf(host, sizeof host, "%s", argv[3]);
    setgroups(0, NULL);
    unsigned number = 0;
    for (size_t subject = 0; subject < sizeof all / sizeof *all; subject++) {
        for (const struct question *one = all[subject]; one->text != NULL; one++, number++) {
            if (argc == 4 || strstr(one->text, argv[4]) != NULL)
                ask_apart(one, number);
        }
    }
    return 0;
}
