#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "channel.h"
#include "container.h"
#include "files.h"
#include "process.h"
#include "setup.h"
#include "stand_by.h"
#include "stat.h"
#include "uses.h"

#define FREEZE_DEADLINE_MS 1000

static int broken(struct failure *failure) {
    return fail(failure, STATUS_INVALID, "cannot read the request: it breaks the protocol");
}

int process_read_spec(struct reader *reader, struct process_spec *spec, struct failure *failure) {
    size_t count;
    spec->bytes = reader->at;
    spec->byte_count = (size_t)(reader->end - reader->at);
    spec->arguments = read_strings(reader, &count);
    spec->environment = read_strings(reader, &(size_t){0});
    spec->folder = read_string(reader);
    spec->user = read_string(reader);
    spec->groups = read_strings(reader, &spec->group_count);
    spec->tty = read_u8(reader) != 0;
    spec->rows = read_u32(reader);
    spec->columns = read_u32(reader);
    spec->wants_stdin = read_u8(reader) != 0;
    spec->capabilities = read_u64(reader);
    spec->privileged = read_u8(reader) != 0;
    spec->no_new_privileges = read_u8(reader) != 0;
    spec->reaper = read_u8(reader) != 0;
    spec->limit_count = read_u32(reader);
    if (spec->limit_count > RLIMIT_COUNT)
        reader->bad = true;
    spec->limits = reader_allocate(reader, spec->limit_count, sizeof *spec->limits);
    for (size_t index = 0; index < spec->limit_count && !reader->bad; index++) {
        spec->limits[index].resource = read_u32(reader);
        spec->limits[index].soft = read_u64(reader);
        spec->limits[index].hard = read_u64(reader);
    }
    if (reader->bad || reader->at != reader->end)
        return broken(failure);
    return count > 0 ? 0 : fail(failure, STATUS_INVALID, "no command specified");
}

static int start(struct reader *reader, bool is_main, uint32_t id, struct failure *failure) {
    struct process_spec spec = {0};
    if (process_read_spec(reader, &spec, failure) < 0)
        return -1;
    return process_start(&spec, is_main, id, failure);
}

static struct process *named_process(struct reader *reader, struct failure *failure) {
    uint32_t id = read_u32(reader);
    struct process *process = process_find(id);
    if (process == NULL)
        fail(failure, STATUS_NOT_FOUND, "there is no process %u", id);
    return process;
}

static int resize(struct reader *reader, struct failure *failure) {
    struct process *process = named_process(reader, failure);
    uint32_t rows = read_u32(reader), columns = read_u32(reader);
    return process == NULL ? -1 : process_resize(process, rows, columns, failure);
}

static int send_signal(struct reader *reader, struct failure *failure) {
    struct process *process = named_process(reader, failure);
    uint32_t number = read_u32(reader);
    return process == NULL ? -1 : process_signal(process, (int)number, failure);
}

static int release(struct reader *reader, struct failure *failure) {
    struct process *process = named_process(reader, failure);
    if (process != NULL)
        process_release(process);
    return process == NULL ? -1 : 0;
}

static bool container_is_frozen(const void *unused) {
    char text[128];
    (void)unused;
    return read_file(CONTAINER_CGROUP "/cgroup.events", text, sizeof text) > 0 &&
           strstr(text, "frozen 1") != NULL;
}

/* A process that waits for a disk or a share stands still a moment later. */
static int freeze(bool still, struct failure *failure) {
    if (write_file(CONTAINER_CGROUP "/cgroup.freeze", still ? "1" : "0") < 0)
        return fail_errno(failure, "cannot freeze or thaw the container");
    if (still)
        wait_until(container_is_frozen, NULL, FREEZE_DEADLINE_MS);
    return 0;
}

static bool container_is_empty(const void *unused) {
    char text[128];
    (void)unused;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    return read_file(CONTAINER_CGROUP "/cgroup.events", text, sizeof text) <= 0 ||
           strstr(text, "populated 0") != NULL;
}

/* Everything is written before the host hears the answer; then the machine leaves by a reboot. */
static void shut_down(uint32_t id) {
    write_file(CONTAINER_CGROUP "/cgroup.freeze", "0");
    processes_kill();
    stand_by_end();
    wait_until(container_is_empty, NULL, 5000);
    root_unmount();
    struct writer nothing = {.bound = 8};
    channel_reply(id, &nothing);
    channel_drain();
    reboot(RB_AUTOBOOT);
    give_up("cannot reboot: %s", error_text(errno));
}

/* 1: answered later. */
static int dispatch(uint16_t type, uint32_t id, struct reader *reader, struct writer *result,
                    struct failure *failure) {
    switch (type) {
    case REQUEST_SET_UP:
        return machine_set_up(reader, failure);
    case REQUEST_START:
    case REQUEST_EXEC:
        return start(reader, type == REQUEST_START, id, failure) < 0 ? -1 : 1;
    case REQUEST_RESIZE:
        return resize(reader, failure);
    case REQUEST_SIGNAL:
        return send_signal(reader, failure);
    case REQUEST_PROCESSES:
        stat_processes(result);
        return 0;
    case REQUEST_STATISTICS:
        stat_machine(result);
        return 0;
    case REQUEST_FREEZE:
        return freeze(true, failure);
    case REQUEST_THAW:
        return freeze(false, failure);
    case REQUEST_SHUT_DOWN:
        shut_down(id);
        return 1;
    case REQUEST_RESUME:
        processes_resume(result);
        return 0;
    case REQUEST_RELEASE:
        return release(reader, failure);
    case REQUEST_PREPARE:
        return machine_prepare(reader, failure);
    case REQUEST_REHEARSE:
        return machine_rehearse(reader, failure);
    case REQUEST_FILES:
        return files_start(reader, id, failure) < 0 ? -1 : 1;
    case REQUEST_BOOT:
        stat_boot(result);
        return 0;
    case REQUEST_RECORD:
        return uses_record(reader, result, failure);
    case REQUEST_CLOCK:
        write_u64(result, uptime_ns());
        return 0;
    default:
        return fail(failure, STATUS_UNSUPPORTED, "cannot answer a request of type %u", type);
    }
}

void handle_request(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count) {
    struct failure failure = {0};
    struct reader reader;
    uint8_t first[512];
    struct writer result = {.bound = DVM_MESSAGE_MAX, .first = first, .first_room = sizeof first};
    if (reader_open(&reader, bytes, count) < 0) {
        fail_errno(&failure, "cannot read the request");
        channel_reply_failure(id, &failure);
        return;
    }
    int done = dispatch(type, id, &reader, &result, &failure);
    if (done == 0)
        channel_reply(id, &result);
    else if (done < 0)
        channel_reply_failure(id, &failure);
    writer_close(&result);
    reader_close(&reader);
}
