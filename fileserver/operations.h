#pragma once

/* What is done with a request, from its arrival to its end. */

#include "request.h"

/*
 * What must be done in the order in which requests come, before the next one is read. 0: go on to
 * operation_run; else the result.
 */
int operation_arrived(struct request *request);
/* Does it. The answer stands in the request. 0, NO_ANSWER, or -errno. */
int operation_run(struct request *request);
/* After the answer was sent. */
void operation_done(struct request *request);

/* One operation each. 0, or -errno. */
int op_init(struct request *request);
int op_lookup(struct request *request);
int op_getattr(struct request *request);
int op_setattr(struct request *request);
int op_statfs(struct request *request);
int op_readlink(struct request *request);
int op_symlink(struct request *request);
int op_mknod(struct request *request);
int op_mkdir(struct request *request);
int op_unlink(struct request *request);
int op_rmdir(struct request *request);
int op_rename(struct request *request);
int op_rename2(struct request *request);
int op_link(struct request *request);
int op_open(struct request *request);
int op_create(struct request *request);
int op_tmpfile(struct request *request);
int op_release(struct request *request);
int op_flush(struct request *request);
int op_opendir(struct request *request);
int op_readdir(struct request *request);
int op_readdirplus(struct request *request);
int op_read(struct request *request);
int op_write(struct request *request);
int op_fsync(struct request *request);
int op_syncfs(struct request *request);
int op_fallocate(struct request *request);
int op_lseek(struct request *request);
int op_copy_file_range(struct request *request);
int op_ioctl(struct request *request);
int op_setxattr(struct request *request);
int op_getxattr(struct request *request);
int op_listxattr(struct request *request);
int op_removexattr(struct request *request);
int op_getlk(struct request *request);
int op_setlk(struct request *request);
int op_setlkw(struct request *request);
int op_virtual_root(struct request *request);
