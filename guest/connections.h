#ifndef DVM_CONNECTIONS_H
#define DVM_CONNECTIONS_H

/*
 * Connections between host and guest, over the virtio-serial port "dvm.connections". Both sides
 * speak it by the same code (mux.h): on the host dvm-forwarder (forwarder/), in the guest the
 * connector, a child of the agent's. All numbers are little endian.
 *
 *   0        4        6      7      8            8+length
 *   +--------+--------+------+------+------------+
 *   | stream | length | type | zero |  payload   |
 *   |  u32   |  u16   |  u8  |  u8  |            |
 *   +--------+--------+------+------+------------+
 *
 * Who accepts a connection opens a stream for it, and sends what comes without waiting. A stream's
 * number is chosen by who opens it: bit 31 says that it is the guest, bits 0..11 are its place in
 * that side's table, the others tell those apart that had the place one after the other.
 *
 *   OPEN {u8 connection_kind, target}
 *     CONNECTION_TCP:    {u16 port, 4 bytes IPv4 address, 4 bytes IPv4 address that the client is
 *                        to have}: host to guest only. The last one need not be the guest's.
 *     CONNECTION_SOCKET: {bytes name}: guest to host only. Of a Unix socket that was granted to it.
 *   DATA {bytes}         as many as the other side has room for, see WINDOW
 *   END {}               half-close: no more DATA comes. Each side sends it once
 *   WINDOW {u32 bytes}   so many more may be sent; every stream begins with CONNECTION_WINDOW
 *   REFUSED {}           nobody could be connected to: the answer to OPEN, ends the stream
 *   RESET {}             the connection broke: ends the stream
 *
 * A stream is over when both sides have sent END, or one RESET or REFUSED; then its place may be
 * used again. What still comes for it is ignored, as for any stream that there isn't. A frame of an
 * unknown type, or with a wrong length, ends the conversation; data beyond the window, the stream.
 */

#define CONNECTION_HEADER_SIZE 8u
#define CONNECTION_FRAME_MAX 32768u /* what the guest's kernel takes at once */
#define CONNECTION_DATA_MAX (CONNECTION_FRAME_MAX - CONNECTION_HEADER_SIZE)
#define CONNECTION_CONTROL_MAX 128u /* payload of all frames but DATA */
#define CONNECTION_WINDOW 131072u
#define CONNECTION_PLACES 4096u
#define CONNECTION_BY_GUEST 0x80000000u
#define CONNECTION_NAME_MAX 64u /* of a socket */

enum connection_frame {
    CONNECTION_OPEN = 1,
    CONNECTION_DATA = 2,
    CONNECTION_END = 3,
    CONNECTION_WINDOW_MORE = 4,
    CONNECTION_REFUSED = 5,
    CONNECTION_RESET = 6,
};

enum connection_kind { CONNECTION_TCP = 1, CONNECTION_SOCKET = 2 };

#define CONNECTION_TCP_SIZE 11u /* of OPEN's payload */

#endif
