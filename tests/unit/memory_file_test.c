/* Memory that several processes share cannot be shortened under one of them, whoever of them
   tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/records_place.h"
#include "daemon/supervisor/supervisor_records.h"
#include <stird/base/memory_file.h>
#include <stird/io/known_names.h>
#include <stird/io/record_queue.h>

#define BYTES 8192

/* What who has taken a process over would try with a descriptor of it. */
static void assert_stays(int fd)
{
    off_t length = lseek(fd, 0, SEEK_END);
    assert_true(length > 0);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, length - 1), -1);
    assert_int_equal(ftruncate(fd, length + 4096), -1);
    assert_int_equal(fallocate(fd, FALLOC_FL_KEEP_SIZE, length, 4096), -1);
    assert_int_equal(lseek(fd, 0, SEEK_END), length);
    assert_true(memory_file_is_kept(fd));
}

static void one_of_a_length_keeps_it_and_can_be_written(void **state)
{
    (void)state;
    int fd = memory_file_of("test", BYTES);
    assert_true(fd >= 0);
    assert_stays(fd);
    assert_int_equal(pwrite(fd, "x", 1, BYTES - 1), 1);
    assert_false(memory_file_is_sealed(fd));
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1); /* nor keep others from writing */
    close(fd);
}

static void a_sealed_one_does_not_change(void **state)
{
    (void)state;
    int fd = memory_file_new("test");
    assert_true(fd >= 0);
    assert_false(memory_file_is_kept(fd));
    assert_int_equal(write(fd, "text", 4), 4);
    assert_int_equal(memory_file_seal(fd), 0);
    assert_true(memory_file_is_sealed(fd));
    assert_stays(fd);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_true(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    close(fd);
}

static void what_is_none_is_neither(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_false(memory_file_is_kept(fd) || memory_file_is_sealed(fd));
    assert_true(memory_file_seal(fd) < 0);
    close(fd);
    assert_false(memory_file_is_kept(-1));
}

/* A recorder that was taken over writes what it likes: the next start reads a number all the same.
 */
static void assert_no_loss_is_forgotten(struct supervisor *s)
{
    const uint64_t most = UINT64_MAX;
    struct record_losses next;
    const int fd = supervisor_records(s)->tally_fd;
    const off_t at = offsetof(struct record_losses, untold);
    assert_int_equal(pwrite(fd, &most, sizeof(most), at), sizeof(most));
    supervisor_keep_untold(s, 1);
    close(supervisor_records(s)->untold_fd);
    supervisor_open_untold(s, &next);
    assert_true(next.untold > 7 && next.untold <= INT64_MAX);
}

/* The supervisor has the tally mapped, and looks into it as long as it runs. */
static void the_ways_of_records_stay_for_the_supervisor(void **state)
{
    char directory[] = "/tmp/stird-tally-XXXXXX";
    struct settings settings = {.workers = 1, .records_backlog = 65536};
    struct supervisor *s = supervisor_make(roles, ROLES, supervisor_parts);
    char path[64];
    (void)state;
    assert_non_null(s);
    assert_non_null(mkdtemp(directory));
    settings.state_directory = str_of(directory);
    s->current.settings = s->started_with = &settings;
    const struct records *r = supervisor_records(s);
    assert_int_equal(supervisor_open_record_ways(s), 0);
    assert_stays(r->tally_fd);
    assert_stays(r->backlogs[0]);
    const uint64_t lost = 7;
    assert_int_equal(
        pwrite(r->tally_fd, &lost, sizeof(lost), offsetof(struct record_losses, untold)),
        sizeof(lost));
    assert_int_equal(r->tally->untold, 7);
    assert_no_loss_is_forgotten(s);
    s->current.settings = s->started_with = NULL;
    supervisor_unmake(s);
    snprintf(path, sizeof(path), "%s/%s", directory, UNTOLD_FILE);
    unlink(path);
    rmdir(directory);
}

static void names_and_queues_are_kept(void **state)
{
    const struct known_name name = {.host = "a.example"};
    (void)state;
    int fd = known_names_to_fd(&name, 1);
    assert_true(fd >= 0);
    assert_stays(fd);
    assert_true(memory_file_is_sealed(fd));
    close(fd);
    fd = memory_file_new("queue");
    assert_int_equal(ftruncate(fd, 65536), 0);
    assert_null(record_queue_open(fd)); /* its maker could cut it */
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_a_length_keeps_it_and_can_be_written),
        cmocka_unit_test(a_sealed_one_does_not_change),
        cmocka_unit_test(what_is_none_is_neither),
        cmocka_unit_test(the_ways_of_records_stay_for_the_supervisor),
        cmocka_unit_test(names_and_queues_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
