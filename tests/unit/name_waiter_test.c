/* Who waits for a name is told when it has an answer. */
#include "name_server.h"

#include <stird/base/container_of.h>

struct reader {
    struct name_waiter waiter;
    struct resolver *resolver;
    struct name_query query;
    unsigned told;
    enum name_state state; /* when it was told */
    bool again;            /* it waits for the rest, when there is any */
};

/* Of any number of waiters each looks up again, and may wait again. */
static void on_answered(struct name_waiter *waiter)
{
    struct reader *r = container_of(waiter, struct reader, waiter);
    assert_null(waiter->link);
    r->told++;
    r->query.waiter = r->again ? waiter : NULL;
    r->state = resolver_look_up(r->resolver, &r->query).state;
}

static struct reader reader_of(struct server *s, const char *host, const char *service)
{
    return (struct reader){.waiter = {.answered = on_answered},
                           .resolver = s->resolver,
                           .query = by_name(host, service)};
}

static enum name_state ask(struct reader *r)
{
    r->query.waiter = &r->waiter;
    return resolver_look_up(r->resolver, &r->query).state;
}

static void until_told(struct server *s, const struct reader *r)
{
    for (int i = 0; r->told == 0 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_int_equal(r->told, 1);
}

static void test_who_waits_is_told(void **state)
{
    struct server *s = *state;
    struct reader a = reader_of(s, "plain.example", NULL), b = a, left = a,
                  none = reader_of(s, "nowhere.example", NULL);
    assert_int_equal(ask(&a), NAME_PENDING);
    assert_int_equal(ask(&a), NAME_PENDING); /* twice is once */
    assert_int_equal(ask(&b), NAME_PENDING);
    assert_int_equal(ask(&left), NAME_PENDING);
    assert_int_equal(ask(&none), NAME_PENDING);
    name_waiter_leave(&left.waiter);
    name_waiter_leave(&left.waiter);
    assert_int_equal(a.told + b.told + none.told, 0);
    until_told(s, &a);
    until_told(s, &b);
    until_told(s, &none);
    assert_int_equal(a.state, NAME_KNOWN);
    assert_int_equal(b.state, NAME_KNOWN);
    assert_int_equal(none.state, NAME_FAILED);
    assert_int_equal(left.told, 0);
    assert_int_equal(ask(&a), NAME_KNOWN); /* there is nothing to wait for */
    assert_null(a.waiter.link);
}

/* A wait for one name ends when another one is looked up; the end of all tells nobody. */
static void test_one_name_a_waiter(void **state)
{
    struct server *s = *state;
    static struct reader late; /* outlives the resolver */
    struct reader r = reader_of(s, "plain.example", NULL);
    late = reader_of(s, "carrier.example", "_sip._udp");
    assert_int_equal(ask(&r), NAME_PENDING);
    r.query = by_name("not a name", NULL);
    assert_int_equal(ask(&r), NAME_FAILED);
    assert_null(r.waiter.link);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN);
    assert_int_equal(r.told, 0);
    assert_int_equal(ask(&late), NAME_PENDING);
}

/* What is known by its first part may be waited for until it is whole. */
static void test_who_waits_for_the_rest(void **state)
{
    struct server *s = *state;
    struct reader r = reader_of(s, "carrier.example", "_sip._udp");
    r.again = true;
    assert_int_equal(ask(&r), NAME_PENDING);
    for (int i = 0; r.told < 2 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_int_equal(r.told, 2);
    assert_null(r.waiter.link);
    assert_int_equal(r.state, NAME_KNOWN);
    assert_false(resolver_look_up(s->resolver, &r.query).handed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_who_waits_is_told),
        WITH_SERVER(test_one_name_a_waiter),
        WITH_SERVER(test_who_waits_for_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
