#include "metrics.h"

#include <stdio.h>
#include <string.h>

#include "exposition.h"

#define SHORT_LIST 8 /* shown with its zeros */

/* ---- names ---- */

static const struct special {
    enum metric_scope scope;
    const char *counter;
    const char *name, *label, *value, *help;
} specials[] = {
#define METRIC(scope, counter, name, label, value, help)                                           \
    {METRIC_##scope, #counter, (name), (label), (value), (help)},
#include "metrics.def"
};

static const char *const prefixes[METRIC_SCOPES] = {
    [METRIC_all] = "stird_",
    [METRIC_service] = "stird_",
    [METRIC_trunk] = "stird_trunk_",
    [METRIC_upstream] = "stird_upstream_",
};

static const struct special *special_of(enum metric_scope scope, const struct counter *row)
{
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
        if (specials[i].scope == scope && strcmp(specials[i].counter, row->name) == 0)
            return &specials[i];
    return NULL;
}

static void name_by_rule(struct metric *m, enum metric_scope scope, const struct counter *row)
{
    const size_t n = strlen(row->name);
    const bool in_us = n > 3 && strcmp(row->name + n - 3, "_us") == 0;
    const bool grows = row->kind == COUNTER_GROWS || row->kind == COUNTER_LIST;
    snprintf(m->name, sizeof(m->name), "%s%.*s%s", prefixes[scope], (int)(in_us ? n - 3 : n),
             row->name,
             in_us   ? "_seconds"
             : grows ? "_total"
                     : "");
}

struct metric metric_of(enum metric_scope scope, const struct counter *row)
{
    const struct special *s = special_of(scope, row);
    struct metric m = {.help = s && s->help ? s->help : row->help};
    if (s)
        snprintf(m.name, sizeof(m.name), "%s", s->name);
    else
        name_by_rule(&m, scope, row);
    m.label = s ? s->label : row->kind == COUNTER_LIST ? "name" : NULL;
    m.value = s ? s->value : NULL;
    return m;
}

/* ---- samples ---- */

struct writer {
    struct buf *out;
    enum metric_scope scope;
    const struct counter_table *table;
    struct web_view_parts parts; /* without names: one, of all */
    const char *part_label;
};

static const char *type_of(const struct counter *row)
{
    return row->kind == COUNTER_LEVEL       ? "gauge"
           : row->kind == COUNTER_HISTOGRAM ? "histogram"
                                            : "counter";
}

/* One of the series of a histogram; SERIES is room for its name. What is wrong with memory, OUT
   says. */
static const char *series_of(struct buf *out, struct buf *series, const char *name,
                             const char *which)
{
    buf_reset(series);
    buf_add_text(series, name);
    buf_add_text(series, which);
    buf_add_char(series, '\0');
    out->failed |= buf_failed(series);
    return buf_failed(series) ? name : series->p;
}

/* Its numbers are the sum, then a count for each border, then one for what is above. */
static void add_histogram(struct buf *out, const char *name, const uint64_t *numbers)
{
    struct buf border = BUF_INIT, room = BUF_INIT;
    uint64_t n = 0;
    const char *series = series_of(out, &room, name, "_bucket");
    for (unsigned i = 0; i <= HISTOGRAM_BORDERS; i++) {
        n = counters_sum(n, numbers[1 + i]);
        buf_reset(&border);
        if (i < HISTOGRAM_BORDERS)
            exposition_add_seconds(&border, histogram_border(i));
        else
            buf_add_text(&border, "+Inf");
        const struct label labels[EXPOSITION_LABELS_MAX] = {{"le", buf_str(&border)}};
        exposition_sample(out, series, labels, (int64_t)n);
    }
    exposition_seconds(out, series_of(out, &room, name, "_sum"), NULL, numbers[0]);
    exposition_sample(out, series_of(out, &room, name, "_count"), NULL, (int64_t)n);
    out->failed |= buf_failed(&border);
    buf_fini(&border);
    buf_fini(&room);
}

static void add_list(const struct writer *w, const struct metric *m, const struct counter *row,
                     struct label labels[EXPOSITION_LABELS_MAX], unsigned at,
                     const uint64_t *numbers)
{
    const bool zeros = w->parts.names.n == 0 && row->n <= SHORT_LIST;
    labels[at].name = m->label;
    for (unsigned i = 0; i < row->n; i++) {
        labels[at].value = row->member(i);
        if (labels[at].value.n > 0 && (zeros || numbers[i] > 0))
            exposition_sample(w->out, m->name, labels, (int64_t)numbers[i]);
    }
}

static void add_row(const struct writer *w, const struct metric *m, const struct counter *row,
                    struct str part, const uint64_t *numbers)
{
    struct label labels[EXPOSITION_LABELS_MAX] = {{NULL, {NULL, 0}}};
    unsigned at = 0;
    if (w->part_label)
        labels[at++] = (struct label){w->part_label, part};
    numbers += row->first;
    if (row->kind == COUNTER_HISTOGRAM) {
        add_histogram(w->out, m->name, numbers);
    } else if (row->kind == COUNTER_LIST) {
        add_list(w, m, row, labels, at, numbers);
    } else {
        if (m->label)
            labels[at] = (struct label){m->label, str_of(m->value)};
        exposition_sample(w->out, m->name, labels, (int64_t)numbers[0]);
    }
}

/* Of all parts and all rows that have the name of row FIRST. */
static void add_family(const struct writer *w, const struct metric *names, unsigned first)
{
    const struct metric *family = &names[first];
    struct str left = w->parts.names;
    exposition_family(w->out, family->name, type_of(&w->table->rows[first]), family->help);
    for (unsigned p = 0; p < w->parts.n; p++) {
        const struct str part = str_cut(&left, '\0');
        const uint64_t *numbers = w->parts.numbers + (size_t)p * w->table->n;
        for (unsigned r = first; r < w->table->n_rows; r++)
            if (strcmp(names[r].name, family->name) == 0)
                add_row(w, &names[r], &w->table->rows[r], part, numbers);
    }
}

#define ROWS_MAX 128

static bool is_first(const struct metric *names, unsigned r)
{
    for (unsigned i = 0; i < r; i++)
        if (strcmp(names[i].name, names[r].name) == 0)
            return false;
    return true;
}

static void add_table(const struct writer *w)
{
    struct metric names[ROWS_MAX];
    const unsigned n = w->table->n_rows < ROWS_MAX ? w->table->n_rows : ROWS_MAX;
    for (unsigned r = 0; r < n; r++)
        names[r] = metric_of(w->scope, &w->table->rows[r]);
    for (unsigned r = 0; r < n; r++)
        if (is_first(names, r))
            add_family(w, names, r);
}

static void add_left_out(struct buf *out, const struct web_view *v)
{
    const char *name = "stird_metrics_left_out";
    const struct label trunks[EXPOSITION_LABELS_MAX] = {{"kind", STR("trunks")}},
                       upstreams[EXPOSITION_LABELS_MAX] = {{"kind", STR("upstreams")}};
    exposition_family(
        out, name, "gauge",
        "trunks and upstreams that have no metrics of their own, as there are so many");
    exposition_sample(out, name, trunks, v->trunks.left_out);
    exposition_sample(out, name, upstreams, v->upstreams.left_out);
}

void metrics_add(struct buf *out, const struct web_view *v)
{
    const struct writer writers[] = {
        {out, METRIC_all, &counters_of_all, {.numbers = v->all, .n = 1}, NULL},
        {out, METRIC_service, &counters_of_service, {.numbers = v->service, .n = 1}, NULL},
        {out, METRIC_trunk, &counters_of_trunk, v->trunks, "trunk"},
        {out, METRIC_upstream, &counters_of_upstream, v->upstreams, "upstream"},
    };
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        add_table(&writers[i]);
    add_left_out(out, v);
    gauges_add(out, v);
}
