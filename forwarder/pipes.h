#ifndef DVM_FORWARDER_PIPES_H
#define DVM_FORWARDER_PIPES_H

/* Pipes that bytes wait in between two sockets. Only who holds some has one. */

struct pipe {
    int from, to; /* read from, written to */
    struct pipe *next;
};

/* An empty one; NULL: there can be none. */
struct pipe *pipe_take(void);
/* It is empty again. */
void pipe_return(struct pipe *pipe);
/* There is something in it that nobody wants. */
void pipe_end(struct pipe *pipe);

#endif
