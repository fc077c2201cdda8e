#ifndef DVM_REQUESTS_H
#define DVM_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

/* Does what one whole request asks for, and sees that it is answered. */
void handle_request(uint16_t type, uint32_t id, const uint8_t *bytes, size_t count);

#endif
