#include "nft.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

void nft_use(const char *path) { program = path; }

struct run {
    const char *const *words;
    int input, output; /* -1: none */
};

static void become(const struct run *run, int complaints) {
    dup2(run->input >= 0 ? run->input : open("/dev/null", O_RDONLY), 0);
    dup2(run->output >= 0 ? run->output : complaints, 1);
    dup2(complaints, 2);
    execv(program, (char *const *)run->words);
    _exit(127);
}

static int wait_for(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    errno = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ENOENT : EINVAL;
    return -1;
}

/* One line of it. */
static void read_complaints(int fd, char *said, size_t room) {
    ssize_t count = pread(fd, said, room - 1, 0);
    said[count > 0 ? count : 0] = 0;
    said[strcspn(said, "\n")] = 0;
}

static int run_it(const struct run *run, char *said, size_t room) {
    int complaints = memfd_create("complaints", MFD_CLOEXEC);
    if (complaints < 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        become(run, complaints);
    int result = child < 0 ? -1 : wait_for(child), number = errno;
    read_complaints(complaints, said, room);
    close(complaints);
    errno = number;
    return result;
}

int nft_run_text(const char *text, char *said, size_t room) {
    int input = memfd_create("statements", MFD_CLOEXEC);
    size_t length = strlen(text);
    if (input < 0)
        return -1;
    int result = write(input, text, length) == (ssize_t)length ? 0 : -1;
    lseek(input, 0, SEEK_SET);
    const char *const words[] = {"nft", "-f", "-", NULL};
    if (result == 0)
        result = run_it(&(struct run){words, input, -1}, said, room);
    int number = errno;
    close(input);
    errno = number;
    return result;
}

int nft_run_file(const char *path, char *said, size_t room) {
    const char *const words[] = {"nft", "-f", path, NULL};
    return run_it(&(struct run){words, -1, -1}, said, room);
}

int nft_list_to(const char *path, char *said, size_t room) {
    const char *const words[] = {"nft", "-j", "list", "ruleset", NULL};
    int output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0)
        return -1;
    int result = run_it(&(struct run){words, -1, output}, said, room), number = errno;
    close(output);
    errno = number;
    return result;
}
