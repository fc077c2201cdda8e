#include "pipes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIPE_BYTES 262144
#define KEPT_MAX 64u

static struct pipe *kept;
static unsigned kept_count;

struct pipe *pipe_take(void) {
    struct pipe *pipe = kept;
    int fds[2];
    if (pipe != NULL) {
        kept = pipe->next;
        kept_count--;
        return pipe;
    }
    pipe = calloc(1, sizeof *pipe);
    if (pipe == NULL || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
        free(pipe);
        return NULL;
    }
    fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES); /* refused: it holds less */
    pipe->from = fds[0];
    pipe->to = fds[1];
    return pipe;
}

void pipe_return(struct pipe *pipe) {
    if (kept_count == KEPT_MAX) {
        pipe_end(pipe);
        return;
    }
    pipe->next = kept;
    kept = pipe;
    kept_count++;
}

void pipe_end(struct pipe *pipe) {
    close(pipe->from);
    close(pipe->to);
    free(pipe);
}
