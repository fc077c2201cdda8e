#ifndef DVM_STREAM_H
#define DVM_STREAM_H

#include "agent.h"

/* A process's stdin, stdout or stderr between its pipe or terminal and the channel. */

/* Bytes start..end of a stream, kept in a ring of DVM_WINDOW bytes. */
struct ring {
    uint8_t *bytes;
    uint64_t start;
    uint64_t end;
};

/* stdout or stderr: read from source.fd, kept until the host has acknowledged. */
struct output {
    struct source source; /* first: handlers cast */
    struct ring ring;     /* start: acknowledged; end: read */
    uint64_t sent;
    uint64_t limit; /* the host takes bytes up to here */
    bool ended;     /* nothing more comes from the process */
    bool end_sent;
    bool is_tty;
};

/* stdin: kept until source.fd has taken it. */
struct input {
    struct source source; /* first */
    struct ring ring;     /* start: written to the process; end: received */
    uint64_t acknowledged;
    bool ended; /* the host sent END */
    bool deaf;  /* the process reads no more: bytes are dropped */
    bool is_tty;
};

/* Takes `fd` over; -1 as descriptor makes a stream that has ended. 0, or -1 when memory is short.
 */
int output_open(struct output *output, int fd, bool is_tty);
int input_open(struct input *input, int fd, bool is_tty);
void output_close(struct output *output);
void input_close(struct input *input);

/* Puts at most one frame into the channel; true when it did. */
bool output_pump(struct output *output, uint32_t id);
bool input_pump(struct input *input, uint32_t id);

/* A new host knows only what it acknowledged: goes back to that. */
void output_rewind(struct output *output);
void input_rewind(struct input *input);

void output_take_ack(struct output *output, uint64_t consumed, uint32_t window);
void input_take_data(struct input *input, uint64_t offset, const uint8_t *bytes, size_t count);
void input_take_end(struct input *input);
/* The process has gone: nobody reads any more. */
void input_drop(struct input *input);

#endif
