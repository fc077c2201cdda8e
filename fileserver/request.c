#include "request.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "own_changes.h"

const void *request_take(struct request *request, size_t size) {
    if (request->size - request->taken < size)
        return NULL;
    const void *at = request->body + request->taken;
    request->taken += size;
    return at;
}

const char *request_take_text(struct request *request) {
    const uint8_t *at = request->body + request->taken;
    const uint8_t *end = memchr(at, 0, request->size - request->taken);
    if (end == NULL)
        return NULL;
    request->taken += (size_t)(end - at) + 1;
    return (const char *)at;
}

int request_take_name(struct request *request, const char **name) {
    const char *text = request_take_text(request);
    if (text == NULL || text[0] == 0 || strchr(text, '/') != NULL || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return -EINVAL;
    if (strlen(text) > NAME_MAX)
        return -ENAMETOOLONG;
    if (request->changes_names)
        own_change_of_name(text);
    *name = text;
    return 0;
}

void *request_answer(struct request *request, size_t size) {
    void *at = request->answer + request->answered;
    request->answered += size;
    return memset(at, 0, size);
}
