/* The agent: process 1 of a DVM machine. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "agent.h"
#include "channel.h"
#include "connector.h"
#include "defaults.h"
#include "destroy.h"
#include "health.h"
#include "memory.h"
#include "modules.h"
#include "process_io.h"
#include "rehearsal.h"
#include "requests.h"
#include "settle.h"
#include "stat.h"
#include "tsc.h"

static void mount_or_give_up(const char *source, const char *target, const char *kind,
                             unsigned long flags, const char *options) {
    mkdir(target, 0755);
    if (mount(source, target, kind, flags, options) < 0)
        give_up("cannot mount %s on %s: %s", kind, target, strerror(errno));
}

static void mount_basics(void) {
    mount_or_give_up("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
    mount_or_give_up("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
    /* the kernel may have mounted it already */
    mkdir("/dev", 0755);
    if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") < 0 && errno != EBUSY)
        give_up("cannot mount devtmpfs on /dev: %s", strerror(errno));
}

static void open_console(void) {
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);
    if (fd < 0)
        fd = open("/dev/null", O_RDWR);
    for (int target = 0; target < 3 && fd >= 0; target++)
        dup2(fd, target);
    if (fd > 2)
        close(fd);
}

/* The initramfs cannot be the old root of a pivot_root: live on a tmpfs instead, and free it. */
static void leave_initramfs(void) {
    static const char *const kept[] = {"/proc", "/sys", "/dev"};
    mkdir("/base", 0755);
    if (mount("base", "/base", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m") < 0)
        give_up("cannot mount a tmpfs: %s", strerror(errno));
    for (size_t index = 0; index < sizeof kept / sizeof *kept; index++) {
        char target[32];
        snprintf(target, sizeof target, "/base%s", kept[index]);
        mkdir(target, 0755);
        if (mount(kept[index], target, NULL, MS_MOVE, NULL) < 0)
            give_up("cannot move %s: %s", kept[index], strerror(errno));
    }
    unlink("/init");
    if (chdir("/base") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
        chdir("/") < 0)
        give_up("cannot leave the initramfs: %s", strerror(errno));
    mkdir("/run", 0755);
}

/*
 * One block of each usual size, so that the C library keeps its pages for that size: else it asks
 * the kernel for them, and gives them back, at every request.
 */
static void keep_heap(void) {
    static void *volatile kept;
    for (size_t size = 16; size <= 2048; size += size / 4) {
        void **block = malloc(size);
        if (block != NULL)
            *block = kept;
        kept = block;
    }
}

static void signals_ready(struct source *source, uint32_t events) {
    (void)events;
    struct signalfd_siginfo information;
    while (read(source->fd, &information, sizeof information) == sizeof information)
        continue;
    children_reap();
}

static void watch_signals(void) {
    static struct source signals;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    signals.ready = signals_ready;
    loop_watch(&signals, EPOLLIN);
}

static void pump(void) {
    health_pump();
    memory_pump();
    processes_pump();
}

static void detach(void) {
    processes_detach();
    health_detach();
    memory_detach();
    containers_detach();
    settle_detach();
}

int main(int count, char **words) {
    static const struct channel_events events = {
        .request = handle_request, .stream = processes_take_frame, .pump = pump, .detach = detach};
    if (getpid() != 1 && count == 2 && strcmp(words[1], "tsc") == 0)
        return print_tsc_khz();
    if (count == 2 && strcmp(words[1], "rehearsal") == 0)
        return rehearsal_main();
    if (getpid() != 1 && count == 2 && strcmp(words[1], "connector") == 0)
        connector_main();
    if (getpid() != 1) {
        fputs("This is the first process of a DVM machine; it does nothing elsewhere.\n", stderr);
        return 1;
    }
    stat_begin();
    umask(022);
    mount_basics();
    open_console();
    load_modules("/modules");
    defaults_set_machine();
    leave_initramfs();
    keep_heap();
    loop_open();
    watch_signals();
    settle_open(handle_request);
    channel_open(&events);
    connector_watch();
    loop_run(channel_pump);
}
