#pragma once

/*
 * One message of the kernel FUSE protocol (linux/fuse.h), as a worker has it: the request's bytes,
 * and room for the answer. What a request says comes from a guest and is believed in nothing.
 */

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATA_MAX 1048576u               /* of one READ or WRITE */
#define MESSAGE_MAX (DATA_MAX + 65536u) /* of a whole request */
#define ANSWER_MAX (DATA_MAX + 4096u)   /* after the header of an answer */
#define NO_ANSWER 1                     /* an operation's result: nothing is sent */

/* Not in the headers of every distribution. */
#define OPERATION_SYNCFS 50u
#define OPERATION_TMPFILE 51u

struct node;
struct handle;
struct waiter;

struct request {
    struct fuse_in_header head;
    const uint8_t *body;
    size_t size, taken;
    uint8_t *answer; /* ANSWER_MAX bytes */
    size_t answered;
    struct node *node;     /* what head.nodeid says, in use; NULL: the virtual root or none */
    struct handle *handle; /* what the body's file handle says, for operations that have one */
    struct waiter *waiter; /* of a request that may wait for a lock */
    uint32_t news;         /* how much was heard when it came (kept.h) */
    bool is_echo;          /* of a change that it was told (changes.h) */
    bool changes_names;    /* those that it has are of entries that it makes, moves or removes */
    bool comes_after;      /* its answer is to come behind what was taken back before */
    bool must_forget;      /* what the guest keeps of the node's content, before it is answered */
};

/* The next `size` bytes of the request; NULL when there are fewer. */
const void *request_take(struct request *request, size_t size);
/* The next name of the request, ended by a zero; NULL when no zero comes. */
const char *request_take_text(struct request *request);
/*
 * The next name, which must be one of an entry in a folder: not empty, no '/', no "." and "..".
 * 0, or -errno.
 */
int request_take_name(struct request *request, const char **name);
/* Room in the answer for `size` bytes, zeroed; the caller never asks for more than there is. */
void *request_answer(struct request *request, size_t size);
