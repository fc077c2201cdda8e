#include "handle.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lock.h"
#include "slots.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slots slots;

int handle_add(struct node *node, int fd, int flags, uint64_t *id) {
    struct handle *handle = calloc(1, sizeof *handle);
    if (handle == NULL) {
        close(fd);
        return -ENOMEM;
    }
    pthread_mutex_init(&handle->reading, NULL);
    handle->node = node;
    handle->fd = fd;
    handle->flags = flags;
    handle->uses = 1;
    node_pin(node);
    pthread_mutex_lock(&lock);
    bool is_added = slots_add(&slots, handle, &handle->id);
    pthread_mutex_unlock(&lock);
    *id = handle->id;
    if (!is_added)
        handle_release(handle);
    return is_added ? 0 : -ENFILE;
}

struct handle *handle_take(uint64_t id, const struct node *node) {
    pthread_mutex_lock(&lock);
    struct handle *handle = slots_find(&slots, id);
    if (handle != NULL && handle->node != node)
        handle = NULL;
    if (handle != NULL)
        handle->uses++;
    pthread_mutex_unlock(&lock);
    return handle;
}

void handle_release(struct handle *handle) {
    pthread_mutex_lock(&lock);
    bool is_last = --handle->uses == 0;
    pthread_mutex_unlock(&lock);
    if (!is_last)
        return;
    close(handle->fd);
    locks_drop_handle(handle->node, handle->id);
    node_release(handle->node);
    pthread_mutex_destroy(&handle->reading);
    free(handle);
}

void handle_drop(struct handle *handle) {
    pthread_mutex_lock(&lock);
    if (slots_find(&slots, handle->id) == handle) {
        slots_free(&slots, handle->id);
        handle->uses--; /* the table's: the caller has one more */
    }
    pthread_mutex_unlock(&lock);
}

static struct handle *take_one_of(const struct share *share, size_t *from) {
    struct handle *handle = NULL;
    pthread_mutex_lock(&lock);
    for (; handle == NULL && *from < slots.count; ++*from) {
        handle = slots.items[*from].item;
        if (handle != NULL && share != NULL && handle->node->share != share)
            handle = NULL;
    }
    if (handle != NULL)
        handle->uses++;
    pthread_mutex_unlock(&lock);
    return handle;
}

void handles_drop_share(const struct share *share) {
    size_t from = 0;
    for (struct handle *handle; (handle = take_one_of(share, &from)) != NULL;) {
        handle_drop(handle);
        handle_release(handle);
    }
}

void handles_drop_all(void) { handles_drop_share(NULL); }
