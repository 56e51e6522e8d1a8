/* Whatever the kernel does when it is asked for random octets, the caller gets all of them or a
   refusal that it cannot overlook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/types.h>

#include <stird/base/chance.h>

#include "net/peers.h"
#include <stird/net/dispatch.h>

/* What the calls of the kernel's do, one after the other; then all goes well. */
#define STEPS 4
static struct {
    ssize_t result;
    int error;
} steps[STEPS];
static unsigned at;
static bool broken;

ssize_t __wrap_getrandom(void *to, size_t n, unsigned flags);

ssize_t __wrap_getrandom(void *to, size_t n, unsigned flags)
{
    ssize_t result = (ssize_t)n;
    (void)flags;
    if (broken) {
        errno = ENOSYS;
        return -1;
    }
    if (at < STEPS && (steps[at].result != 0 || steps[at].error != 0)) {
        errno = steps[at].error;
        result = steps[at++].result;
    }
    if (result > 0)
        memset(to, 0xa5, (size_t)result);
    return result;
}

static int begin(void **state)
{
    (void)state;
    memset(steps, 0, sizeof(steps));
    at = 0;
    broken = false;
    return 0;
}

static void parts_become_a_whole(void **state)
{
    unsigned char room[16] = {0};
    (void)state;
    steps[0].result = 3;
    steps[1].result = -1, steps[1].error = EINTR;
    steps[2].result = 1;
    assert_true(chance_fill(room, sizeof(room)));
    for (size_t i = 0; i < sizeof(room); i++)
        assert_int_equal(room[i], 0xa5);
    assert_int_equal(at, 3);
}

static void none_is_told_and_leaves_no_half(void **state)
{
    static const unsigned char none[16];
    unsigned char room[16];
    (void)state;
    memset(room, 1, sizeof(room));
    steps[0].result = 5;
    steps[1].result = -1, steps[1].error = EFAULT;
    assert_false(chance_fill(room, sizeof(room)));
    assert_memory_equal(room, none, sizeof(none));
}

/* A seed that everybody could know is worse than no table. */
static void nobody_goes_on_without(void **state)
{
    struct dispatch_key key;
    (void)state;
    broken = true;
    assert_null(peers_new());
    assert_true(dispatch_key_make(&key) < 0);
    broken = false;
    struct peers *p = peers_new();
    assert_non_null(p);
    peers_free(p);
    assert_int_equal(dispatch_key_make(&key), 0);
}

/* The kernel is asked once for many; whoever comes next gets others, and none stays behind. */
static void a_stock_gives_each_octet_once(void **state)
{
    static struct chance_stock stock;
    static const unsigned char none[CHANCE_STOCK_BYTES];
    unsigned char room[CHANCE_STOCK_BYTES + 1];
    (void)state;
    for (unsigned i = 0; i < CHANCE_STOCK_BYTES / 16; i++) {
        memset(room, 0, 16);
        assert_true(chance_take(&stock, room, 16));
        for (unsigned k = 0; k < 16; k++)
            assert_int_equal(room[k], 0xa5);
        assert_int_equal(stock.left, CHANCE_STOCK_BYTES - 16 * (i + 1));
        assert_memory_equal(stock.octets + stock.left, none, sizeof(none) - stock.left);
        broken = true; /* nobody is asked any more */
    }
    memset(room, 1, sizeof(room));
    assert_false(chance_take(&stock, room, 16));
    assert_memory_equal(room, none, 16);
    assert_int_equal(stock.left, 0);
    broken = false;
    assert_true(chance_take(&stock, room, 16));
    assert_int_equal(stock.left, CHANCE_STOCK_BYTES - 16);
    assert_true(chance_take(&stock, room, sizeof(room))); /* more than it can have */
    assert_int_equal(stock.left, CHANCE_STOCK_BYTES - 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parts_become_a_whole, begin),
        cmocka_unit_test_setup(none_is_told_and_leaves_no_half, begin),
        cmocka_unit_test_setup(nobody_goes_on_without, begin),
        cmocka_unit_test_setup(a_stock_gives_each_octet_once, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
