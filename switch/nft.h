#ifndef DVM_SWITCH_NFT_H
#define DVM_SWITCH_NFT_H

#include <stddef.h>

/* Runs the program nft in this network namespace. -1 with errno; `said` gets what it says of it. */

void nft_use(const char *program);
int nft_run_text(const char *text, char *said, size_t room);
int nft_run_file(const char *path, char *said, size_t room);
/* The whole ruleset as JSON, to a file. */
int nft_list_to(const char *path, char *said, size_t room);

#endif
