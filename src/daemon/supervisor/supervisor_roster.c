/* The children as people see them: which there are and which are missing, by the table of roles. */
#include "loop.h"

/* The very first one, still on its way, is not missing: its start has a limit of its own. */
static bool is_missing(const struct child *c)
{
    return c->state != CHILD_SERVING && !(c->state == CHILD_STARTING && c->deaths == 0);
}

static void count_missing(struct supervisor *s, struct child *c, void *user)
{
    *(uint64_t *)user += c->role->missed && supervisor_keeps(s, c) && is_missing(c);
}

static uint64_t missing(const struct supervisor *s)
{
    uint64_t n = 0;
    supervisor_each_child((struct supervisor *)(uintptr_t)s, count_missing, &n);
    return n;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_child_missing] = missing(s);
    values[ALARM_child_replaced] = supervisor_count_deaths(s);
}

static void put_integer(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_child(struct json *j, const struct child *c, int64_t now_ms)
{
    static const char *const states[] = {
        [CHILD_NONE] = "none", [CHILD_STARTING] = "starting", [CHILD_SERVING] = "serving"};
    json_begin_object(j);
    json_put_key(j, STR("state"));
    json_put_string(j, str_of(states[c->state]));
    if (c->pid > 0) {
        put_integer(j, STR("pid"), c->pid);
        put_integer(j, STR("up_s"), (now_ms - c->started_ms) / 1000);
    }
    put_integer(j, STR("deaths"), (int64_t)c->deaths);
    put_integer(j, STR("hangs"), (int64_t)c->hangs_ever);
    json_end_object(j);
}

static void put_all(const struct supervisor *s, struct json *j, const struct child_role *role,
                    int64_t now_ms)
{
    const struct child *places = supervisor_places(s, role->id);
    json_begin_array(j);
    for (unsigned i = 0; i < role->duty->kept(s); i++)
        put_child(j, &places[i], now_ms);
    json_end_array(j);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    for (unsigned r = 0; r < s->n_roles; r++) {
        const struct child_role *role = &s->roles[r];
        if (!role->shown || role->duty->kept(s) == 0)
            continue;
        json_put_key(j, str_of(role->shown));
        if (role->numbered)
            put_all(s, j, role, now_ms);
        else
            put_child(j, supervisor_kept(s, role->id), now_ms);
    }
}

const struct part part_roster = {.name = "roster", .count = count, .put_status = put_status};
