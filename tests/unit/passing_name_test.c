/* Names that peers write into requests: how many are kept, and how long. */
#include "name_server.h"

static struct name_answer look_up_passing(struct server *s, unsigned i, uint64_t asker)
{
    char host[32];
    snprintf(host, sizeof(host), "peer%u.example", i);
    struct name_query q = by_name(host, NULL);
    q.passing = true;
    q.asker = asker;
    return resolver_look_up(s->resolver, &q);
}

static void test_peers_have_a_small_room(void **state)
{
    struct server *s = *state;
    unsigned asked = 0;
    while (look_up_passing(s, asked, asked / 20).state == NAME_PENDING)
        asked++;
    assert_int_equal(asked, 100);
    assert_int_equal(resolver_names_refused(s->resolver), 1);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN); /* ours are not in their way */
    run_until_asked(s, 101);
    assert_int_equal(look_up_passing(s, 1000, 7).state, NAME_FAILED); /* they were just looked up */
    ahead_ms += 5001;
    for (unsigned i = 0; i < 50; i++) /* asked again, as they are looked up again */
        assert_int_equal(look_up_passing(s, i, i / 20).state, NAME_PENDING);
    for (unsigned i = 0; i < 50; i++) /* in the place of others */
        assert_int_equal(look_up_passing(s, 1000 + i, 10 + i / 20).state, NAME_PENDING);
    assert_int_equal(look_up_passing(s, 2000, 20).state, NAME_FAILED);
}

/* Whoever writes many names takes no place of others. */
static void test_each_asker_has_a_part(void **state)
{
    struct server *s = *state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_PENDING);
    for (unsigned i = 20; i < 200; i++)
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_FAILED);
    assert_int_equal(look_up_passing(s, 0, 1).state, NAME_PENDING);
    assert_int_equal(look_up_passing(s, 0, 2).state, NAME_PENDING); /* it is there */
    assert_int_equal(look_up_passing(s, 300, 2).state, NAME_PENDING);
    run_until_asked(s, 21);
    ahead_ms += 5001;
    for (unsigned i = 400; i < 420; i++) /* its own give way, and nobody else's */
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_PENDING);
    struct name_query q = by_name("peer300.example", NULL);
    q.passing = q.known = true;
    unsigned refused = (unsigned)resolver_names_refused(s->resolver);
    assert_int_equal(refused, 180);
    assert_int_equal(look_up_passing(s, 300, 1).state, NAME_PENDING);
    assert_int_equal(resolver_names_refused(s->resolver), refused);
}

static void test_what_peers_wrote_is_not_asked_for_again(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    q.passing = true;
    assert_int_equal(settled(s, &q).n, 1);
    unsigned before = s->questions;
    ahead_ms += 30000;
    run_for(s, 1500);
    assert_int_equal(s->questions, before);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN); /* the old answer goes, and it is asked for again */
    assert_int_equal(answer.n, 1);
    while (s->questions == before)
        run_for(s, 5);
    ahead_ms += 61000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_PENDING); /* forgotten */
}

/* What only counts as far as it is known has nothing asked for, and nothing kept. */
static void test_what_is_known(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    q.passing = q.known = true;
    run_for(s, 50);
    unsigned before = s->questions;
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_FAILED);
    run_for(s, 200);
    assert_int_equal(s->questions, before);
    q.known = false;
    assert_int_equal(settled(s, &q).n, 1);
    q.known = true;
    before = s->questions;
    for (unsigned i = 0; i < 2; i++) { /* its time to live is over, and it is still known */
        ahead_ms += 28000;
        assert_int_equal(resolver_look_up(s->resolver, &q).n, 1);
    }
    ahead_ms += 6000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_FAILED);
    assert_int_equal(s->questions, before);
    q.known = q.passing = false;
    assert_int_equal(settled(s, &q).n, 1);
    q.known = q.passing = true;
    assert_int_equal(resolver_look_up(s->resolver, &q).n, 1); /* a configured one counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_peers_have_a_small_room),
        WITH_SERVER(test_each_asker_has_a_part),
        WITH_SERVER(test_what_peers_wrote_is_not_asked_for_again),
        WITH_SERVER(test_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
