#include "process_io.h"

#include "channel.h"

static void send_exit(struct process *process) {
    uint8_t payload[5];
    put_u32(payload, process->exit_code);
    payload[4] = process->out_of_memory;
    channel_send(FRAME_EXIT, process->id << 2, payload, sizeof payload, NULL, 0);
    process->exit_sent = true;
}

static bool pump(struct process *process) {
    if (!process->attached)
        return false;
    uint32_t id = process->id << 2;
    bool sent = input_pump(&process->input, id | CHANNEL_STDIN);
    sent |= output_pump(&process->output[0], id | CHANNEL_STDOUT);
    sent |= output_pump(&process->output[1], id | CHANNEL_STDERR);
    if (process->exited && !process->exit_sent) {
        send_exit(process);
        sent = true;
    }
    return sent;
}

void processes_pump(void) {
    bool sent = true;
    while (sent) {
        sent = false;
        for (struct process *one = processes_first(); one != NULL; one = one->next) {
            if (!channel_has_room())
                return;
            sent |= pump(one);
        }
    }
}

void processes_take_frame(const struct frame *frame) {
    struct process *process = process_find(frame->id >> 2);
    uint32_t channel = frame->id & 3;
    if (process == NULL || !process->attached || frame->length < 8 || channel > CHANNEL_STDERR)
        return; /* it has ended meanwhile */
    uint64_t offset = get_u64(frame->payload);
    if (frame->type == FRAME_ACK && channel != CHANNEL_STDIN && frame->length == 12)
        output_take_ack(&process->output[channel - 1], offset, get_u32(frame->payload + 8));
    else if (frame->type == FRAME_DATA && channel == CHANNEL_STDIN)
        input_take_data(&process->input, offset, frame->payload + 8, frame->length - 8);
    else if (frame->type == FRAME_END && channel == CHANNEL_STDIN)
        input_take_end(&process->input);
}

void processes_detach(void) {
    for (struct process *one = processes_first(); one != NULL; one = one->next) {
        one->attached = false;
        one->start_request = 0;
    }
}

void processes_forget(unsigned slot) {
    struct process *next;
    for (struct process *one = processes_first(); one != NULL; one = next) {
        next = one->next;
        if (one->slot != slot)
            continue;
        if (one->attached && !one->exit_sent)
            send_exit(one);
        process_free(one);
    }
}

static void resume(struct process *process) {
    process->attached = true;
    process->exit_sent = false;
    input_rewind(&process->input);
    output_rewind(&process->output[0]);
    output_rewind(&process->output[1]);
}

static void tell(const struct process *process, struct writer *result, const uint32_t *places) {
    write_u32(result, process->id);
    write_u32(result, (uint32_t)process->pid);
    write_u8(result,
             (uint8_t)((process->is_main ? PROCESS_MAIN : 0) | (process->tty ? PROCESS_TTY : 0) |
                       (process->wants_stdin ? PROCESS_STDIN : 0)));
    write_u32(result, places[process->slot]);
    write_u64(result, process->input.ring.end);
    write_u64(result, process->output[0].ring.start);
    write_u64(result, process->output[1].ring.start);
}

void processes_resume(struct writer *result, const uint32_t *places) {
    uint32_t count = 0;
    for (struct process *one = processes_first(); one != NULL; one = one->next)
        count += one->started;
    write_u32(result, count);
    for (struct process *one = processes_first(); one != NULL; one = one->next) {
        if (!one->started)
            continue;
        tell(one, result, places);
        resume(one);
    }
}
