#include "not_opened.h"

#include <errno.h>
#include <stird/base/log.h>
#include <string.h>

#define SAID_EVERY_MS 60000

static const char *const words[NOT_OPENED_KINDS] = {
    [NOT_OPENED_LED] = "a connection is not opened: what peers wrote has led to too many already",
    [NOT_OPENED_ALL] = "a connection is not opened: there are as many as limits.connections allows",
    [NOT_OPENED_FEW] = ("a connection is not opened: there are as many as the descriptors allow, "
                        "which is less than limits.connections: raise LimitNOFILE"),
    [NOT_OPENED_DESCRIPTORS] = "a connection is not opened: no descriptors are left (LimitNOFILE)",
    [NOT_OPENED_OTHER] = "a connection is not opened: this machine has not what it takes",
};

enum not_opened_why not_opened_by_error(int error)
{
    return error == -EMFILE || error == -ENFILE ? NOT_OPENED_DESCRIPTORS : NOT_OPENED_OTHER;
}

void not_opened_add(struct not_opened *all, const struct not_opened_case *one, int64_t now_ms)
{
    all->n++;
    bool first = all->of[one->why]++ == 0;
    if (!first && now_ms - all->said_ms[one->why] < SAID_EVERY_MS)
        return;
    all->said_ms[one->why] = now_ms;
    struct buf remote = BUF_INIT;
    address_add(&remote, one->remote);
    log_error(words[one->why], LOG_TEXT("peer", buf_str(&remote)), LOG_CSTR("for", one->opened_for),
              LOG_CSTR("error", strerror(-one->error)),
              LOG_NUMBER("open", one->why == NOT_OPENED_LED ? one->open_led : one->open),
              LOG_NUMBER("to_it", one->to_it),
              LOG_NUMBER("not_opened", (int64_t)all->of[one->why]));
    buf_fini(&remote);
}
