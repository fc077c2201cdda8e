#ifndef DVM_SWITCH_SERVE_H
#define DVM_SWITCH_SERVE_H

/*
 * serve CONTROL DESCRIPTORS NFT [NAMESPACE]
 * Makes a network namespace, or takes up the one of an earlier switch that was killed, and does
 * there what it is told. NFT is the program nft(8).
 */
int serve_main(int count, char **words);

/*
 * check NFT
 * Says whether this host lets it, and changes nothing.
 */
int check_main(int count, char **words);

#endif
