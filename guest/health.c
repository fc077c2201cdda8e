#include "health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "channel.h"
#include "health_log.h"
#include "probe.h"
#include "process_life.h"

#define START_TIMEOUT_NS 30000000000u

struct health {
    struct container *container;
    struct health_spec spec; /* without its probe, which is read anew each time */
    uint8_t *probe_bytes;    /* what to run, as the host sent it */
    size_t probe_byte_count;
    uint64_t begun_ns;       /* by uptime_ns() */
    uint64_t probe_begun_ns; /* the same */
    bool stands_still;
    bool is_over;     /* goes with its probe */
    bool is_given_up; /* its probe was killed, and has no result */
    bool is_late;     /* its probe took longer than it may, and was killed */
    bool is_new;      /* the host has not heard of it all */
    struct health_log log;
    struct probe probe;
    struct source timer; /* to the next probe, or of the one that runs */
};

static struct health *healths[CONTAINERS_MAX];
static bool is_attached;

static struct health *health_of(const struct container *container) {
    return healths[container->place.slot];
}

static void set_timer(struct health *health, uint64_t ns) {
    const struct itimerspec due = {
        .it_value = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)}};
    if (timerfd_settime(health->timer.fd, 0, &due, NULL) < 0)
        complain("cannot set the timer of a health check: %s", error_text(errno));
}

static void wait_for_next(struct health *health) {
    const struct health_spec *spec = &health->spec;
    bool begins = health->log.status == HEALTH_STARTING &&
                  uptime_ns() - health->begun_ns < spec->start_period_ns;
    set_timer(health, begins ? spec->start_interval_ns : spec->interval_ns);
}

/* A failure while the container may still be starting counts for nothing. */
static bool counts(const struct health *health) {
    return health->log.status != HEALTH_STARTING ||
           health->probe_begun_ns - health->begun_ns >= health->spec.start_period_ns;
}

static void judge(struct health *health, bool is_good) {
    struct health_log *log = &health->log;
    if (is_good) {
        log->streak = 0;
        log->status = HEALTH_HEALTHY;
    } else if (counts(health)) {
        log->streak++;
        if (log->streak >= health->spec.retries)
            log->status = HEALTH_UNHEALTHY;
    }
}

static void take_result(struct health *health, enum probe_end end, uint32_t code) {
    const struct probe *probe = &health->probe;
    health_log_add(&health->log, end, code, probe->text, probe->used, probe->is_cut);
    judge(health, end == PROBE_RAN && code == 0);
    health->is_new = true;
    wait_for_next(health);
}

static void probe_started(struct probe *probe) {
    struct health *health = (struct health *)((char *)probe - offsetof(struct health, probe));
    if (!health->is_late)
        set_timer(health, health->spec.timeout_ns);
}

static int run_probe(struct health *health, struct failure *failure) {
    struct reader reader;
    struct process_spec spec;
    if (reader_open(&reader, health->probe_bytes, health->probe_byte_count) < 0)
        return fail_errno(failure, "cannot run a health check");
    process_spec_read(&reader, &spec);
    int result = probe_begin(&health->probe, health->container, &spec, failure);
    reader_close(&reader);
    return result;
}

static void begin_probe(struct health *health) {
    struct failure failure;
    health->is_late = health->is_given_up = false;
    health->probe_begun_ns = uptime_ns();
    health_log_begin(&health->log);
    if (run_probe(health, &failure) == 0) {
        health->is_new = true;
        set_timer(health, START_TIMEOUT_NS);
        return;
    }
    health->probe.used = strnlen(failure.text, sizeof failure.text);
    memcpy(health->probe.text, failure.text, health->probe.used);
    take_result(health, PROBE_FAILED, 0);
}

static void timer_ready(struct source *source, uint32_t events) {
    (void)events;
    struct health *health = (struct health *)((char *)source - offsetof(struct health, timer));
    uint64_t times;
    if (read(source->fd, &times, sizeof times) != sizeof times || health->stands_still ||
        health->is_given_up)
        return;
    if (health->probe.pid == 0) {
        begin_probe(health);
        return;
    }
    health->is_late = true;
    probe_kill(&health->probe);
}

static void let_go(struct health *health) {
    healths[health->container->place.slot] = NULL;
    health_log_close(&health->log);
    loop_close(&health->timer);
    free(health->probe_bytes);
    free(health);
}

/* One that begins anew has no probe left: its container has just been started. */
static struct health *make(struct container *container, const struct health_spec *spec) {
    struct health *health = calloc(1, sizeof *health);
    uint8_t *bytes = malloc(spec->probe.byte_count);
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (health == NULL || bytes == NULL || timer < 0) {
        free(health);
        free(bytes);
        close_and_forget(&timer);
        return NULL;
    }
    memcpy(bytes, spec->probe.bytes, spec->probe.byte_count);
    health->container = container;
    health->spec = *spec;
    health->probe_bytes = bytes;
    health->probe_byte_count = spec->probe.byte_count;
    health->begun_ns = uptime_ns();
    health->log.status = HEALTH_STARTING;
    health->probe.output.fd = health->probe.failure.fd = -1;
    health->probe.started = probe_started;
    health->timer = (struct source){.fd = timer, .ready = timer_ready};
    return health;
}

int health_begin(struct container *container, const struct health_spec *spec,
                 struct failure *failure) {
    if (container_state(container) != CONTAINER_STARTED || health_of(container) != NULL)
        return fail(failure, STATUS_CONFLICT,
                    "cannot check a container's health: it does not run, or is checked already");
    struct health *health = make(container, spec);
    if (health == NULL)
        return fail_errno(failure, "cannot check a container's health");
    healths[container->place.slot] = health;
    loop_watch(&health->timer, EPOLLIN);
    wait_for_next(health);
    health_attach();
    return 0;
}

/* As Docker has it, who is not checked is not healthy. */
void health_stand_still(const struct container *container, bool still) {
    struct health *health = health_of(container);
    if (health == NULL || health->is_over || health->stands_still == still)
        return;
    health->stands_still = still;
    health->is_new = true;
    bool is_probing = health->probe.pid > 0;
    if (!still) {
        if (!is_probing)
            wait_for_next(health);
        return;
    }
    health->log.status = HEALTH_UNHEALTHY;
    health->is_given_up = is_probing;
    set_timer(health, 0);
    probe_kill(&health->probe);
}

void health_end(const struct container *container) {
    struct health *health = health_of(container);
    if (health == NULL)
        return;
    health->is_over = true;
    set_timer(health, 0);
    if (health->probe.pid > 0)
        probe_kill(&health->probe);
    else
        let_go(health);
}

bool health_runs(const struct container *container) {
    const struct health *health = health_of(container);
    return health != NULL && health->probe.pid > 0;
}

/* A probe that was killed because there are to be none has no result. */
static void take_probe(struct health *health, int status) {
    probe_ended(&health->probe);
    if (health->is_over) {
        let_go(health);
    } else if (health->is_given_up) {
        health->is_given_up = false;
        health_log_give_up(&health->log);
        health->is_new = true;
        if (!health->stands_still)
            wait_for_next(health);
    } else {
        enum probe_end end = health->probe.has_failed ? PROBE_FAILED
                             : health->is_late        ? PROBE_LATE
                                                      : PROBE_RAN;
        take_result(health, end, process_exit_code(status));
    }
}

void health_take_exit(pid_t pid, int status) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (healths[slot] != NULL && healths[slot]->probe.pid == pid)
            take_probe(healths[slot], status);
}

void health_pump(void) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX && is_attached; slot++) {
        struct health *health = healths[slot];
        if (health == NULL || !health->is_new || health->is_over || !channel_has_room())
            continue;
        health_log_tell(&health->log, health->container->id);
        health->is_new = false;
    }
}

void health_attach(void) {
    if (is_attached)
        return;
    is_attached = true;
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (healths[slot] != NULL)
            healths[slot]->is_new = true;
}

void health_detach(void) { is_attached = false; }
