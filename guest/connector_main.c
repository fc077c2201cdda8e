#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "connector.h"
#include "container.h"
#include "mux.h"
#include "netlink.h"
#include "relay.h"
#include "wire.h"

#define DESCRIPTORS_MAX 8448u
#define SERVER_BUFFER 65536   /* bytes of a server that wait to be read */
#define OTHER_DESCRIPTORS 64u /* than those of streams */
/* The value that the C library's headers may not have. */
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Owners of sockets: the containers' slots, by their addresses. */
static const char slots[CONTAINERS_MAX];

/*
 * Has the machine take packets to and from `address` for its own, although no card has it: so it
 * can be a client's without being seen among the machine's addresses.
 */
static void own_address(const uint8_t address[4]) {
    static uint8_t known[4];
    struct netlink_request request;
    const struct rtmsg route = {.rtm_family = AF_INET,
                                .rtm_dst_len = 32,
                                .rtm_table = RT_TABLE_LOCAL,
                                .rtm_protocol = RTPROT_BOOT,
                                .rtm_scope = RT_SCOPE_HOST,
                                .rtm_type = RTN_LOCAL};
    uint32_t loopback = if_nametoindex("lo");
    if (memcmp(known, address, sizeof known) == 0)
        return;
    netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
    netlink_add(&request, RTA_DST, address, 4);
    netlink_add(&request, RTA_OIF, &loopback, sizeof loopback);
    struct failure failure;
    cleanup_close int fd = netlink_open(&failure);
    if (fd < 0 || (netlink_ask(fd, &request) < 0 && errno != EEXIST))
        complain("cannot take connections for those of a client: %s", error_text(errno));
    memcpy(known, address, sizeof known);
}

/* Without it, the client is the machine itself to its server. */
static void take_client_address(int fd, const uint8_t bytes[4]) {
    static const uint8_t none[4];
    const int on = 1;
    struct sockaddr_in client = {.sin_family = AF_INET};
    if (memcmp(bytes, none, sizeof none) == 0)
        return;
    own_address(bytes);
    memcpy(&client.sin_addr, bytes, 4);
    /* the port is chosen when the server is known: there are as many of them for each */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(fd, (struct sockaddr *)&client, sizeof client);
}

static int find_server(const uint8_t *wanted, size_t count, struct mux_target *target) {
    if (wanted[0] != CONNECTION_TCP || count != CONNECTION_TCP_SIZE)
        return -1;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(get_u16(wanted + 1))};
    memcpy(&server.sin_addr, wanted + 3, 4);
    target->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (target->fd < 0)
        return -1;
    /* the stream has a window of its own: slow readers shall not fill the machine's memory twice */
    setsockopt(target->fd, SOL_SOCKET, SO_RCVBUF, &(int){SERVER_BUFFER}, sizeof(int));
    take_client_address(target->fd, wanted + 7);
    memcpy(&target->address, &server, sizeof server);
    target->address_length = sizeof server;
    return 0;
}

/* Another host may come, for whom nothing of this is. */
static void lost(const char *why) {
    (void)why;
    mux_forget_all();
}

static void add_socket(const struct connector_message *message, int fd) {
    uint8_t wanted[1 + DVM_NAME_MAX] = {CONNECTION_SOCKET};
    size_t length = strnlen(message->name, DVM_NAME_MAX);
    memcpy(wanted + 1, message->name, length);
    if (mux_listen(fd, &slots[message->slot % CONTAINERS_MAX], wanted, 1 + length) < 0)
        complain("cannot listen at socket %.64s: %s", message->name, error_text(errno));
}

static void add_relay(const struct connector_message *message, const int *descriptors) {
    const unsigned slot = message->slot % CONTAINERS_MAX;
    struct relay_setup setup = {.slot = slot,
                                .owner = &slots[slot],
                                .datagrams = descriptors[0],
                                .listener = descriptors[1],
                                .namespace = descriptors[2],
                                .wanted = {CONNECTION_SOCKET}};
    size_t length = strnlen(message->name, DVM_NAME_MAX);
    memcpy(setup.wanted + 1, message->name, length);
    setup.wanted_count = 1 + length;
    if (relay_open(&setup) < 0)
        complain("cannot answer for names: %s", error_text(errno));
}

static void agent_ready(struct mux_source *source, uint32_t events) {
    (void)events;
    struct connector_message message;
    struct iovec part = {.iov_base = &message, .iov_len = sizeof message};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(CONNECTOR_DESCRIPTORS * sizeof(int))];
    } control;
    struct msghdr whole = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
    ssize_t count = recvmsg(source->fd, &whole, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count == 0)
        _exit(0); /* the agent has gone */
    if (count != (ssize_t)sizeof message)
        return;
    struct cmsghdr *head = CMSG_FIRSTHDR(&whole);
    unsigned slot = message.slot % CONTAINERS_MAX;
    if (message.order == CONNECTOR_RELEASE) {
        relay_close(slot);
        mux_end_owned(&slots[slot]);
    }
    if (head == NULL || head->cmsg_type != SCM_RIGHTS)
        return;
    int descriptors[CONNECTOR_DESCRIPTORS] = {-1, -1, -1};
    memcpy(descriptors, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
    if (message.order == CONNECTOR_ADD)
        add_socket(&message, descriptors[0]);
    else if (message.order == CONNECTOR_RELAY)
        add_relay(&message, descriptors);
}

int connector_main(void) {
    static const struct mux_side side = {.is_guest = true,
                                         .streams_max = DESCRIPTORS_MAX - OTHER_DESCRIPTORS,
                                         .find = find_server,
                                         .lost = lost};
    static struct mux_source agent = {.fd = CONNECTOR_AGENT, .ready = agent_ready};
    const struct rlimit descriptors = {.rlim_cur = DESCRIPTORS_MAX, .rlim_max = DESCRIPTORS_MAX};
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &descriptors);
    write_file("/proc/self/oom_score_adj", "-1000");
    if (mux_open(CONNECTOR_PORT, &side) < 0 || mux_watch(&agent, EPOLLIN) < 0) {
        complain("cannot carry connections: %s", error_text(errno));
        _exit(1);
    }
    for (;;)
        mux_turn();
}
