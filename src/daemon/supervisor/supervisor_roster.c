/* The children as people see them: which there are and which are missing, by the table of roles. */
#include "loop.h"

static void count_missing(struct supervisor *s, struct child *c, void *user)
{
    *(uint64_t *)user += c->role->missed && supervisor_keeps(s, c) && child_is_missing(c);
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

/* What was counted of a place, or of all places of a role that keeps one child. */
struct fates {
    uint64_t deaths, hangs;
};

static struct fates fates_of(const struct child *places, unsigned n)
{
    struct fates all = {0};
    for (unsigned i = 0; i < n; i++) {
        all.deaths += places[i].deaths;
        all.hangs += places[i].hangs_ever;
    }
    return all;
}

static void put_child(struct json *j, const struct child *c, struct fates fates, int64_t now_ms)
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
    put_integer(j, STR("deaths"), (int64_t)fates.deaths);
    put_integer(j, STR("hangs"), (int64_t)fates.hangs);
    json_end_object(j);
}

static void put_all(const struct supervisor *s, struct json *j, const struct child_role *role,
                    int64_t now_ms)
{
    const struct child *places = supervisor_places(s, role->id);
    json_begin_array(j);
    for (unsigned i = 0; i < role->duty->kept(s); i++)
        put_child(j, &places[i], fates_of(&places[i], 1), now_ms);
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
            put_child(j, supervisor_kept(s, role->id),
                      fates_of(supervisor_places(s, role->id), role->places), now_ms);
    }
}

const struct part part_roster = {.name = "roster", .count = count, .put_status = put_status};
