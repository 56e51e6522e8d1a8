/*
 * exposition - the text that Prometheus reads (format 0.0.4): families of samples. Private to web.
 */
#ifndef STIRD_WEB_EXPOSITION_H
#define STIRD_WEB_EXPOSITION_H

#include <stird/base/buf.h>

#define EXPOSITION_LABELS_MAX 4

/* The value is text from anywhere; a label without a name ends them. */
struct label {
    const char *name;
    struct str value;
};

/* Begins a family; TYPE: "counter", "gauge", "histogram". Its samples follow, and no others. */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);
void exposition_sample(struct buf *out, const char *name,
                       const struct label labels[EXPOSITION_LABELS_MAX], int64_t value);
/* Microseconds, as seconds. */
void exposition_seconds(struct buf *out, const char *name,
                        const struct label labels[EXPOSITION_LABELS_MAX], uint64_t us);
/* "0.00002", without zeros at its end. */
void exposition_add_seconds(struct buf *out, uint64_t us);

#endif
