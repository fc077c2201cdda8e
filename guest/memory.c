#include "memory.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include "cgroup.h"
#include "channel.h"

static bool is_attached;

/* The kernel wakes who has read the file and waits for another event of it. */
static void memory_ready(struct source *source, uint32_t events) {
    (void)events;
    struct container *container =
        (struct container *)((char *)source - offsetof(struct container, memory));
    char text[512];
    ssize_t count = pread(source->fd, text, sizeof text - 1, 0);
    if (count <= 0) {
        loop_close(source); /* its cgroup has gone */
        return;
    }
    unsigned long kills = cgroup_memory_kills(&container->place);
    container->has_memory_news |= kills > container->memory_kills_seen;
    container->memory_kills_seen = kills;
}

void memory_watch(struct container *container) {
    is_attached = true;
    loop_close(&container->memory);
    int fd = cgroup_open_memory_events(&container->place);
    if (fd < 0)
        return;
    container->memory = (struct source){.fd = fd, .ready = memory_ready};
    memory_ready(&container->memory, 0);
    if (container->memory.fd >= 0)
        loop_watch(&container->memory, EPOLLPRI);
}

static void tell(struct container *container) {
    uint8_t first[128];
    struct writer writer = {.bound = sizeof first, .first = first, .first_room = sizeof first};
    write_string(&writer, container->id);
    write_u64(&writer, container->memory_kills_seen);
    channel_send(FRAME_MEMORY, 0, writer.bytes, writer.used, NULL, 0);
    writer_close(&writer);
    container->has_memory_news = false;
}

void memory_pump(void) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX && is_attached; slot++) {
        struct container *container = container_at(slot);
        if (container != NULL && container->has_memory_news && channel_has_room())
            tell(container);
    }
}

void memory_attach(void) {
    is_attached = true;
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL && container_at(slot)->memory_kills_seen > 0)
            container_at(slot)->has_memory_news = true;
}

void memory_detach(void) { is_attached = false; }
