#ifndef DVM_PROTOCOL_H
#define DVM_PROTOCOL_H

/*
 * The protocol between the host and the agent, over the virtio-serial port "dvm.agent".
 * All numbers are little endian. Host side: src/agent/.
 *
 *   0        4      6      8       12                    12+length   16+length
 *   +--------+------+------+-------+---------------------+-----------+
 *   | length | type | zero |  id   | payload, 0..64 KiB  |  trailer  |
 *   |  u32   | u16  | u16  |  u32  |                     | u32 DVM_… |
 *   +--------+------+------+-------+---------------------+-----------+
 *
 * string = u32 length, bytes without NUL.  list = u32 count, items.
 *
 * Getting in step. A new host connection may find the other side in the middle of a frame:
 *
 *   host                                        agent
 *    | SYNC {16 magic bytes, 16 nonce bytes} ->   |  forgets unsent frames and half a request;
 *    | HELLO {u32 protocol} ->                    |  processes run on, their output waits
 *    |   <- SYNC {magic, the same nonce}          |  (host drops all bytes before this)
 *    |   <- HELLO {u32 protocol, u64 ns of the guest's monotonic clock, string release}
 *    | PREPARE, SET_UP, CREATE, START, or RESUME  |
 *
 * Who reads a frame that breaks a rule hunts for the next SYNC. When no HELLO comes, the host
 * sends more filler (0xff) than a frame can hold, then SYNC and HELLO again.
 *
 * A machine holds containers, each with a root of its own disks, a cgroup and namespaces. The host
 * names them: 1 to 64 of 0-9 a-z A-Z _ . -. A disk's name is its virtio serial.
 *
 * PREPARE {u8 prepare_flag, string image disk, string scratch disk, list of cards} does all that
 * can be done before the machine's first container is known, so that a saved machine has it behind
 * it. SET_UP {u64 ns of the guest's monotonic clock, u64 ns of the host's wall clock at that
 * instant, bytes entropy} is the machine's, and comes once, before any container. CLOCK is answered
 * by u64 ns of the guest's monotonic clock. SET_CLOCK {u64 ns of it, u64 ns of the host's wall
 * clock at that instant, u64 ns by which that may be wrong} sets the wall clock right again, after
 * the machine stood still, or as clocks drift; it is answered by the u64 ns, in two's complement,
 * that it was behind. CREATE makes a container up to its first process, which waits; it takes over
 * what PREPARE made:
 *
 *   {string container, string host name, string domain name, string machine id, string image disk,
 *    string scratch disk, u8 read-only root, u8 privileged, string network namespace,
 *    string container whose IPC it shares ("": nobody's), string container whose processes it sees,
 *    list of cards,
 *    string /etc/hosts, string /etc/resolv.conf, string socket of the host for questions to
 *    127.0.0.11 ("": there is none),
 *    list of mounts {u8 mount_kind, string share, string target, string options, u8 read-only,
 *    u8 populate}, u64 bytes of /dev/shm (0: 64 MiB; all ones: there is none), strings sysctls
 *    (name, value, ...), limits, confinement}
 *
 * card = {u8 its number, string name of the interface, string MAC address ("": as it is), strings
 * addresses with prefixes, strings gateways (one for each family at most), u32 MTU (0: as it is),
 * strings sysctls (name, value, ...)}
 *
 * confinement = {bytes filter (a program of classic BPF for seccomp), u32 flags of seccomp(2), u8
 * the filter is required, u8 paths are own, strings masked paths, strings read-only paths, u8
 * writable cgroups, u8 all devices may be used, list of devices {string source, string disk, string
 * target, u8 device_access}, list of rules {u8 device_kind, u32 major, u32 minor, u8
 * device_access}}
 * The filter holds for EXEC, too. Paths that are not own are Docker's.
 *
 * limits = u64 CPU quota in us, u64 CPU period in us, u64 CPU weight (cgroup v2), u64 bytes of
 * memory, u64 bytes that are left to it, u64 processes, string processors as "0-2,4" ("": all). A
 * limit of 0 is none. UPDATE {string container, limits} puts others in their place while it
 * runs.
 *
 * ATTACH_CARD {string container, card} puts a card into a container that runs, or sets one that it
 * has up anew; DETACH_CARD {string container, u8 card} takes one out. Cards that no container has
 * are seen by none.
 *
 * NAMES {string container, strings lines that go from its /etc/hosts, strings lines that come,
 * string /etc/resolv.conf as it was made, string as it is to be, string socket as in CREATE}
 * changes what a container finds others by. A resolv.conf that somebody has changed stays.
 *
 * Network namespace "" is the machine's own; another, named as containers
 * are, is made when the first one asks for it, and goes with the last. Cards are numbered in the
 * order of the machine's devices; they move into the namespace of the container that names them,
 * which must be its first. START {string container, what to run} gives the first process its
 * program, EXEC the same starts a further one. SET_UP, CREATE and START may be sent without waiting
 * for an answer: after one that failed the next ones fail. A container ends with its first process;
 * the machine and the others go on, and what it left can be looked at. DESTROY {string container}
 * kills what is left of it and takes its disks and shares out of use before it is answered: the
 * host may then put others in their place. FREEZE, THAW, PROCESSES and STATISTICS are {string
 * container} too. PROCESSES is answered by {u32 ticks a second, u32 bytes a page, u64 ms since the
 * boot, u64 bytes of memory, list of {u32 pid, u32 pid inside, string name, string what follows the
 * name in /proc/PID/stat, string command, u64 bytes locked, u32 user, u32 effective user, u32
 * group, u32 effective group, string name of the effective user, string of the effective group}},
 * STATISTICS by {u64 bytes of memory in use, u64 bytes of the machine's, u64 bytes at most, u64 ns
 * of all processors, u32 processors, u64 processes, u64 at most, list of {string card, 8 times
 * u64}, strings cpu.stat, memory.stat, memory.events and io.stat as the cgroup has them}; all ones
 * are no limit. SHUT_DOWN ends all, and the machine. REHEARSE is SET_UP, CREATE (of container "")
 * and START's what to run, in one: what they do is done with what PREPARE made, but for mounts, and
 * another program runs than the one that is named. It makes a machine that waits for its container
 * quicker, and counts as none of the three. BOOT is answered by {u64 ns of the monotonic clock when
 * the agent began, u64 bytes of memory that the kernel manages, u64 bytes of those that programs
 * could have}. RESUME is answered by {list of {string container, u8 container_state}, list of {u32
 * process, u32 pid, u8 process_flag, u32 its container's place in that list, u64 received of stdin,
 * u64 acknowledged of stdout, u64 of stderr}}.
 * What to run is {strings arguments, strings environment, string folder, string user, strings
 * groups, u8 terminal, u32 rows, u32 columns, u8 stdin, u64 capabilities, u8 privileged,
 * u8 no new privileges, u8 reaper, u32 oom_score_adj in two's complement, list of {u32 resource,
 * u64 soft, u64 hard}}.
 *
 * RECORD {u8 uses_operation} has the kernel note what the container's programs use of it.
 * USES_BEGIN forgets what was noted; USES_READ is answered by {u8 cut short, string lines as
 * kernel/source/dvm_record.c draws them, DVM_USES_MAX bytes at most}. A kernel without the
 * recorder: STATUS_UNSUPPORTED.
 *
 * SPACE {u64 bytes} says how much the containers' own disks, which seem to have plenty, may still
 * take: the host's disk has no more. All ones: as much as they seem to have.
 *
 * HEALTH {string container, u64 interval in ns, u64 time for a probe, u64 start period, u64
 * interval in that, u32 retries, what to run} has the agent run a probe at intervals, from the
 * container's start to its end, whether a host listens or not; those of a frozen container are
 * given up. What came of it the host hears by frames of the agent's own, HEALTH with id 0: when a
 * probe begins or ends, and once after RESUME: {string container, u8 health_status, u32 failures in
 * a row, u32 probes begun, u8 one runs, u32 results so far, list of the last ones, the oldest
 * first, of {u8 probe_end, u32 exit code, u64 ns of the guest's wall clock when it began, u64 when
 * it ended, u8 there was more output, bytes output or why it could not run}}.
 *
 * MEMORY {string container, u64 processes that the kernel has killed for want of memory, since the
 * container was made} with id 0 comes when there are more, and once after RESUME if there are any.
 *
 * Requests carry an id of the host's choice; the answer is REPLY {u16 status, then for status 0 the
 * result, else string message}. What doesn't fit a frame goes ahead of it in *_PART frames.
 *
 * FILES {string container, u8 files_operation, u8 files_flag, string path, string user} starts a
 * child of the agent's that moves files in or out. To the host it is a process as an exec is: the
 * answer comes when the paths are found, records pass on its stdout, and with FILES_IN on its
 * stdin.
 *
 *   0        4      5
 *   +--------+------+------------------+
 *   | length | kind | body             |   length counts kind and body
 *   |  u32   |  u8  |                  |
 *   +--------+------+------------------+
 *
 *   ENTRY   {u8 tree_type, u32 mode bits, u32 uid, u32 gid, u64 seconds (signed), u32 nanoseconds,
 *            u64 size, u32 major, u32 minor, u64 device, u64 inode, string path, string link,
 *            list of xattrs {string name, bytes value}}
 *   STAT    {as ENTRY}: what was asked for, a link followed to its end; no content follows
 *   CONTENT {bytes of the file before it}: as many records as make up its size
 *   TIMES   {u64 seconds, u32 nanoseconds, string path}: in only; of a folder that is complete
 *   CHANGE  {u8 tree_change, string path}
 *   DONE    {}, or FAILED {u16 status, string message}: the last one. FILES_IN answers by it
 *
 * Paths are relative to what was asked for, "" being that itself. Device and inode tell hard links
 * of each other: all but the first one come as TREE_HARD_LINK, without content. Into the guest its
 * `link` is the path of the first one.
 *
 * Streams: id = process << 2 | channel (0 stdin, 1 stdout, 2 stderr).
 *   DATA {u64 offset of the first byte in the stream, bytes}
 *   ACK  {u64 bytes consumed so far, u32 window}: the sender may send up to consumed + window
 *   END  {u64 length of the whole stream}: half-close
 * The sender keeps what isn't acknowledged; after RESUME it sends it again. A window is
 * DVM_WINDOW until the first ACK. EXIT {u32 code, u8 killed for want of memory} has
 * id = process << 2; a process is kept until the host sends RELEASE, or DESTROY of its container.
 * SIGNAL, RESIZE and RELEASE are {u32 process, ...}: processes are numbered through the machine.
 */

#define DVM_PROTOCOL 7u
#define DVM_PORT_NAME "dvm.agent"
/*
 * Two ports beside it carry bytes of others. Files of the host: FUSE messages, as <linux/fuse.h>
 * draws them, each of which tells its length; the root of that file system holds what is shared by
 * name. Connections: see there.
 */
#define DVM_FILES_PORT_NAME "dvm.files"
#define DVM_CONNECTIONS_PORT_NAME "dvm.connections"

#define FRAME_HEADER_SIZE 12u
#define FRAME_TRAILER_SIZE 4u
#define FRAME_PAYLOAD_MAX 65536u
#define FRAME_TRAILER 0x214d5644u
#define DVM_WINDOW 262144u
#define DVM_DATA_MAX 32736u
#define DVM_MESSAGE_MAX 2097152u
#define DVM_NAME_MAX 64u /* of a container or a network namespace */
#define DVM_DISK_NAME_MAX 20u
#define DVM_SHARE_NAME_MAX 64u

#define SYNC_MAGIC_SIZE 16u
#define SYNC_SIZE 32u
/* The first byte occurs once, so that a search never has to step back. */
#define SYNC_MAGIC                                                                                 \
    {                                                                                              \
        0xd7, 0x44, 0x56, 0x4d, 0x0a, 0x91, 0xe2, 0x3c, 0x5b, 0xa8, 0x16, 0xf4, 0x70, 0xcd, 0x2e,  \
            0x8b                                                                                   \
    }

enum frame_type {
    FRAME_SYNC = 1,
    FRAME_HELLO = 2,
    FRAME_DATA = 3,
    FRAME_ACK = 4,
    FRAME_END = 5,
    FRAME_EXIT = 6,
    FRAME_REPLY = 7,
    FRAME_REPLY_PART = 8,
    FRAME_REQUEST_PART = 9,
    FRAME_HEALTH = 10,
    FRAME_MEMORY = 11,
    REQUEST_SET_UP = 16,
    REQUEST_START = 17,
    REQUEST_EXEC = 18,
    REQUEST_RESIZE = 19,
    REQUEST_SIGNAL = 20,
    REQUEST_PROCESSES = 21,
    REQUEST_STATISTICS = 22,
    REQUEST_FREEZE = 23,
    REQUEST_THAW = 24,
    REQUEST_SHUT_DOWN = 25,
    REQUEST_RESUME = 26,
    REQUEST_RELEASE = 27,
    REQUEST_PREPARE = 28,
    REQUEST_CLOCK = 29,
    REQUEST_REHEARSE = 30,
    REQUEST_FILES = 31,
    REQUEST_BOOT = 32,
    REQUEST_RECORD = 33,
    REQUEST_CREATE = 34,
    REQUEST_DESTROY = 35,
    REQUEST_SET_CLOCK = 36,
    REQUEST_SPACE = 37,
    REQUEST_UPDATE = 38,
    REQUEST_HEALTH = 39,
    REQUEST_ATTACH_CARD = 40,
    REQUEST_DETACH_CARD = 41,
    REQUEST_NAMES = 42,
    FRAME_TYPE_MAX = 42,
};

enum stream_channel { CHANNEL_STDIN = 0, CHANNEL_STDOUT = 1, CHANNEL_STDERR = 2 };

enum status {
    STATUS_OK = 0,
    STATUS_INVALID = 1,
    STATUS_NOT_FOUND = 2,
    STATUS_CONFLICT = 3,
    STATUS_UNSUPPORTED = 4,
    STATUS_UNAVAILABLE = 5,
    STATUS_NO_SPACE = 6,
    STATUS_COMMAND_NOT_FOUND = 7,
    STATUS_COMMAND_NOT_EXECUTABLE = 8,
    STATUS_INTERNAL = 9,
    STATUS_READ_ONLY = 10,
};

/* flags of a process in the answer to RESUME */
enum process_flag { PROCESS_MAIN = 1, PROCESS_TTY = 2, PROCESS_STDIN = 4 };

enum container_state { CONTAINER_CREATED = 1, CONTAINER_STARTED = 2, CONTAINER_ENDED = 3 };

/* What a rule of devices is about; a number may be DEVICE_ANY. */
enum device_kind { DEVICE_ALL = 0, DEVICE_BLOCK = 1, DEVICE_CHAR = 2 };
enum device_access { DEVICE_MAKE = 1, DEVICE_READ = 2, DEVICE_WRITE = 4 };
#define DEVICE_ANY 0xffffffffu

/*
 * PREPARE_SCRATCH: the scratch disk is a new one, and is mounted. PREPARE_IMAGE: so is the image,
 * for a container without privileges, sysctls, paths of its own, writable cgroups, and mounts that
 * lie over /dev, /proc or /sys.
 */
enum prepare_flag { PREPARE_SCRATCH = 1, PREPARE_IMAGE = 2 };

/*
 * FILES_STAT: one ENTRY, its link followed to the end. FILES_OUT: the same, then what lies there
 * and below. FILES_EXPORT: the container's whole tree without its mounts. FILES_CHANGES,
 * FILES_LAYER: what differs from the image; as a layer, whose TREE_WHITEOUT and TREE_OPAQUE entries
 * hide what is below. FILES_IN: makes what comes below the folder at `path`.
 */
enum files_operation {
    FILES_STAT = 1,
    FILES_OUT = 2,
    FILES_IN = 3,
    FILES_CHANGES = 4,
    FILES_LAYER = 5,
    FILES_EXPORT = 6,
};

/*
 * All for FILES_IN. FILES_KEEP_KIND: no folder is replaced by another kind, or the other way round.
 * FILES_ROOT_READ_ONLY: only mounts may be written to.
 */
enum files_flag { FILES_KEEP_KIND = 1, FILES_ROOT_READ_ONLY = 2 };

enum record_kind {
    RECORD_ENTRY = 1,
    RECORD_CONTENT = 2,
    RECORD_TIMES = 3,
    RECORD_CHANGE = 4,
    RECORD_DONE = 5,
    RECORD_FAILED = 6,
    RECORD_STAT = 7,
};

#define RECORD_MAX 131072u
#define RECORD_CONTENT_MAX 65536u

enum tree_type {
    TREE_FILE = 1,
    TREE_FOLDER = 2,
    TREE_LINK = 3,
    TREE_CHAR = 4,
    TREE_BLOCK = 5,
    TREE_FIFO = 6,
    TREE_HARD_LINK = 7,
    TREE_SOCKET = 8,
    TREE_WHITEOUT = 9,
    TREE_OPAQUE = 10,
};

enum tree_change { CHANGE_MODIFIED = 0, CHANGE_ADDED = 1, CHANGE_DELETED = 2 };

#define DVM_PROBES_KEPT 5u
#define DVM_PROBE_OUTPUT_MAX 4096u

enum health_status { HEALTH_STARTING = 1, HEALTH_HEALTHY = 2, HEALTH_UNHEALTHY = 3 };

/* PROBE_LATE: it took longer than it may, and was killed. PROBE_FAILED: it could not be run. */
enum probe_end { PROBE_RAN = 1, PROBE_LATE = 2, PROBE_FAILED = 3 };

#define DVM_USES_MAX 262144u

enum uses_operation { USES_BEGIN = 1, USES_READ = 2 };

/*
 * MOUNT_SOCKET: a Unix socket that leads to one of the host (connections.h); its options are
 * "mode,uid,gid,name", the mode octal. MOUNT_DEVICE: one of the machine's own devices that every
 * container has, named by its options: "null". MOUNT_IMAGE: an image on the disk that is its share.
 * MOUNT_DISK: a volume on the disk that is its share, of which the folder "data" is shown; populate
 * there means: if it is empty.
 * Options of a share and of an image: the path in it that is mounted; "": all.
 */
enum mount_kind {
    MOUNT_SHARE = 1,
    MOUNT_TMPFS = 2,
    MOUNT_SOCKET = 3,
    MOUNT_DEVICE = 4,
    MOUNT_IMAGE = 5,
    MOUNT_DISK = 6,
};

#endif
