#ifndef DVM_REHEARSAL_H
#define DVM_REHEARSAL_H

/* The program that a rehearsal ends with. */
int rehearsal_main(void);

#endif
