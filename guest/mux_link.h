#ifndef DVM_MUX_LINK_H
#define DVM_MUX_LINK_H

#include <stdbool.h>

#include "mux_reader.h"

/* The way to the other side: the guest's virtio-serial port, the host's socket of it. */

/*
 * Takes it over; -1 with errno. `is_there`: so is the other side. `lost`: it has ended, or broken a
 * rule; see mux_link_forget().
 */
int mux_link_open(int fd, bool is_there, void (*take)(const struct mux_frame *frame),
                  void (*lost)(const char *why));
/* Forgets what is on its way, in both directions: another one may be at the other end. */
void mux_link_forget(void);

/* Whether streams may send more data, and may be opened: what waits is little. */
bool mux_link_has_room(void);
/* Room for CONNECTION_DATA_MAX bytes that are to be sent; there is if it was asked before. */
uint8_t *mux_link_data(void);
/* Sends as many of them. */
void mux_link_send_data(uint32_t stream, size_t count);
/* Any other frame; there always is room for it. */
void mux_link_send(uint32_t stream, enum connection_frame type, const void *payload, size_t count);

void mux_link_flush(void);
/* Takes a piece of what has come. */
void mux_link_receive(void);
/* Whether there is more that could be taken now. */
bool mux_link_has_more(void);

#endif
