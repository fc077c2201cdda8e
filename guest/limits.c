#include "limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_TEXT_MAX 65536u

static void file_of(const struct place *place, const char *file, char path[128]) {
    snprintf(path, 128, "%s/%s", place->cgroup, file);
}

static bool has_file(const struct place *place, const char *file) {
    char path[128];
    file_of(place, file, path);
    return access(path, F_OK) == 0;
}

static int set(const struct place *place, const char *file, const char *value,
               struct failure *failure) {
    char path[128];
    file_of(place, file, path);
    if (write_file(path, value) < 0)
        return fail_errno(failure, "cannot set limit %s to %s", file, value);
    return 0;
}

/* A limit of 0 is none: then `none` is written, if there is something to lift. */
static int set_number(const struct place *place, const char *file, uint64_t number,
                      const char *none, struct failure *failure) {
    char value[32];
    snprintf(value, sizeof value, "%" PRIu64, number);
    if (number == 0 && (none == NULL || !has_file(place, file)))
        return 0;
    return set(place, file, number == 0 ? none : value, failure);
}

static int set_quota(const struct place *place, const struct container_limits *limits, bool lifts,
                     struct failure *failure) {
    char quota[32] = "max", value[64];
    if (limits->cpu_quota_us == 0 && limits->cpu_period_us == 0 &&
        (!lifts || !has_file(place, "cpu.max")))
        return 0;
    if (limits->cpu_quota_us != 0)
        snprintf(quota, sizeof quota, "%" PRIu64, limits->cpu_quota_us);
    snprintf(value, sizeof value, "%s %" PRIu64, quota,
             limits->cpu_period_us == 0 ? CPU_PERIOD_US : limits->cpu_period_us);
    return set(place, "cpu.max", value, failure);
}

/* Numbers as "0-2,4"; "" is all. False: it isn't that. */
static bool read_processors(const char *text, cpu_set_t *processors) {
    CPU_ZERO(processors);
    for (unsigned long number = 0; *text == 0 && number < CPU_SETSIZE; number++)
        CPU_SET(number, processors);
    while (*text != 0) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (end == text)
            return false;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last >= CPU_SETSIZE || (*end != 0 && *end != ','))
            return false;
        for (; first <= last; first++)
            CPU_SET(first, processors);
        text = *end == 0 ? end : end + 1;
    }
    return CPU_COUNT(processors) > 0;
}

/* By each thread that there is; what they make later has it from them. */
static int bind_threads(const struct place *place, const char *text, struct failure *failure) {
    cpu_set_t processors;
    if (!read_processors(text, &processors))
        return fail(failure, STATUS_INVALID, "cannot use processors %.64s", text);
    char path[128];
    cleanup_free char *threads = malloc(THREADS_TEXT_MAX);
    file_of(place, "cgroup.threads", path);
    if (threads == NULL || read_file(path, threads, THREADS_TEXT_MAX) < 0)
        return fail_errno(failure, "cannot read the container's threads");
    for (char *at = threads, *end; *at != 0; at = end + strspn(end, "\n")) {
        pid_t thread = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        if (sched_setaffinity(thread, sizeof processors, &processors) < 0 && errno != ESRCH)
            return fail_errno(failure, "cannot use processors %.64s", text);
    }
    return 0;
}

/* A kernel without cpusets binds threads to processors all the same. */
static int set_processors(const struct place *place, const struct container_limits *limits,
                          bool lifts, struct failure *failure) {
    if (limits->processors[0] == 0 && !lifts)
        return 0;
    if (!has_file(place, "cpuset.cpus"))
        return bind_threads(place, limits->processors, failure);
    /* one with processes can't be made to say nothing again */
    char all[256];
    if (limits->processors[0] == 0 &&
        read_file("/sys/fs/cgroup/cpuset.cpus.effective", all, sizeof all) < 0)
        return fail_errno(failure, "cannot read which processors there are");
    return set(place, "cpuset.cpus", limits->processors[0] == 0 ? all : limits->processors,
               failure);
}

static int lay_on(const struct place *place, const struct container_limits *limits, bool lifts,
                  struct failure *failure) {
    if (set_quota(place, limits, lifts, failure) < 0 ||
        set_processors(place, limits, lifts, failure) < 0)
        return -1;
    const char *none = lifts ? "max" : NULL;
    if (set_number(place, "cpu.weight", limits->cpu_weight, lifts ? "100" : NULL, failure) < 0 ||
        set_number(place, "memory.max", limits->memory, none, failure) < 0)
        return -1;
    if (set_number(place, "memory.low", limits->memory_low, lifts ? "0" : NULL, failure) < 0)
        return -1;
    return set_number(place, "pids.max", limits->processes, none, failure);
}

int limits_set(const struct place *place, const struct container_limits *limits,
               struct failure *failure) {
    return lay_on(place, limits, false, failure);
}

int limits_change(const struct place *place, const struct container_limits *limits,
                  struct failure *failure) {
    return lay_on(place, limits, true, failure);
}

bool limits_bind(const struct place *place, pid_t first, cpu_set_t *processors) {
    return !has_file(place, "cpuset.cpus") &&
           sched_getaffinity(first, sizeof *processors, processors) == 0;
}
