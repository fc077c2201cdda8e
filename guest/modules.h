#ifndef DVM_MODULES_H
#define DVM_MODULES_H

/* Loads each file of `folder` as a kernel module, in the order of their names, and deletes it. */
void load_modules(const char *folder);

#endif
