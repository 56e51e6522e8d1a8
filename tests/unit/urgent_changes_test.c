/*
 * Random sequences of what operators do: set, block, unset, a disk that is full, a restart, a
 * reload with other tables, one that fails. After each step the answers are those of a model that
 * knows only the tables in force and the changes that were accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "numbers_oracle.h"
#include "numbers_table_helper.h"

#include <stird/io/overlay.h>

#define CUSTOMERS 4 /* and a fifth one that nobody knows */
#define LENGTH    7
#define FIRST     5550000u
#define NUMBERS   4u /* that changes are made of, from FIRST on: few, so that they meet */

struct world {
    struct oracle model; /* the table's rows, then the urgent ones */
    struct table table;
    struct overlay *overlay;
    char directory[64], journal[96];
    struct buf said; /* what was done, for a failure */
};

static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};

static void remove_row(struct oracle *o, unsigned i)
{
    memmove(&o->row[i], &o->row[i + 1], (o->n - i - 1) * sizeof(o->row[0]));
    o->n--;
}

/* CUSTOMER below 0: all. */
static bool forget(struct oracle *o, uint64_t number, int customer)
{
    bool any = false;
    for (unsigned i = o->n; i-- > 0;) {
        if (!o->row[i].urgent || o->row[i].low != number ||
            (customer >= 0 && o->row[i].customer != (unsigned)customer))
            continue;
        remove_row(o, i);
        any = true;
    }
    return any;
}

/* Other tables; the urgent changes stay. */
static void reload(struct world *w)
{
    struct oracle before = w->model;
    struct buf text = BUF_INIT;
    fill(&w->model, random_below(8), 0);
    write_table(&w->model, false, &text);
    for (unsigned i = 0; i < before.n; i++)
        if (before.row[i].urgent)
            w->model.row[w->model.n++] = before.row[i];
    if (w->table.numbers)
        table_fini(&w->table);
    w->table = compile_text((buf_add_char(&text, '\0'), text.p));
    buf_addf(&w->said, "reload:\n%s", text.p);
    buf_fini(&text);
}

/* A failed one: nothing at all. A journal that is long is written anew before. */
static void reload_in_vain(struct world *w)
{
    assert_int_equal(overlay_compact(w->overlay), 0);
    buf_add_text(&w->said, "reload in vain\n");
}

static void restart(struct world *w)
{
    struct problems problems = PROBLEMS_INIT;
    overlay_free(w->overlay);
    w->overlay = overlay_read(str_of(w->directory), &problems);
    assert_non_null(w->overlay);
    assert_int_equal(problems.n, 0);
    buf_add_text(&w->said, "restart\n");
}

static struct str number_text(struct buf *text, uint64_t number)
{
    buf_addf(text, "+%lu", (unsigned long)number);
    return buf_str(text);
}

static struct str customer_text(struct buf *text, unsigned customer)
{
    buf_addf(text, "c%u", customer);
    return buf_str(text);
}

static struct str date_of(struct buf *text, int32_t d)
{
    if (d != INT32_MIN && d != INT32_MAX)
        buf_addf(text, "1970-01-%02d", d + 1);
    return buf_str(text);
}

/* WRITTEN: the disk takes it. */
static void set(struct world *w, const struct oracle_row *row, bool written)
{
    struct buf text[4] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    const struct str field[OVERLAY_FIELDS] = {
        [OVERLAY_NUMBER] = number_text(&text[0], row->low),
        [OVERLAY_CUSTOMER] = customer_text(&text[1], row->customer),
        [OVERLAY_STATE] = str_of(states[row->state]),
        [OVERLAY_NOT_BEFORE] = date_of(&text[2], row->from),
        [OVERLAY_NOT_AFTER] = date_of(&text[3], row->to),
    };
    assert_null(overlay_set(w->overlay, field, 1, 0));
    buf_addf(&w->said, "set%s %lu c%u %s %d %d\n", written ? "" : " in vain",
             (unsigned long)row->low, row->customer, states[row->state], row->from, row->to);
    if (written) {
        assert_int_equal(overlay_write(w->overlay), 0);
        forget(&w->model, row->low, (int)row->customer);
        w->model.row[w->model.n++] = *row;
    } else {
        overlay_revert(w->overlay);
    }
    for (int i = 0; i < 4; i++)
        buf_fini(&text[i]);
}

static void unset(struct world *w, uint64_t number, int customer, bool written)
{
    struct buf text[2] = {BUF_INIT, BUF_INIT};
    struct oracle before = w->model;
    bool any = forget(&w->model, number, customer);
    struct str of = customer < 0 ? STR("") : customer_text(&text[1], (unsigned)customer);
    const char *why = overlay_unset(w->overlay, number_text(&text[0], number), of, 1, 0);
    buf_addf(&w->said, "unset%s %lu c%d\n", written ? "" : " in vain", (unsigned long)number,
             customer);
    assert_int_equal(why == NULL, any);
    if (any && written)
        assert_int_equal(overlay_write(w->overlay), 0);
    if (!written) {
        overlay_revert(w->overlay);
        w->model = before;
    }
    buf_fini(&text[0]);
    buf_fini(&text[1]);
}

static void step(struct world *w)
{
    unsigned kind = random_below(20);
    struct oracle_row row = random_row();
    bool written = random_below(8) > 0;
    row.urgent = true;
    row.prefix = false;
    row.length = LENGTH;
    row.low = row.high = FIRST + random_below(NUMBERS);
    if (kind == 0)
        reload(w);
    else if (kind == 1)
        reload_in_vain(w);
    else if (kind == 2)
        restart(w);
    else if (kind < 8)
        unset(w, row.low, random_below(2) ? -1 : (int)row.customer, written);
    else if (w->model.n < ORACLE_ROWS)
        set(w, &row, written);
}

static void compare(const struct world *w, const struct numbers *urgent, uint64_t number,
                    unsigned customer, int32_t today)
{
    struct numbers_answer a;
    struct tn tn;
    char digits[16], name[8];
    enum number_state want;
    snprintf(digits, sizeof(digits), "%lu", (unsigned long)number);
    snprintf(name, sizeof(name), "c%u", customer);
    assert_true(tn_from_digits(&tn, str_of(digits)));
    oracle_answer(&w->model, number, LENGTH, customer, today, &want);
    numbers_lookup_urgent(urgent, w->table.numbers, &tn, str_of(name), today, &a);
    if (a.state != want)
        fail_msg("%.*s+%s of %s on day %d: %.*s by %.*s:%u, want %.*s", STR_ARG(buf_str(&w->said)),
                 digits, name, today, STR_ARG(number_state_name(a.state)), STR_ARG(a.file), a.line,
                 STR_ARG(number_state_name(want)));
}

static void compare_all(const struct world *w)
{
    struct buf csv = BUF_INIT;
    overlay_table(w->overlay, &csv);
    const struct numbers_source source = {
        .name = STR("journal"), .text = buf_str(&csv), .kind = NUMBERS_TABLE};
    struct table urgent = compile(&source, 1);
    for (unsigned n = 0; n <= NUMBERS; n++)
        for (unsigned c = 0; c <= CUSTOMERS; c++)
            for (int32_t today = -1; today < 12; today += 2)
                compare(w, urgent.numbers, FIRST + n, c, today);
    table_fini(&urgent);
    buf_fini(&csv);
}

static void after_any_sequence_what_was_said_is_in_force(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct world w = {.said = BUF_INIT};
        strcpy(w.directory, "/tmp/stird-urgent-XXXXXX");
        assert_non_null(mkdtemp(w.directory));
        snprintf(w.journal, sizeof(w.journal), "%s/%s", w.directory, OVERLAY_FILE);
        reload(&w);
        restart(&w);
        for (unsigned i = 0; i < 40; i++) {
            step(&w);
            compare_all(&w);
        }
        overlay_free(w.overlay);
        table_fini(&w.table);
        buf_fini(&w.said);
        unlink(w.journal);
        rmdir(w.directory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_any_sequence_what_was_said_is_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
