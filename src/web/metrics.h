/*
 * metrics - all that stird counts and knows, as Prometheus reads it: the counters of counters.def
 * by name, gauges out of what `stirctl status` prints. Private to web.
 */
#ifndef STIRD_WEB_METRICS_H
#define STIRD_WEB_METRICS_H

#include <stird/base/buf.h>
#include <stird/core/counters.h>
#include <stird/io/web_view.h>

enum metric_scope { METRIC_all, METRIC_service, METRIC_trunk, METRIC_upstream, METRIC_SCOPES };

#define METRIC_NAME_MAX 96

/* What a row of counters.def is called. */
struct metric {
    char name[METRIC_NAME_MAX];
    const char *label, *value; /* NULL: none; of a list VALUE is NULL */
    const char *help;
};

struct metric metric_of(enum metric_scope scope, const struct counter *row);

/* Adds all of them; what is wrong with memory, OUT says. */
void metrics_add(struct buf *out, const struct web_view *v);
/* Of these the gauges: STATUS and TRUST are JSON. */
void gauges_add(struct buf *out, const struct web_view *v);

#endif
