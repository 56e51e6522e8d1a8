/* A snapshot: what belongs together lives as long as somebody holds it. */
#include <stird/io/snapshot.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1, 2, 3};

static int compile(const char *csv)
{
    const struct numbers_source source = {
        .name = STR("numbers.csv"), .text = str_of(csv), .kind = NUMBERS_TABLE};
    struct problems problems = PROBLEMS_INIT;
    struct buf image = BUF_INIT;
    int fd = memfd_create("numbers", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(numbers_compile(&source, 1, &image, NULL, &problems));
    assert_int_equal(write(fd, image.p, image.n), image.n);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
    buf_fini(&image);
    problems_fini(&problems);
    return fd;
}

static struct settings *make_settings(void)
{
    static const struct trunk trunks[] = {
        {.customer = {"globex", 6}}, {.customer = {"nobody", 6}}, {.customer = {"acme", 4}}};
    struct arena *arena = arena_new(4096);
    struct settings *s = arena_alloc(arena, sizeof(*s));
    *s = (struct settings){.arena = arena, .trunks = trunks, .n_trunks = 3};
    return s;
}

/* A client and the signer's end of its channel. */
static struct signer_client *make_signer(int *other_end)
{
    int fds[2];
    assert_int_equal(control_pair(fds), 0);
    *other_end = fds[1];
    return signer_client_new(fds[0]);
}

static bool is_closed(int other_end)
{
    char byte;
    return recv(other_end, &byte, 1, MSG_DONTWAIT) == 0;
}

static const char csv[] = "number,customer,state,not_before,not_after,cert,note\n"
                          "+12155550100,acme,owned,,,,\n"
                          "+12155550200,globex,owned,,,,\n";

static struct snapshot *make(int *other_end)
{
    const char *why = NULL;
    int numbers_fd = compile(csv);
    struct snapshot *s = snapshot_new(make_settings(), numbers_fd, make_signer(other_end), secret,
                                      7, 9, &why);
    assert_non_null(s);
    assert_int_equal(close(numbers_fd), 0); /* it is mapped and was not closed */
    return s;
}

static void test_holds_what_belongs_together(void **state)
{
    (void)state;
    int other_end;
    struct snapshot *s = make(&other_end);
    assert_int_equal(s->generation, 7);
    assert_int_equal(s->numbers_generation, 9);
    assert_memory_equal(s->secret, secret, sizeof(secret));
    assert_int_equal(numbers_get_summary(s->numbers.table)->rows, 2);
    snapshot_unref(s);
    close(other_end);
}

static void test_knows_the_customer_of_each_trunk(void **state)
{
    (void)state;
    int other_end;
    struct snapshot *s = make(&other_end);
    assert_int_equal(s->customer[0], numbers_customer(s->numbers.table, STR("globex")));
    assert_int_equal(s->customer[1], NUMBERS_NO_CUSTOMER);
    assert_int_equal(s->customer[2], numbers_customer(s->numbers.table, STR("acme")));
    assert_int_not_equal(s->customer[0], s->customer[2]);
    snapshot_unref(s);
    close(other_end);
}

static void test_lives_until_the_last_lets_go(void **state)
{
    (void)state;
    int other_end;
    struct snapshot *s = make(&other_end);
    assert_ptr_equal(snapshot_ref(s), s);
    snapshot_unref(s);
    assert_int_equal(s->references, 1);
    assert_false(is_closed(other_end));
    snapshot_unref(s);
    assert_true(is_closed(other_end));
    snapshot_unref(NULL);
    close(other_end);
}

static void test_takes_another_signer(void **state)
{
    (void)state;
    int first_end, second_end;
    struct snapshot *s = make(&first_end);
    snapshot_replace_signer(s, make_signer(&second_end));
    assert_true(is_closed(first_end));
    assert_false(is_closed(second_end));
    snapshot_replace_signer(s, signer_client_new(-1));
    assert_true(is_closed(second_end));
    assert_int_equal(signer_client_fd(s->signer), -1);
    snapshot_unref(s);
    close(first_end);
    close(second_end);
}

static void fail_with(int numbers_fd)
{
    const char *why = NULL;
    int other_end;
    struct settings *settings = make_settings();
    struct signer_client *signer = make_signer(&other_end);
    assert_null(snapshot_new(settings, numbers_fd, signer, secret, 1, 1, &why));
    assert_non_null(why);
    assert_false(is_closed(other_end)); /* nothing was taken */
    signer_client_free(signer);
    settings_free(settings);
    close(other_end);
}

static void test_without_a_table_there_is_none(void **state)
{
    (void)state;
    int image = compile(csv);
    char copy[64];
    int cut = memfd_create("cut", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(pread(image, copy, sizeof(copy), 0), sizeof(copy));
    assert_int_equal(write(cut, copy, sizeof(copy)), sizeof(copy));
    fcntl(cut, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    fail_with(cut);
    fail_with(-1);
    close(cut);
    close(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_what_belongs_together),
        cmocka_unit_test(test_knows_the_customer_of_each_trunk),
        cmocka_unit_test(test_lives_until_the_last_lets_go),
        cmocka_unit_test(test_takes_another_signer),
        cmocka_unit_test(test_without_a_table_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
