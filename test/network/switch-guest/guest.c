/*
 * A guest of the switch, for tests: what dvm-switch run gives it as descriptor 10 is its card.
 *
 *   guest frames                        frames as hexadecimal lines, from standard input and to
 *                                       standard output
 *   guest stack MAC ADDRESSES GATEWAYS PROGRAM WORD…
 *                                       a Linux of its own behind the card, in which the program
 * runs guest set INTERFACE ADDRESSES GATEWAYS sets up an interface of the network namespace it is
 * run in
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link.h"

#define CARD 10
#define HEADER 10 /* of virtio-net, before each frame */
#define FRAME_MAX 70000

static void give_up(const char *what) {
    fprintf(stderr, "guest: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_line(const char *line) {
    static uint8_t frame[HEADER + FRAME_MAX];
    size_t count = HEADER;
    unsigned byte;
    memset(frame, 0, HEADER);
    for (; count < sizeof frame && sscanf(line, "%2x", &byte) == 1; line += 2)
        frame[count++] = (uint8_t)byte;
    if (write(CARD, frame, count) < 0 && errno != EIO)
        give_up("send");
}

static void show_frame(void) {
    static uint8_t frame[HEADER + FRAME_MAX];
    ssize_t count = read(CARD, frame, sizeof frame);
    for (ssize_t index = HEADER; index < count; index++)
        printf("%02x", frame[index]);
    if (count > HEADER)
        printf("\n");
    fflush(stdout);
}

static int frames(void) {
    static char line[2 * FRAME_MAX];
    struct pollfd looks[] = {{.fd = 0, .events = POLLIN}, {.fd = CARD, .events = POLLIN}};
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        if (poll(looks, 2, -1) < 0)
            give_up("wait");
        if (looks[1].revents != 0)
            show_frame();
        if (looks[0].revents != 0) {
            if (fgets(line, sizeof line, stdin) == NULL)
                return 0;
            send_line(line);
        }
    }
}

static void add_all(const char *interface, char *addresses, char *gateways) {
    struct prefix one;
    for (char *rest = addresses, *text; (text = strsep(&rest, ",")) != NULL;)
        if (strcmp(text, "-") == 0)
            continue;
        else if (prefix_read(text, &one) < 0 || link_add_prefix(interface, &one) < 0)
            give_up("add an address");
    for (char *rest = gateways, *text; (text = strsep(&rest, ",")) != NULL;) {
        if (strcmp(text, "-") == 0)
            continue;
        struct prefix everything = {0};
        if (prefix_read(text, &one) < 0)
            give_up("read a gateway");
        everything.family = one.family;
        if (link_add_route(interface, &everything, &one) < 0)
            give_up("add a route");
    }
}

static int open_own_card(const char *mac) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = "eth0"};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
        give_up("have a card");
    struct ifreq address = {.ifr_name = "eth0", .ifr_hwaddr.sa_family = 1};
    if (mac_read(mac, (uint8_t *)address.ifr_hwaddr.sa_data) < 0 ||
        ioctl(fd, SIOCSIFHWADDR, &address) < 0)
        give_up("set its address");
    return fd;
}

static void relay(int one, int other) {
    static uint8_t frame[HEADER + FRAME_MAX];
    struct pollfd looks[] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    while (poll(looks, 2, -1) > 0)
        for (int side = 0; side < 2; side++) {
            if (looks[side].revents == 0)
                continue;
            ssize_t count = read(looks[side].fd, frame, sizeof frame);
            if (count > 0 && write(looks[1 - side].fd, frame, (size_t)count) < 0 && errno != EIO)
                give_up("relay");
        }
}

static void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        give_up(path);
    close(fd);
}

/* An ordinary user's is among users of its own. */
static void have_network(void) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1", geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", getegid());
    if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
        give_up("have a network");
    if (strcmp(users, "0 0 1") == 0)
        return;
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", users);
    write_text("/proc/self/gid_map", groups);
}

static int stack(char **words) {
    have_network();
    int card = open_own_card(words[2]);
    if (link_open() < 0 || link_set_up("eth0", 0) < 0)
        give_up("set up the network");
    add_all("eth0", words[3], words[4]);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(words[5], words + 5);
        _exit(127);
    }
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        relay(card, CARD);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "frames") == 0)
        return frames();
    if (count >= 6 && strcmp(words[1], "stack") == 0)
        return stack(words);
    if (count == 5 && strcmp(words[1], "set") == 0) {
        if (link_open() < 0 || link_set_up(words[2], 0) < 0)
            give_up("set it up");
        add_all(words[2], words[3], words[4]);
        return 0;
    }
    fputs("usage: guest frames|stack|set ...\n", stderr);
    return 2;
}
