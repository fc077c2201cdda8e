#include "requests.h"

#include <errno.h>
#include <sys/reboot.h>

#include "cgroup.h"
#include "channel.h"
#include "create.h"
#include "destroy.h"
#include "files.h"
#include "health.h"
#include "limits.h"
#include "machine.h"
#include "memory.h"
#include "process_io.h"
#include "process_signal.h"
#include "rehearse.h"
#include "relay_door.h"
#include "settle.h"
#include "space.h"
#include "start.h"
#include "stat.h"
#include "uses.h"

/* One request while it is worked on. */
struct request {
    uint16_t type;
    uint32_t id;
    const uint8_t *bytes; /* as it came */
    size_t byte_count;
    struct reader reader;
    struct writer result;
    struct failure failure;
};

/* What a request came to. */
enum outcome { FAILED = -1, DONE = 0, ANSWERED_LATER = 1 };

static enum outcome broken(struct request *request) {
    fail(&request->failure, STATUS_INVALID, "cannot read the request: it breaks the protocol");
    return FAILED;
}

/* What was read must be all there is. */
static bool is_whole(const struct request *request) {
    return !request->reader.bad && request->reader.at == request->reader.end;
}

static enum outcome prepare(struct request *request) {
    struct preparation preparation;
    setup_read_preparation(&request->reader, &preparation);
    return is_whole(request) ? container_prepare(&preparation, &request->failure) : broken(request);
}

static enum outcome set_up(struct request *request) {
    struct machine_setup setup;
    setup_read_machine(&request->reader, &setup);
    return is_whole(request) ? machine_set_up(&setup, &request->failure) : broken(request);
}

static enum outcome create(struct request *request) {
    struct creation creation;
    creation_read(&request->reader, &creation);
    return is_whole(request) ? container_create(&creation, &request->failure) : broken(request);
}

/* The container that a request begins with; NULL: there is none, or it is being taken away. */
static struct container *named_container(struct request *request) {
    const char *id = read_string(&request->reader);
    struct container *container = container_find(id, &request->failure);
    if (container == NULL || !container->is_ending)
        return container;
    fail(&request->failure, STATUS_CONFLICT, "container %s is being taken away", id);
    return NULL;
}

static enum outcome start(struct request *request) {
    struct process_spec spec;
    struct container *container = named_container(request);
    process_spec_read(&request->reader, &spec);
    if (!is_whole(request))
        return broken(request);
    if (container == NULL)
        return FAILED;
    if (spec.argument_count == 0)
        return fail(&request->failure, STATUS_INVALID, "no command specified");
    if (request->type == REQUEST_EXEC && !container_has_settled(container) &&
        settle_later(request->type, request->id, request->bytes, request->byte_count))
        return ANSWERED_LATER;
    int result = request->type == REQUEST_START
                     ? container_start(container, &spec, request->id, &request->failure)
                     : container_exec(container, &spec, request->id, &request->failure);
    return result < 0 ? FAILED : ANSWERED_LATER;
}

static enum outcome move_files(struct request *request) {
    struct files_request files;
    struct container *container = named_container(request);
    files_read(&request->reader, &files);
    if (!is_whole(request))
        return broken(request);
    if (container == NULL)
        return FAILED;
    return files_start(container, &files, request->id, &request->failure) < 0 ? FAILED
                                                                              : ANSWERED_LATER;
}

static enum outcome update(struct request *request) {
    struct container_limits limits;
    struct container *container = named_container(request);
    setup_read_limits(&request->reader, &limits);
    if (!is_whole(request))
        return broken(request);
    return container == NULL ? FAILED
                             : limits_change(&container->place, &limits, &request->failure);
}

static enum outcome attach_card(struct request *request) {
    struct card_setup setup;
    struct container *container = named_container(request);
    setup_read_card(&request->reader, &setup);
    if (!is_whole(request))
        return broken(request);
    return container == NULL ? FAILED
                             : network_attach_card(container->network, &setup, &request->failure);
}

static enum outcome detach_card(struct request *request) {
    struct container *container = named_container(request);
    unsigned index = read_u8(&request->reader);
    if (!is_whole(request))
        return broken(request);
    return container == NULL ? FAILED
                             : network_detach_card(container->network, index, &request->failure);
}

static int change_names(struct container *container, const struct names_change *change,
                        struct failure *failure) {
    if (change->relay[0] != 0 &&
        relay_door_open(container->network, &container->place, change->relay, failure) < 0)
        return -1;
    return etc_change(&container->etc, change, failure);
}

static enum outcome names(struct request *request) {
    struct names_change change;
    struct container *container = named_container(request);
    setup_read_names(&request->reader, &change);
    if (!is_whole(request))
        return broken(request);
    return container == NULL ? FAILED : change_names(container, &change, &request->failure);
}

static enum outcome destroy(struct request *request) {
    const char *id = read_string(&request->reader);
    if (!is_whole(request))
        return broken(request);
    struct container *container = container_find(id, &request->failure);
    if (container == NULL)
        return FAILED;
    container_destroy(container, request->id);
    return ANSWERED_LATER;
}

static enum outcome check_health(struct request *request) {
    struct health_spec spec;
    struct container *container = named_container(request);
    health_spec_read(&request->reader, &spec);
    if (!is_whole(request))
        return broken(request);
    return container == NULL ? FAILED : health_begin(container, &spec, &request->failure);
}

/* No probe begins in what stands still. */
static enum outcome freeze(struct container *container, bool still, struct failure *failure) {
    if (still)
        health_stand_still(container, true);
    if (cgroup_freeze(&container->place, still, failure) < 0)
        return FAILED;
    if (!still)
        health_stand_still(container, false);
    return DONE;
}

/* Requests that name a container and nothing else. */
static enum outcome ask_container(struct request *request) {
    struct container *container = named_container(request);
    if (!is_whole(request))
        return broken(request);
    if (container == NULL)
        return FAILED;
    switch (request->type) {
    case REQUEST_FREEZE:
        return freeze(container, true, &request->failure);
    case REQUEST_THAW:
        return freeze(container, false, &request->failure);
    case REQUEST_PROCESSES:
        stat_processes(container, &request->result);
        return DONE;
    default:
        stat_container(container, &request->result);
        return DONE;
    }
}

static enum outcome ask_process(struct request *request) {
    uint32_t id = read_u32(&request->reader);
    bool is_release = request->type == REQUEST_RELEASE;
    uint32_t first = is_release ? 0 : read_u32(&request->reader);
    uint32_t second = request->type == REQUEST_RESIZE ? read_u32(&request->reader) : 0;
    if (!is_whole(request))
        return broken(request);
    struct process *process = process_find(id);
    if (process == NULL)
        return fail(&request->failure, STATUS_NOT_FOUND, "there is no process %u", id);
    if (request->type == REQUEST_SIGNAL)
        return process_signal(process, (int)first, &request->failure);
    if (request->type == REQUEST_RESIZE)
        return process_resize(process, first, second, &request->failure);
    process_release(process);
    return DONE;
}

/* All containers but the one that is to come, then all processes. */
static enum outcome resume(struct request *request) {
    uint32_t places[CONTAINERS_MAX] = {0}, count = 0;
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL && container_at(slot)->id[0] != 0)
            places[slot] = count++;
    write_u32(&request->result, count);
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        const struct container *container = container_at(slot);
        if (container == NULL || container->id[0] == 0)
            continue;
        write_string(&request->result, container->id);
        write_u8(&request->result, (uint8_t)container_state(container));
    }
    processes_resume(&request->result, places);
    health_attach();
    memory_attach();
    return DONE;
}

/* Everything is written before the host hears the answer; then the machine leaves by a reboot. */
static enum outcome shut_down(struct request *request) {
    containers_end();
    channel_reply(request->id, &request->result);
    channel_drain();
    reboot(RB_AUTOBOOT);
    give_up("cannot reboot: %s", error_text(errno));
}

/* Of all containers: they write to one disk of the host. */
static enum outcome limit_space(struct request *request) {
    uint64_t bytes = read_u64(&request->reader);
    if (!is_whole(request))
        return broken(request);
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        const struct container *container = container_at(slot);
        if (container != NULL && !container->is_ending &&
            space_limit(&container->root, bytes, &request->failure) < 0)
            return FAILED;
    }
    return DONE;
}

static enum outcome tell_clock(struct request *request) {
    write_u64(&request->result, uptime_ns());
    return DONE;
}

static enum outcome correct_clock(struct request *request) {
    struct clock_setting setting;
    uint64_t behind = 0;
    setup_read_clock(&request->reader, &setting);
    if (!is_whole(request))
        return broken(request);
    if (machine_correct_clock(&setting, &behind, &request->failure) < 0)
        return FAILED;
    write_u64(&request->result, behind);
    return DONE;
}

static enum outcome dispatch(struct request *request) {
    switch (request->type) {
    case REQUEST_PREPARE:
        return prepare(request);
    case REQUEST_SET_UP:
        return set_up(request);
    case REQUEST_CREATE:
        return create(request);
    case REQUEST_START:
    case REQUEST_EXEC:
        return start(request);
    case REQUEST_FILES:
        return move_files(request);
    case REQUEST_UPDATE:
        return update(request);
    case REQUEST_ATTACH_CARD:
        return attach_card(request);
    case REQUEST_DETACH_CARD:
        return detach_card(request);
    case REQUEST_NAMES:
        return names(request);
    case REQUEST_DESTROY:
        return destroy(request);
    case REQUEST_HEALTH:
        return check_health(request);
    case REQUEST_FREEZE:
    case REQUEST_THAW:
    case REQUEST_PROCESSES:
    case REQUEST_STATISTICS:
        return ask_container(request);
    case REQUEST_RESIZE:
    case REQUEST_SIGNAL:
    case REQUEST_RELEASE:
        return ask_process(request);
    case REQUEST_RESUME:
        return resume(request);
    case REQUEST_REHEARSE:
        return machine_rehearse(&request->reader, &request->failure);
    case REQUEST_BOOT:
        stat_boot(&request->result);
        return DONE;
    case REQUEST_RECORD:
        return uses_record(&request->reader, &request->result, &request->failure);
    case REQUEST_CLOCK:
        return tell_clock(request);
    case REQUEST_SET_CLOCK:
        return correct_clock(request);
    case REQUEST_SPACE:
        return limit_space(request);
    case REQUEST_SHUT_DOWN:
        return shut_down(request);
    default:
        return fail(&request->failure, STATUS_UNSUPPORTED, "cannot answer a request of type %u",
                    request->type);
    }
}

void handle_request(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count) {
    uint8_t first[512];
    struct request request = {
        .type = type,
        .id = id,
        .bytes = bytes,
        .byte_count = count,
        .result = {.bound = DVM_MESSAGE_MAX, .first = first, .first_room = sizeof first}};
    if (reader_open(&request.reader, bytes, count) < 0) {
        fail_errno(&request.failure, "cannot read the request");
        channel_reply_failure(id, &request.failure);
        return;
    }
    enum outcome outcome = dispatch(&request);
    if (outcome == DONE)
        channel_reply(id, &request.result);
    else if (outcome == FAILED)
        channel_reply_failure(id, &request.failure);
    writer_close(&request.result);
    reader_close(&request.reader);
}
