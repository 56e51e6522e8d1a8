/*
 * kept_chains - the chain of each certificate of our own that was ever in force, for whoever has to
 * show later by what a call was signed: files in the state directory, a chain each, which nobody
 * removes. A key is in none of them.
 *
 * A file is lines of "name: text" and then the certificates as PEM, so whatever reads PEM reads it.
 */
#ifndef STIRD_KEPT_CHAINS_H
#define STIRD_KEPT_CHAINS_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/core/certificate.h>

#define KEPT_CHAINS_DIRECTORY  "chains" /* below the state directory */
#define KEPT_CHAINS_MAX        10000    /* files; then no more are written */
#define KEPT_CHAIN_BYTES_MAX   (256 * 1024)
#define KEPT_CHAIN_NAME_LENGTH 68 /* 64 hexadecimal digits and ".pem" */

/* Writes it whole, or not at all, where it is not there yet; NOW_S: since when it is in force, at
   the latest. -EBADMSG: it is no chain. 1: it was written; 0: it was there; -EDQUOT: there are
   KEPT_CHAINS_MAX; -errno. */
int kept_chain_write(struct str state_directory, const struct certificate *c, int64_t now_s);

struct kept_chain {
    struct str name;            /* of the file */
    struct str id, serial, x5u; /* of its lines; empty: it has none */
    struct str text;            /* all of it */
};
/* Shows each file that can be read, in no order; borrowed for the time of the call. 0, also where
   the directory is not there; -EACCES: it, or some files, are not for us; -errno. */
int kept_chains_list(const char *directory, void (*see)(void *user, const struct kept_chain *chain),
                     void *user);

#endif
