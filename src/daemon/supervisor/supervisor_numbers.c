/*
 * stirctl numbers set, block, unset, list. A change is checked, written to the journal, and then in
 * force; the answer says what holds for the number afterwards.
 */
#include "supervisor_overlay.h"
#include "worker_places.h"

#include <errno.h>
#include <stdio.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/suggest.h>
#include <stird/core/certificate_rows.h>
#include <stird/core/masked.h>
#include <stird/core/number_plan.h>
#include <stird/core/trunk_customers.h>
#include <stird/io/admin.h>
#include <stird/io/numbers_files.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_LIMIT_MS      20000 /* for workers; a hanging one is replaced in a few seconds */
#define CUSTOMERS_TOLD_MAX 32

/* As a number table has them. */
static const struct str columns[OVERLAY_FIELDS] = {
    [OVERLAY_NUMBER] = STR("number"),       [OVERLAY_CUSTOMER] = STR("customer"),
    [OVERLAY_STATE] = STR("state"),         [OVERLAY_NOT_BEFORE] = STR("not_before"),
    [OVERLAY_NOT_AFTER] = STR("not_after"), [OVERLAY_CERT] = STR("cert"),
    [OVERLAY_NOTE] = STR("note"),
};

static void split(struct str text, struct str field[OVERLAY_FIELDS])
{
    for (int i = 0; i < OVERLAY_FIELDS; i++)
        field[i] = text.p ? str_cut(&text, '\0') : STR("");
}

static void refuse(struct asker *a, const struct buf *why)
{
    bool told = !buf_failed(why) && why->n > 0 && why->n <= ADMIN_REPLY_MAX;
    asker_answer(a, ASKER_REFUSED, told ? buf_str(why) : STR("out of memory"));
}

static int32_t today(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    return time_zone_local(&settings->zones[settings->numbers_zone], clock_real_s()).day;
}

/* ---- what the tables say, with the urgent changes of FD (-1: none) ---- */

struct tables {
    struct mapped_numbers numbers, urgent;
    int32_t today;
};

static void tables_fini(struct tables *t)
{
    if (t->numbers.table)
        numbers_unmap(&t->numbers);
    if (t->urgent.table)
        numbers_unmap(&t->urgent);
}

static bool tables_get(struct tables *t, const struct supervisor *s, int fd)
{
    const char *why;
    *t = (struct tables){.today = today(s)};
    return numbers_map(&t->numbers, s->current.numbers_fd, &why) &&
           (fd < 0 || numbers_map(&t->urgent, fd, &why));
}

/* Every customer that a row names, once. */
struct standing {
    struct str customer[CUSTOMERS_TOLD_MAX];
    size_t n;
    bool more;
};

static void add_customer(void *user, const struct numbers_row *row)
{
    struct standing *standing = user;
    for (size_t i = 0; i < standing->n; i++)
        if (str_eq(standing->customer[i], row->customer))
            return;
    standing->more = standing->n == CUSTOMERS_TOLD_MAX;
    if (!standing->more)
        standing->customer[standing->n++] = row->customer;
}

static void put(struct json *j, const char *key, struct str value)
{
    json_put_key(j, str_of(key));
    json_put_string(j, value);
}

static void put_standing(struct json *j, struct str customer, const struct numbers_answer *a,
                         bool urgent)
{
    json_begin_object(j);
    put(j, "customer", customer);
    put(j, "state", number_state_name(a->state));
    json_put_key(j, STR("urgent"));
    json_put_bool(j, urgent);
    put(j, "file", a->file);
    json_put_key(j, STR("line"));
    json_put_integer(j, a->line);
    json_end_object(j);
}

/* Puts what holds for each customer, as calls are decided. A blocked number is blocked for
   everybody, which is said once. */
static unsigned put_standings(struct json *j, const struct tables *t, const struct tn *number)
{
    struct standing standing = {.n = 0};
    struct numbers_answer a;
    unsigned owners = 0;
    numbers_rows_urgent(t->urgent.table, t->numbers.table, number, t->today, add_customer,
                        &standing);
    for (size_t i = 0; i < standing.n; i++) {
        numbers_lookup_urgent(t->urgent.table, t->numbers.table, number, standing.customer[i],
                              t->today, &a);
        bool blocked = a.state == NUMBER_BLOCKED;
        put_standing(j, blocked ? a.customer : standing.customer[i], &a,
                     a.table && a.table == t->urgent.table);
        owners += a.state == NUMBER_OWNED;
        if (blocked)
            break;
    }
    return owners;
}

/* Answers what holds for the asker's number, once every worker has the changes. */
static void tell_standing(struct supervisor *s, struct asker *a)
{
    struct tables t;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("in_force"));
    json_put_integer(&j, (int64_t)overlay_count(supervisor_overlay(s)));
    put(&j, "number", tn_str(&a->number));
    json_put_key(&j, STR("now"));
    json_begin_array(&j);
    bool good = tables_get(&t, s, supervisor_overlay_fd(s));
    unsigned owners = good ? put_standings(&j, &t, &a->number) : 0;
    json_end_array(&j);
    if (owners > 1)
        put(&j, "note", STR("two customers own it, and both get an A"));
    json_end_object(&j);
    if (good)
        asker_answer(a, buf_failed(&out) ? ASKER_REFUSED : 0,
                     buf_failed(&out) ? STR("out of memory") : buf_str(&out));
    else
        asker_answer(a, ASKER_REFUSED,
                     STR("the change is in force; what holds now cannot be told: no "
                         "memory"));
    tables_fini(&t);
    buf_fini(&out);
}

static void tell_if_in_force(struct supervisor *s, struct asker *a, void *user)
{
    (void)user;
    if (supervisor_overlay_in_use(s, a->ticket))
        tell_standing(s, a);
}

void supervisor_numbers_tell(struct supervisor *s)
{
    asker_each(s, &part_overlay, tell_if_in_force, NULL);
}

void supervisor_numbers_late(struct supervisor *s, struct asker *a)
{
    struct buf out = BUF_INIT;
    buf_addf(
        &out,
        "the change is in the journal and each new worker begins with it, but %u of %u workers "
        "have not taken it yet: their calls are decided as before (stirctl status)",
        supervisor_overlay_without(s, a->ticket), worker_count(s));
    refuse(a, &out);
    buf_fini(&out);
}

/* ---- what is not set ---- */

static struct str nearest_customer(const struct settings *s, const struct numbers *table,
                                   struct str customer)
{
    unsigned distance = SUGGEST_FAR;
    struct str nearest = STR(""), name;
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (suggest_is_nearer(customer, s->trunks[i].customer, &distance))
            nearest = s->trunks[i].customer;
    for (unsigned i = 0; i < s->n_customers; i++)
        if (suggest_is_nearer(customer, s->customers[i].name, &distance))
            nearest = s->customers[i].name;
    for (uint32_t i = 0; (name = numbers_customer_name(table, i)).n > 0; i++)
        if (suggest_is_nearer(customer, name, &distance))
            nearest = name;
    return nearest;
}

/* A row that blocks does so for everybody, so its customer may be any word. */
static void check_customer(const struct settings *s, const struct numbers *table,
                           const struct str field[OVERLAY_FIELDS], struct buf *why)
{
    struct str customer = field[OVERLAY_CUSTOMER];
    if (customer.n == 0 || customer_is_known(s, table, customer) ||
        str_eq_nocase(field[OVERLAY_STATE], number_state_name(NUMBER_BLOCKED)))
        return;
    struct str nearest = nearest_customer(s, table, customer);
    buf_addf(why, "%scustomer \"", why->n > 0 ? "; " : "");
    buf_add_escaped(why, customer);
    buf_add_text(why, "\" is unknown: no trunk, no customers entry and no table names it");
    if (nearest.n > 0) {
        buf_add_text(why, " (did you mean \"");
        buf_add_escaped(why, nearest);
        buf_add_text(why, "\"?)");
    }
}

/* Checks it as the rows of tables are checked. */
static void check_certificate(const struct settings *s, const struct str field[OVERLAY_FIELDS],
                              struct buf *why)
{
    struct buf fault = BUF_INIT;
    if (!certificate_row_check(s, field[OVERLAY_CUSTOMER], field[OVERLAY_CERT], &fault))
        buf_addf(why, "%scert: %.*s", why->n > 0 ? "; " : "", STR_ARG(buf_str(&fault)));
    buf_fini(&fault);
}

/* A row of a number that cannot exist may only block calls; it cannot give the number to
   anybody. */
static void check_number(const struct str field[OVERLAY_FIELDS], struct buf *why)
{
    struct tn number;
    if (!tn_from_digits(&number, field[OVERLAY_NUMBER]) ||
        str_eq_nocase(field[OVERLAY_STATE], number_state_name(NUMBER_BLOCKED)))
        return;
    enum tn_fault fault = number_plan_check(&number);
    if (fault != TN_OK)
        buf_addf(why, "%s+%.*s cannot exist (%.*s) and can only be blocked", why->n > 0 ? "; " : "",
                 (int)number.n, number.digits, STR_ARG(tn_fault_text(fault)));
}

static void add_problems(struct buf *why, const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++)
        buf_addf(why, "%s%s", why->n > 0 ? "; " : "", problems->list[i].text);
    if (problems->out_of_memory)
        buf_addf(why, "%sout of memory", why->n > 0 ? "; " : "");
}

/* Checks it as a row of a table. What the journal has said of the number is not repeated. */
static void check_row(const struct str field[OVERLAY_FIELDS], bool number_is_told, struct buf *why)
{
    struct problems problems = PROBLEMS_INIT;
    struct str row[OVERLAY_FIELDS];
    memcpy(row, field, sizeof(row));
    if (number_is_told)
        row[OVERLAY_NUMBER] = STR("+12155550100");
    numbers_row_check(columns, row, OVERLAY_FIELDS, &problems);
    add_problems(why, &problems);
    problems_fini(&problems);
}

/* All that is wrong with a change, in words behind those that the journal found. */
static void check_change(const struct supervisor *s, const struct str field[OVERLAY_FIELDS],
                         struct buf *why)
{
    struct tables t;
    bool number_is_told = why->n > 0;
    check_row(field, number_is_told, why);
    if (!number_is_told)
        check_number(field, why);
    if (tables_get(&t, s, -1)) {
        check_customer(s->current.settings, t.numbers.table, field, why);
        check_certificate(s->current.settings, field, why);
    } else {
        buf_addf(why, "%sno memory to look into the tables", why->n > 0 ? "; " : "");
    }
    tables_fini(&t);
}

struct owners {
    struct str customer;           /* of the change */
    struct numbers_row own, other; /* its row, and another customer's that owns on the same days */
};

static void see_own(void *user, const struct numbers_row *row)
{
    struct owners *o = user;
    if (row->state == NUMBER_OWNED && str_eq(row->customer, o->customer))
        o->own = *row;
}

static void see_other(void *user, const struct numbers_row *row)
{
    struct owners *o = user;
    if (o->own.file.n > 0 && row->state == NUMBER_OWNED && !str_eq(row->customer, o->customer) &&
        row->not_before <= o->own.not_after && o->own.not_before <= row->not_after)
        o->other = *row;
}

/* An urgent change replaces the table's owner, but not that of another urgent change. */
static void check_owners(const struct supervisor *s, int fd, const struct tn *number,
                         struct str customer, struct buf *why)
{
    struct tables t;
    struct owners owners = {.customer = customer};
    if (s->current.settings->numbers_two_owners != NUMBERS_TWO_OWNERS_REFUSE)
        return;
    if (tables_get(&t, s, fd)) {
        numbers_rows(t.urgent.table, number, t.today, see_own, &owners);
        numbers_rows(t.urgent.table, number, t.today, see_other, &owners);
    } else {
        buf_add_text(why, "no memory to look into the tables");
    }
    if (owners.other.file.n > 0)
        buf_addf(why,
                 "another customer owns the number by an urgent change (%.*s:%u) on the same days: "
                 "unset that one first (numbers.two_owners)",
                 STR_ARG(owners.other.file), owners.other.line);
    tables_fini(&t);
}

/* ---- changes ---- */

static void add_compile_problems(struct buf *why, const struct problems *problems)
{
    add_problems(why, problems);
    if (why->n == 0)
        buf_add_text(why, "the change cannot be compiled");
}

static void add_write_error(struct buf *why, struct supervisor *s, int error)
{
    supervisor_overlay_lost(s);
    buf_addf(why, "nothing has changed: the journal %.*s cannot be written: %s",
             STR_ARG(overlay_path(supervisor_overlay(s))),
             error == -ESTALE ? "somebody took it away or cut it; stirctl reload writes it anew"
                              : strerror(-error));
    log_error("an urgent change of a number could not be written and is not in force",
              LOG_CSTR("error", strerror(-error)));
}

/* Checked by the compile, then written, and only then in force. False with *WHY; nothing changed.
 */
static bool commit(struct supervisor *s, const struct tn *number, struct str customer,
                   struct buf *why)
{
    struct problems problems = PROBLEMS_INIT;
    int fd = -1;
    if (!numbers_overlay_compile(supervisor_overlay(s), &fd, &problems))
        add_compile_problems(why, &problems);
    else if (fd >= 0)
        check_owners(s, fd, number, customer, why);
    if (why->n > 0 || buf_failed(why)) {
        overlay_revert(supervisor_overlay(s));
    } else {
        int r = overlay_write(supervisor_overlay(s));
        if (r)
            add_write_error(why, s, r);
    }
    problems_fini(&problems);
    if (why->n > 0 || buf_failed(why)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    supervisor_overlay_use(s, fd);
    return true;
}

static void log_change(const struct supervisor *s, const char *what, const struct tn *number,
                       const struct str field[OVERLAY_FIELDS], uint32_t uid)
{
    const struct tn shown = masked_number(number, s->current.settings->mask_numbers);
    log_info(what, LOG_TEXT("number", tn_str(&shown)),
             LOG_TEXT("customer", field[OVERLAY_CUSTOMER]), LOG_TEXT("state", field[OVERLAY_STATE]),
             LOG_NUMBER("user", uid));
}

static void add_fault(struct buf *why, struct str number, const char *fault)
{
    buf_add_char(why, '"');
    buf_add_escaped(why, str_slice(number, 0, 40));
    buf_addf(why, "\": %s", fault);
}

static void change(struct supervisor *s, struct asker *a, struct str text, bool set, int64_t now_ms)
{
    struct str field[OVERLAY_FIELDS];
    struct buf why = BUF_INIT;
    const uint32_t uid = a->uid;
    split(text, field);
    const char *fault = set ? overlay_set(supervisor_overlay(s), field, clock_real_s(), uid)
                            : overlay_unset(supervisor_overlay(s), field[OVERLAY_NUMBER],
                                            field[OVERLAY_CUSTOMER], clock_real_s(), uid);
    if (fault)
        add_fault(&why, field[OVERLAY_NUMBER], fault);
    if (set)
        check_change(s, field, &why);
    if (!fault && why.n > 0)
        overlay_revert(supervisor_overlay(s));
    /* The journal has read it as a number. */
    if (why.n == 0 && tn_from_digits(&a->number, field[OVERLAY_NUMBER]) &&
        commit(s, &a->number, set ? field[OVERLAY_CUSTOMER] : STR(""), &why)) {
        log_change(s,
                   set ? "a number was changed ahead of the tables"
                       : "an urgent change of a number was taken back",
                   &a->number, field, uid);
        asker_wait(a, &part_overlay, supervisor_overlay_generation(s), now_ms + WAIT_LIMIT_MS);
        supervisor_numbers_tell(s);
    } else {
        refuse(a, &why);
    }
    buf_fini(&why);
}

static void act_set(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    change(s, a, text, true, now_ms);
}

static void act_unset(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    change(s, a, text, false, now_ms);
}

/* ---- the list ---- */

static void put_time(struct json *j, int64_t seconds)
{
    char text[32];
    struct tm broken;
    time_t t = (time_t)seconds;
    size_t n = 0;
    if (gmtime_r(&t, &broken))
        n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
    json_put_string(j, (struct str){text, n});
}

struct listing {
    struct json *json;
    const struct settings *settings;
    const struct numbers *table; /* NULL: no memory */
};

/* A certificate or a customer that was there when the change was made may be gone after a reload.
 */
static void put_fault(const struct listing *l, const struct str *field)
{
    struct buf why = BUF_INIT;
    if (!certificate_row_check(l->settings, field[OVERLAY_CUSTOMER], field[OVERLAY_CERT], &why))
        put(l->json, "fault", buf_str(&why));
    buf_reset(&why);
    if (l->table)
        check_customer(l->settings, l->table, field, &why);
    if (why.n > 0)
        put(l->json, "unknown", buf_str(&why));
    buf_fini(&why);
}

static void put_entry(void *user, uint32_t line, const struct str *field, int64_t changed_s,
                      uint32_t uid)
{
    const struct listing *listing = user;
    struct json *j = listing->json;
    if (j->out->n > ADMIN_REPLY_MAX / 2)
        return; /* the count below tells that there are more */
    json_begin_object(j);
    for (int i = 0; i < OVERLAY_FIELDS; i++)
        put(j, columns[i].p, field[i]);
    json_put_key(j, STR("line"));
    json_put_integer(j, line);
    json_put_key(j, STR("changed"));
    put_time(j, changed_s);
    json_put_key(j, STR("user"));
    json_put_integer(j, uid);
    put_fault(listing, field);
    json_end_object(j);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    put(&j, "journal", overlay_path(supervisor_overlay(s)));
    json_put_key(&j, STR("entries"));
    json_begin_array(&j);
    struct tables tables;
    bool known = tables_get(&tables, s, -1);
    struct listing listing = {&j, s->current.settings, known ? tables.numbers.table : NULL};
    overlay_each(supervisor_overlay(s), put_entry, &listing);
    tables_fini(&tables);
    json_end_array(&j);
    json_put_key(&j, STR("in_force"));
    json_put_integer(&j, (int64_t)overlay_count(supervisor_overlay(s)));
    json_end_object(&j);
    asker_answer(a, buf_failed(&out), buf_str(&out));
    buf_fini(&out);
}

const struct ask supervisor_numbers_asks[] = {{ADMIN_NUMBERS_SET, act_set, CONTROL_CHANGE},
                                              {ADMIN_NUMBERS_UNSET, act_unset, CONTROL_CHANGE},
                                              {ADMIN_NUMBERS_LIST, act_list, CONTROL_LOOK},
                                              {.act = NULL}};
