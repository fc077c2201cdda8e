// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/dvm_record: what the programs of a container use of the kernel, and whether they got it.
 *
 * "1" written to the file begins anew; only who is in the first pid namespace may. Each system call
 * that ends after that, of a task in another pid namespace, is counted as a use, but for those of
 * the program that wrote: the agent's own processes set a container up. Reading gives a line a use:
 *
 *   KIND RESULT COUNT NUMBERS... [NAME]
 *
 *   call NUMBER                       a system call, by its number on x86-64
 *   socket FAMILY TYPE PROTOCOL       socket and socketpair, the type without its flags
 *   sockopt LEVEL NAME [TEXT]         getsockopt and setsockopt; TEXT for TCP_CONGESTION, TCP_ULP
 *   mount TYPE                        mount and fsopen
 *   open PATH                         below /dev, /proc or /sys; numbers of processes became N
 *   namespace FLAG                    clone, clone3, unshare and setns, a line for each CLONE_NEW*
 *   prctl OPERATION, seccomp OPERATION, fcntl COMMAND, madvise ADVICE
 *   map FLAGS                         mmap of huge pages
 *   netlink TYPE [KIND]               a new link (16), rule (32) or queue (36) of the network
 *   exec PATH                         a program that is in no format that this kernel runs
 *
 * RESULT is 0 when it ever worked, else the last error. A blank or an unprintable byte of a name is
 * shown as "?". There is room for 2048 uses; "lost COUNT" ends the text when there were more.
 */
#ifdef CONFIG_FTRACE_SYSCALLS

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <trace/events/syscalls.h>

#define USES 2048
#define NAME_MAX_BYTES 96

enum use_kind {
	USE_NONE,
	USE_CALL,
	USE_SOCKET,
	USE_SOCKOPT,
	USE_MOUNT,
	USE_OPEN,
	USE_NAMESPACE,
	USE_PRCTL,
	USE_SECCOMP,
	USE_FCNTL,
	USE_MADVISE,
	USE_MAP,
	USE_NETLINK,
	USE_EXEC,
};

static const struct {
	const char *name;
	unsigned int numbers;
} kinds[] = {
	[USE_CALL] = { "call", 1 },
	[USE_SOCKET] = { "socket", 3 },
	[USE_SOCKOPT] = { "sockopt", 2 },
	[USE_MOUNT] = { "mount", 0 },
	[USE_OPEN] = { "open", 0 },
	[USE_NAMESPACE] = { "namespace", 1 },
	[USE_PRCTL] = { "prctl", 1 },
	[USE_SECCOMP] = { "seccomp", 1 },
	[USE_FCNTL] = { "fcntl", 1 },
	[USE_MADVISE] = { "madvise", 1 },
	[USE_MAP] = { "map", 1 },
	[USE_NETLINK] = { "netlink", 1 },
	[USE_EXEC] = { "exec", 0 },
};

/* What tells one use of another. */
struct use_key {
	u32 kind;
	u32 numbers[3];
	char name[NAME_MAX_BYTES];
};

struct use {
	struct use_key key;
	int error; /* 0: it worked */
	u64 count;
};

static struct use *uses;
static u64 lost;
static DEFINE_SPINLOCK(uses_lock);
/* Calls that worked, by number, as far as nothing but the number is of interest. */
static DECLARE_BITMAP(known, NR_syscalls);
/* Of the program whose processes are left out. Held, so that its inode stays what it is. */
static struct file *recorder;
static DEFINE_MUTEX(switch_lock);

/* A call that was interrupted works. */
static int error_of(long result)
{
	if (result >= 0 || result < -MAX_ERRNO || (result <= -512 && result >= -516))
		return 0;
	return -result;
}

/* The place of `key` in the table, free or taken; NULL: there is no room. */
static struct use *place_of(const struct use_key *key)
{
	u32 at = full_name_hash(NULL, (const char *)key, sizeof(*key)) % USES;
	unsigned int tries;

	for (tries = 0; tries < USES; tries++, at = (at + 1) % USES) {
		if (uses[at].key.kind == USE_NONE)
			return &uses[at];
		if (memcmp(&uses[at].key, key, sizeof(*key)) == 0)
			return &uses[at];
	}
	return NULL;
}

static void take(const struct use_key *key, long result)
{
	unsigned long flags;
	struct use *use;

	spin_lock_irqsave(&uses_lock, flags);
	use = place_of(key);
	if (!use) {
		lost++;
	} else {
		if (use->key.kind == USE_NONE) {
			use->key = *key;
			use->error = error_of(result);
		} else if (use->error != 0) {
			use->error = error_of(result);
		}
		use->count++;
	}
	spin_unlock_irqrestore(&uses_lock, flags);
}

static void take_numbers(enum use_kind kind, u32 first, u32 second, u32 third, long result)
{
	struct use_key key = { .kind = kind, .numbers = { first, second, third } };

	take(&key, result);
}

/* What is no part of a name in a line. What lies behind its end must not tell equal names apart. */
static void clean_name(struct use_key *key, size_t length)
{
	char *at;

	memset(key->name + length, 0, NAME_MAX_BYTES - length);
	for (at = key->name; *at; at++)
		if (*at <= ' ' || *at >= 0x7f)
			*at = '?';
}

/* Copies a text of user space; false when it can't be read now. */
static bool copy_name(struct use_key *key, unsigned long from)
{
	long length = strncpy_from_user_nofault(key->name, (const void __user *)from, NAME_MAX_BYTES);

	if (length <= 0)
		return false;
	clean_name(key, strnlen(key->name, NAME_MAX_BYTES - 1));
	return true;
}

static void take_name(enum use_kind kind, unsigned long from, long result)
{
	struct use_key key = { .kind = kind };

	if (copy_name(&key, from))
		take(&key, result);
}

/* "/proc/123/task/45/children" becomes "/proc/N/task/N/children". */
static void fold_numbers(char *path)
{
	char *from = path, *to = path;

	while (*from) {
		if (to > path && to[-1] == '/' && isdigit(*from)) {
			char *end = from;

			while (isdigit(*end))
				end++;
			if (*end == '/' || *end == 0) {
				*to++ = 'N';
				from = end;
				continue;
			}
		}
		*to++ = *from++;
	}
	memset(to, 0, from - to);
}

static void take_path(unsigned long from, long result)
{
	struct use_key key = { .kind = USE_OPEN };

	if (!copy_name(&key, from))
		return;
	if (strncmp(key.name, "/proc/", 6) == 0)
		fold_numbers(key.name);
	else if (strncmp(key.name, "/dev/", 5) != 0 && strncmp(key.name, "/sys/", 5) != 0)
		return;
	take(&key, result);
}

static void take_namespaces(u64 flags, long result)
{
	static const u32 known_flags[] = {
		CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWTIME,
	};
	unsigned int index;

	for (index = 0; index < ARRAY_SIZE(known_flags); index++)
		if (flags & known_flags[index])
			take_numbers(USE_NAMESPACE, known_flags[index], 0, 0, result);
}

/*
 * struct clone_args begins with the flags. The new task comes out of the call, too, when its maker
 * may have used that memory for something else already.
 */
static void take_clone3(unsigned long from, long result)
{
	u64 flags;

	if (result != 0 && copy_from_user_nofault(&flags, (const void __user *)from, sizeof(flags)) == 0)
		take_namespaces(flags, result);
}

static void take_sockopt(const unsigned long *arguments, bool sets, long result)
{
	struct use_key key = { .kind = USE_SOCKOPT, .numbers = { arguments[1], arguments[2] } };
	bool has_text = arguments[1] == IPPROTO_TCP &&
			(arguments[2] == TCP_CONGESTION || arguments[2] == TCP_ULP);

	/* not ended by NUL, as its length is told */
	if (sets && has_text && arguments[4] > 0) {
		size_t length = min_t(size_t, arguments[4], 16);

		if (copy_from_user_nofault(key.name, (const void __user *)arguments[3], length))
			length = 0;
		clean_name(&key, strnlen(key.name, length));
	}
	take(&key, result);
}

static bool is_route_socket(int fd)
{
	int failed;
	struct socket *socket = sockfd_lookup(fd, &failed);
	bool is_route;

	if (!socket)
		return false;
	is_route = socket->sk && socket->sk->sk_family == AF_NETLINK &&
		   socket->sk->sk_protocol == NETLINK_ROUTE;
	sockfd_put(socket);
	return is_route;
}

/* The attribute that names what kind of thing a message makes. */
static const struct nlattr *kind_in(const u8 *message, size_t length, u16 type)
{
	const struct nlattr *outer;
	size_t from = NLMSG_HDRLEN;

	from += NLMSG_ALIGN(type == RTM_NEWLINK ? sizeof(struct ifinfomsg) : sizeof(struct tcmsg));
	if (length <= from)
		return NULL;
	if (type == RTM_NEWQDISC)
		return nla_find((const struct nlattr *)(message + from), length - from, TCA_KIND);
	outer = nla_find((const struct nlattr *)(message + from), length - from, IFLA_LINKINFO);
	return outer ? nla_find(nla_data(outer), nla_len(outer), IFLA_INFO_KIND) : NULL;
}

/* The answer to a message comes later: who may not change the network is taken as refused. */
static void take_message(unsigned long from, size_t length, long result)
{
	u8 message[256] __aligned(4);
	const struct nlmsghdr *header = (const struct nlmsghdr *)message;
	struct use_key key = { .kind = USE_NETLINK };
	const struct nlattr *kind;

	length = min(length, sizeof(message));
	if (length < NLMSG_HDRLEN ||
	    copy_from_user_nofault(message, (const void __user *)from, length) != 0)
		return;
	key.numbers[0] = header->nlmsg_type;
	if (header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_NEWQDISC) {
		kind = kind_in(message, length, header->nlmsg_type);
		/* a change of a link that is there */
		if (!kind)
			return;
		nla_strscpy(key.name, kind, NAME_MAX_BYTES);
		clean_name(&key, strnlen(key.name, NAME_MAX_BYTES - 1));
	} else if (header->nlmsg_type != RTM_NEWRULE) {
		return;
	}
	if (!ns_capable_noaudit(current->nsproxy->net_ns->user_ns, CAP_NET_ADMIN))
		result = -EPERM;
	take(&key, result);
}

static void take_sent(int fd, unsigned long header, long result)
{
	struct user_msghdr message;
	struct iovec piece;

	if (is_route_socket(fd) &&
	    copy_from_user_nofault(&message, (const void __user *)header, sizeof(message)) == 0 &&
	    message.msg_iovlen > 0 &&
	    copy_from_user_nofault(&piece, message.msg_iov, sizeof(piece)) == 0)
		take_message((unsigned long)piece.iov_base, piece.iov_len, result);
}

/* What a call is about; false: nothing but its number is of interest. */
static bool take_details(long number, const unsigned long *arguments, long result)
{
	switch (number) {
	case __NR_socket:
	case __NR_socketpair:
		take_numbers(USE_SOCKET, arguments[0], arguments[1] & SOCK_TYPE_MASK, arguments[2], result);
		return true;
	case __NR_setsockopt:
	case __NR_getsockopt:
		take_sockopt(arguments, number == __NR_setsockopt, result);
		return true;
	case __NR_sendto:
		if (is_route_socket(arguments[0]))
			take_message(arguments[1], arguments[2], result);
		return true;
	case __NR_sendmsg:
		take_sent(arguments[0], arguments[1], result);
		return true;
	case __NR_mount:
		take_name(USE_MOUNT, arguments[2], result);
		return true;
	case __NR_fsopen:
		take_name(USE_MOUNT, arguments[0], result);
		return true;
	case __NR_open:
		take_path(arguments[0], result);
		return true;
	case __NR_openat:
	case __NR_openat2:
		take_path(arguments[1], result);
		return true;
	case __NR_clone:
		/* the low byte is a signal */
		take_namespaces(arguments[0] & ~0xfful, result);
		return true;
	case __NR_clone3:
		take_clone3(arguments[0], result);
		return true;
	case __NR_unshare:
		take_namespaces(arguments[0], result);
		return true;
	case __NR_setns:
		take_namespaces(arguments[1], result);
		return true;
	case __NR_prctl:
		take_numbers(USE_PRCTL, arguments[0], 0, 0, result);
		return true;
	case __NR_seccomp:
		take_numbers(USE_SECCOMP, arguments[0], 0, 0, result);
		return true;
	case __NR_fcntl:
		take_numbers(USE_FCNTL, arguments[1], 0, 0, result);
		return true;
	case __NR_madvise:
		take_numbers(USE_MADVISE, arguments[2], 0, 0, result);
		return true;
	case __NR_mmap:
		if (arguments[3] & MAP_HUGETLB)
			take_numbers(USE_MAP, MAP_HUGETLB, 0, 0, result);
		return true;
	case __NR_execve:
		if (result == -ENOEXEC)
			take_name(USE_EXEC, arguments[0], result);
		return true;
	}
	return false;
}

/* Whether a task's uses are told: it is in a container, and doesn't run the recorder's program. */
static bool is_watched(struct task_struct *task)
{
	struct file *program;
	bool is_ours;

	if (!task->mm || task_active_pid_ns(task) == &init_pid_ns)
		return false;
	rcu_read_lock();
	program = rcu_dereference(task->mm->exe_file);
	is_ours = program && recorder && file_inode(program) == file_inode(recorder);
	rcu_read_unlock();
	return !is_ours;
}

static void see_exit(void *data, struct pt_regs *regs, long result)
{
	long number = syscall_get_nr(current, regs);
	unsigned long arguments[6];

	if (number < 0 || number >= NR_syscalls || test_bit(number, known) || !is_watched(current))
		return;
	syscall_get_arguments(current, regs, arguments);
	/* a path that isn't there, or an error of the arguments' making, says nothing of the call */
	take_numbers(USE_CALL, number, 0, 0, result);
	if (!take_details(number, arguments, result) && error_of(result) == 0)
		set_bit(number, known);
}

static bool asks_from_outside(void)
{
	return task_active_pid_ns(current) == &init_pid_ns;
}

static int begin(void)
{
	struct file *program = get_mm_exe_file(current->mm);
	bool is_first = !uses;
	int failed = 0;

	if (is_first)
		uses = vzalloc(array_size(USES, sizeof(*uses)));
	if (!uses) {
		if (program)
			fput(program);
		return -ENOMEM;
	}
	if (is_first) {
		recorder = program;
		failed = register_trace_sys_exit(see_exit, NULL);
		if (failed) {
			recorder = NULL;
			if (program)
				fput(program);
			vfree(uses);
			uses = NULL;
		}
		return failed;
	}
	spin_lock_irq(&uses_lock);
	memset(uses, 0, array_size(USES, sizeof(*uses)));
	lost = 0;
	bitmap_zero(known, NR_syscalls);
	spin_unlock_irq(&uses_lock);
	if (program)
		fput(program);
	return 0;
}

static ssize_t record_write(struct file *file, const char __user *text, size_t count, loff_t *at)
{
	char first;
	int failed;

	if (count == 0 || get_user(first, text))
		return -EFAULT;
	if (first != '1')
		return -EINVAL;
	mutex_lock(&switch_lock);
	failed = begin();
	mutex_unlock(&switch_lock);
	return failed ? failed : count;
}

static void *record_start(struct seq_file *file, loff_t *at)
{
	return uses && *at <= USES ? at : NULL;
}

static void *record_next(struct seq_file *file, void *unused, loff_t *at)
{
	++*at;
	return *at <= USES ? at : NULL;
}

static void record_stop(struct seq_file *file, void *unused)
{
}

static int record_show(struct seq_file *file, void *position)
{
	loff_t at = *(loff_t *)position;
	unsigned int index;
	struct use use;

	if (at == USES) {
		if (lost)
			seq_printf(file, "lost %llu\n", lost);
		return 0;
	}
	spin_lock_irq(&uses_lock);
	use = uses[at];
	spin_unlock_irq(&uses_lock);
	if (use.key.kind == USE_NONE)
		return 0;
	seq_printf(file, "%s %d %llu", kinds[use.key.kind].name, use.error, use.count);
	for (index = 0; index < kinds[use.key.kind].numbers; index++)
		seq_printf(file, " %u", use.key.numbers[index]);
	if (use.key.name[0])
		seq_printf(file, " %s", use.key.name);
	seq_putc(file, '\n');
	return 0;
}

static const struct seq_operations record_lines = {
	.start = record_start,
	.next = record_next,
	.stop = record_stop,
	.show = record_show,
};

/* A container may have this /proc, and be root: it is none of its business. */
static int record_open(struct inode *inode, struct file *file)
{
	return asks_from_outside() ? seq_open(file, &record_lines) : -EPERM;
}

static const struct proc_ops record_file = {
	.proc_open = record_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
	.proc_write = record_write,
};

static int __init record_init(void)
{
	return proc_create("dvm_record", 0600, NULL, &record_file) ? 0 : -ENOMEM;
}
late_initcall(record_init);

#endif
