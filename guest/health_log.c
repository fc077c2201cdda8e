#include "health_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channel.h"

static uint64_t wall_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void health_log_begin(struct health_log *log) {
    log->probes++;
    log->begun_ns = wall_clock_ns();
}

void health_log_give_up(struct health_log *log) { log->begun_ns = 0; }

void health_log_add(struct health_log *log, enum probe_end end, uint32_t code, const char *text,
                    size_t count, bool is_cut) {
    struct probe_result *result = &log->kept[log->results++ % DVM_PROBES_KEPT];
    free(result->text);
    char *copy = count == 0 ? NULL : malloc(count);
    *result = (struct probe_result){.end = (uint8_t)end,
                                    .is_cut = is_cut,
                                    .code = code,
                                    .begun_ns = log->begun_ns,
                                    .ended_ns = wall_clock_ns(),
                                    .text = copy,
                                    .count = copy == NULL ? 0 : count};
    if (copy != NULL)
        memcpy(copy, text, count);
    log->begun_ns = 0;
}

static void write_result(struct writer *writer, const struct probe_result *result) {
    write_u8(writer, result->end);
    write_u32(writer, result->code);
    write_u64(writer, result->begun_ns);
    write_u64(writer, result->ended_ns);
    write_u8(writer, result->is_cut);
    write_u32(writer, (uint32_t)result->count);
    write_raw(writer, result->text, result->count);
}

void health_log_tell(const struct health_log *log, const char *container) {
    struct writer writer = {.bound = FRAME_PAYLOAD_MAX};
    uint32_t count = log->results < DVM_PROBES_KEPT ? log->results : DVM_PROBES_KEPT;
    write_string(&writer, container);
    write_u8(&writer, log->status);
    write_u32(&writer, log->streak);
    write_u32(&writer, log->probes);
    write_u8(&writer, log->begun_ns != 0);
    write_u32(&writer, log->results);
    write_u32(&writer, count);
    for (uint32_t index = log->results - count; index != log->results; index++)
        write_result(&writer, &log->kept[index % DVM_PROBES_KEPT]);
    if (!writer.full)
        channel_send(FRAME_HEALTH, 0, writer.bytes, writer.used, NULL, 0);
    writer_close(&writer);
}

void health_log_close(struct health_log *log) {
    for (size_t index = 0; index < DVM_PROBES_KEPT; index++)
        free(log->kept[index].text);
}
