#include "announce.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <string.h>
#include <unistd.h>

#include "rtnl.h"

static const uint8_t everybody[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ARP, as RFC 826 draws it for Ethernet and IPv4. */
struct arp_frame {
    struct ethhdr ethernet;
    struct arphdr head;
    uint8_t sender_mac[ETH_ALEN], sender[4], target_mac[ETH_ALEN], target[4];
} __attribute__((packed));

/* A neighbour advertisement with the option of the sender's link, RFC 4861. */
struct advertisement_frame {
    struct ethhdr ethernet;
    struct ip6_hdr ip;
    struct nd_neighbor_advert body;
    struct nd_opt_hdr option;
    uint8_t mac[ETH_ALEN];
} __attribute__((packed));

static void send_frame(unsigned index, const void *frame, size_t count) {
    struct sockaddr_ll place = {
        .sll_family = AF_PACKET, .sll_ifindex = (int)index, .sll_halen = ETH_ALEN};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, frame, count, MSG_DONTWAIT, (struct sockaddr *)&place, sizeof place);
    close(fd);
}

static void send_arp(unsigned index, const uint8_t *mac, const uint8_t *address) {
    struct arp_frame frame = {.ethernet.h_proto = htons(ETH_P_ARP),
                              .head = {.ar_hrd = htons(ARPHRD_ETHER),
                                       .ar_pro = htons(ETH_P_IP),
                                       .ar_hln = ETH_ALEN,
                                       .ar_pln = 4,
                                       .ar_op = htons(ARPOP_REPLY)}};
    memcpy(frame.ethernet.h_dest, everybody, ETH_ALEN);
    memcpy(frame.ethernet.h_source, mac, ETH_ALEN);
    memcpy(frame.sender_mac, mac, ETH_ALEN);
    memcpy(frame.target_mac, everybody, ETH_ALEN);
    memcpy(frame.sender, address, 4);
    memcpy(frame.target, address, 4);
    send_frame(index, &frame, sizeof frame);
}

static uint32_t sum_of(const void *bytes, size_t count, uint32_t sum) {
    const uint8_t *at = bytes;
    for (size_t index = 0; index + 1 < count; index += 2)
        sum += (uint32_t)(at[index] << 8 | at[index + 1]);
    return sum;
}

/* Of an ICMPv6 message, with the pseudo-header of RFC 8200. */
static uint16_t checksum(const struct advertisement_frame *frame, size_t length) {
    uint32_t sum = sum_of(&frame->ip.ip6_src, 32, (uint32_t)length + IPPROTO_ICMPV6);
    sum = sum_of(&frame->body, length, sum);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static void send_advertisement(unsigned index, const uint8_t *mac, const uint8_t *address) {
    static const uint8_t all_nodes_mac[ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
    struct advertisement_frame frame = {.ethernet.h_proto = htons(ETH_P_IPV6)};
    size_t length = sizeof frame - sizeof frame.ethernet - sizeof frame.ip;
    memcpy(frame.ethernet.h_dest, all_nodes_mac, ETH_ALEN);
    memcpy(frame.ethernet.h_source, mac, ETH_ALEN);
    frame.ip.ip6_vfc = 6 << 4;
    frame.ip.ip6_plen = htons((uint16_t)length);
    frame.ip.ip6_nxt = IPPROTO_ICMPV6;
    frame.ip.ip6_hlim = 255;
    memcpy(&frame.ip.ip6_src, address, 16);
    memcpy(&frame.ip.ip6_dst, all_nodes, 16);
    frame.body.nd_na_type = ND_NEIGHBOR_ADVERT;
    frame.body.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
    memcpy(&frame.body.nd_na_target, address, 16);
    frame.option = (struct nd_opt_hdr){.nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1};
    memcpy(frame.mac, mac, ETH_ALEN);
    frame.body.nd_na_cksum = checksum(&frame, length);
    send_frame(index, &frame, sizeof frame);
}

/* What is sent on a bridge goes to its ports, not to this host. */
static void tell_this_host(unsigned index, const uint8_t *mac, const struct prefix *address) {
    struct rtnl_request request;
    struct ndmsg body = {
        .ndm_family = address->family, .ndm_ifindex = (int)index, .ndm_state = NUD_REACHABLE};
    rtnl_begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    rtnl_add(&request, NDA_DST, address->bytes, address->family == AF_INET ? 4 : 16);
    rtnl_add(&request, NDA_LLADDR, mac, ETH_ALEN);
    rtnl_ask(&request);
}

void announce_port(const struct port_wish *wish) {
    unsigned index = if_nametoindex(wish->bridge);
    for (size_t number = 0; index != 0 && number < wish->addresses.count; number++) {
        const struct prefix *address = &wish->addresses.all[number];
        tell_this_host(index, wish->mac, address);
        if (address->family == AF_INET)
            send_arp(index, wish->mac, address->bytes);
        else
            send_advertisement(index, wish->mac, address->bytes);
    }
}
