#include "datagrams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "supply.h"

#define DATAGRAM_MAX 65536u
#define SESSIONS_MAX 1024u
#define BUCKETS 1024u
#define IDLE_SECONDS 120
#define LOOK_SECONDS 10
#define AT_ONCE 64

/* The address that a client asked, and that it hears from. */
struct local {
    int family; /* 0: it can't be told */
    union {
        struct in_pktinfo inet;
        struct in6_pktinfo inet6;
    } info;
};

/* As recvmsg(2) tells it, and sendmsg(2) takes it. */
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct session {
    struct mux_source source; /* first: it is freed by it */
    struct door *door;
    union address client;
    struct local local;
    time_t used_at;
    struct session *next_in_bucket;
    struct session *older, *newer; /* by use */
};

static struct session *buckets[BUCKETS];
static struct session *newest, *oldest;
static unsigned count_of_all;
static struct mux_source timer = {.fd = -1};
static uint8_t bytes[DATAGRAM_MAX];

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static struct session **bucket_of(const struct door *door, const union address *client) {
    const uint8_t *at = (const uint8_t *)client;
    uint32_t hash = (uint32_t)(uintptr_t)door;
    for (socklen_t index = 0; index < address_size(client); index++)
        hash = (hash ^ at[index]) * 16777619u;
    return &buckets[(hash >> 8) % BUCKETS];
}

static void unlink_use(struct session *session) {
    *(session->newer == NULL ? &newest : &session->newer->older) = session->older;
    *(session->older == NULL ? &oldest : &session->older->newer) = session->newer;
}

static void link_use(struct session *session) {
    session->used_at = now();
    session->newer = NULL;
    session->older = newest;
    *(newest == NULL ? &oldest : &newest->newer) = session;
    newest = session;
}

static void touch(struct session *session) {
    unlink_use(session);
    link_use(session);
}

static void end_session(struct session *session) {
    struct session **at = bucket_of(session->door, &session->client);
    while (*at != session)
        at = &(*at)->next_in_bucket;
    *at = session->next_in_bucket;
    unlink_use(session);
    count_of_all--;
    mux_drop(&session->source);
}

static void timer_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    uint64_t count;
    if (read(source->fd, &count, sizeof count) < 0)
        return;
    while (oldest != NULL && oldest->used_at + IDLE_SECONDS < now())
        end_session(oldest);
}

int datagrams_open(void) {
    const struct itimerspec often = {.it_value.tv_sec = LOOK_SECONDS,
                                     .it_interval.tv_sec = LOOK_SECONDS};
    timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    timer.ready = timer_ready;
    if (timer.fd < 0 || timerfd_settime(timer.fd, 0, &often, NULL) < 0)
        return -1;
    return mux_watch(&timer, EPOLLIN);
}

void datagrams_prepare(int fd, int family) {
    const int on = 1;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    else
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

static void read_local(struct msghdr *message, struct local *local) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    memset(local, 0, sizeof *local);
    if (header == NULL)
        return;
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        memcpy(&local->info.inet, CMSG_DATA(header), sizeof local->info.inet);
        local->info.inet.ipi_ifindex = 0;
        local->family = AF_INET;
    }
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
        memcpy(&local->info.inet6, CMSG_DATA(header), sizeof local->info.inet6);
        if (!IN6_IS_ADDR_LINKLOCAL(&local->info.inet6.ipi6_addr))
            local->info.inet6.ipi6_ifindex = 0;
        if (!IN6_IS_ADDR_MULTICAST(&local->info.inet6.ipi6_addr))
            local->family = AF_INET6;
    }
}

static void write_local(const struct local *local, struct msghdr *message) {
    bool is_inet6 = local->family == AF_INET6;
    size_t size = is_inet6 ? sizeof local->info.inet6 : sizeof local->info.inet;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = is_inet6 ? IPPROTO_IPV6 : IPPROTO_IP;
    header->cmsg_type = is_inet6 ? IPV6_PKTINFO : IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), &local->info, size);
    message->msg_controllen = local->family == 0 ? 0 : CMSG_SPACE(size);
}

static void answer(const struct session *session, size_t length) {
    union control control = {0};
    union address client = session->client;
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    struct msghdr message = {.msg_name = &client,
                             .msg_namelen = address_size(&client),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    write_local(&session->local, &message);
    sendmsg(session->door->source.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    struct session *session = (struct session *)source;
    for (int count = 0; count < AT_ONCE; count++) {
        ssize_t length = recv(source->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (length < 0 && errno != ECONNREFUSED && errno != EHOSTUNREACH)
            return;
        if (length < 0)
            continue;
        touch(session);
        answer(session, (size_t)length);
    }
}

static bool is_same(const struct session *session, const struct door *door,
                    const union address *client) {
    return session->door == door && memcmp(&session->client, client, address_size(client)) == 0;
}

static struct session *find(const struct door *door, const union address *client) {
    struct session *session = *bucket_of(door, client);
    while (session != NULL && !is_same(session, door, client))
        session = session->next_in_bucket;
    return session;
}

static int connect_to(const struct door *door, int fd, const union address *client) {
    union address target;
    if (place_bind(&door->words.owner->place, fd, client, &target) < 0)
        return -1;
    set_port(&target, door->words.guest_port);
    return connect(fd, &target.any, address_size(&target));
}

/* NULL: its datagram is lost. Takes `fd` over. */
static struct session *make(struct door *door, int fd, const union address *client) {
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL || connect_to(door, fd, client) < 0) {
        free(session);
        close(fd);
        return NULL;
    }
    if (count_of_all == SESSIONS_MAX)
        end_session(oldest);
    session->source = (struct mux_source){.fd = fd, .ready = answer_ready};
    session->door = door;
    session->client = *client;
    struct session **bucket = bucket_of(door, client);
    session->next_in_bucket = *bucket;
    *bucket = session;
    link_use(session);
    count_of_all++;
    if (mux_watch(&session->source, EPOLLIN) == 0)
        return session;
    end_session(session);
    return NULL;
}

/* Passes one on. False: there is none, or a socket for it has to come first. */
static bool receive_one(struct door *door) {
    enum supply_kind kind;
    union address client = {0};
    union control control;
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_name = &client,
                             .msg_namelen = sizeof client,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    if (!place_kind(&door->words.owner->place, door->words.address.any.sa_family, false, &kind))
        return false;
    int fd = supply_take(kind);
    if (fd < 0)
        return false;
    ssize_t length = recvmsg(door->source.fd, &message, MSG_DONTWAIT);
    struct session *session = length < 0 ? NULL : find(door, &client);
    if (length < 0 || session != NULL)
        supply_return(kind, fd);
    if (length < 0)
        return errno != EAGAIN;
    if (session == NULL)
        session = make(door, fd, &client);
    if (session == NULL)
        return true;
    read_local(&message, &session->local);
    touch(session);
    send(session->source.fd, bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return true;
}

void datagrams_receive(struct door *door) {
    for (int count = 0; count < AT_ONCE; count++)
        if (!receive_one(door))
            return;
    mux_watch_again(&door->source, EPOLLIN | EPOLLET);
}

void datagrams_end(const struct door *door) {
    struct session *newer;
    for (struct session *session = oldest; session != NULL; session = newer) {
        newer = session->newer;
        if (door == NULL || session->door == door)
            end_session(session);
    }
}

void datagrams_end_owned(const struct owner *owner) {
    struct session *newer;
    for (struct session *session = oldest; session != NULL; session = newer) {
        newer = session->newer;
        if (session->door->words.owner == owner)
            end_session(session);
    }
}
