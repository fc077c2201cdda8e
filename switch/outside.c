#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unix_socket.h"

#define NAMESPACE_PLACE 9
#define WORDS_MAX 32
#define ORDER_BYTES 4096u
#define LOOK_EVERY_MS 1000
#define COMES_WITHIN_MS 5000

static int orders = -1;
static pid_t child;
static char last_order[ORDER_BYTES];

/* An order is its words, each with a zero behind it. */
static void become_pasta(char *order, size_t length) {
    char *words[WORDS_MAX + 1] = {0};
    size_t count = 0;
    for (char *word = order; word < order + length && count < WORDS_MAX; word += strlen(word) + 1)
        words[count++] = word;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    execv(words[0], words);
    fprintf(stderr, "dvm-switch: cannot run %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

/* Without rights, so that pasta, which gives up most of its own, may look into our folder in /proc.
 */
static void give_rights_up(void) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    syscall(SYS_capset, &head, none);
    prctl(PR_SET_DUMPABLE, 1);
}

/* Gives the length of the order, which it comes with the namespace for; ends with its giver. */
static size_t take_order(int socket, char *order) {
    int namespace;
    int count = unix_receive(socket, order, ORDER_BYTES, &namespace);
    if (count <= 0)
        _exit(0);
    if (namespace >= 0) {
        dup3(namespace, NAMESPACE_PLACE, O_CLOEXEC);
        close(namespace);
    }
    return (size_t)count;
}

/* The life of the child: the first process of its pid namespace, whose end ends all others. */
static void stay(int socket) {
    static char order[ORDER_BYTES];
    size_t length = 0;
    pid_t running = 0, ended;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    give_rights_up();
    for (;;) {
        struct pollfd look = {.fd = socket, .events = POLLIN};
        if (poll(&look, 1, LOOK_EVERY_MS) > 0) {
            length = take_order(socket, order);
            if (running > 0)
                kill(running, SIGKILL);
        }
        while ((ended = waitpid(-1, NULL, running > 0 && look.revents != 0 ? 0 : WNOHANG)) > 0)
            if (ended == running)
                running = 0;
        if (running == 0 && length > 0 && (running = fork()) == 0)
            become_pasta(order, length);
    }
}

int outside_start(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    child = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        close(pair[0]);
        stay(pair[1]);
    }
    close(pair[1]);
    orders = pair[0];
    return child < 0 ? -1 : 0;
}

static size_t add_word(char *order, size_t used, const char *word) {
    size_t length = strlen(word) + 1;
    if (used + length > ORDER_BYTES)
        return ORDER_BYTES + 1;
    memcpy(order + used, word, length);
    return used + length;
}

static size_t add_words(char *order, size_t used, const char *const *words) {
    for (; *words != NULL && used <= ORDER_BYTES; words++)
        used = add_word(order, used, *words);
    return used;
}

static size_t order_of(const struct pasta *pasta, char *order) {
    char namespace[64], address[64];
    snprintf(address, sizeof address, "%.48s", pasta->four);
    char *length = strchrnul(address, '/');
    if (*length != 0)
        *length++ = 0;
    snprintf(namespace, sizeof namespace, "/proc/%d/fd/%d", child, NAMESPACE_PLACE);
    const char *const words[] = {pasta->program,
                                 "-f",
                                 "-q",
                                 "--config-net",
                                 "--netns-only",
                                 "--netns",
                                 namespace,
                                 "-I",
                                 "up0",
                                 "-t",
                                 "none",
                                 "-u",
                                 "none",
                                 "-T",
                                 "none",
                                 "-U",
                                 "none",
                                 "-a",
                                 address,
                                 "-n",
                                 length,
                                 "-g",
                                 pasta->four_gateway,
                                 NULL};
    const char *const six[] = {"-a", pasta->six, "-g", pasta->six_gateway, NULL};
    const char *const no_six[] = {"-4", NULL};
    size_t used = add_words(order, 0, words);
    return add_words(order, used, strcmp(pasta->six, "-") == 0 ? no_six : six);
}

static int wait_for_interface(void) {
    struct timespec moment = {.tv_nsec = 5000000};
    for (int waited = 0; waited < COMES_WITHIN_MS; waited += 5) {
        if (if_nametoindex("up0") != 0)
            return 0;
        nanosleep(&moment, NULL);
    }
    errno = ETIMEDOUT;
    return -1;
}

int outside_run_pasta(const struct pasta *pasta) {
    char order[ORDER_BYTES] = {0};
    size_t length = order_of(pasta, order);
    if (orders < 0 || length > ORDER_BYTES) {
        errno = orders < 0 ? EPERM : E2BIG;
        return -1;
    }
    if (memcmp(order, last_order, sizeof order) == 0 && if_nametoindex("up0") != 0)
        return 0;
    memcpy(last_order, order, sizeof order);
    int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int sent = namespace < 0 ? -1 : unix_send(orders, order, length, namespace);
    close(namespace);
    return sent < 0 ? -1 : wait_for_interface();
}
