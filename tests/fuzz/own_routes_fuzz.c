/*
 * What a stranger's text says about us, read before any parser: whatever it is, it proves nothing
 * without a key of ours, and a key of ours in a Route before it proves what it says.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct dialog_id dialog = {{"c", 1}, {"1", 1}, {"2", 1}};

static struct proxy *make_proxy(void)
{
    static struct settings settings = {.dialog_days = 2};
    static struct snapshot snapshot = {.settings = &settings};
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    static struct listener listener;
    assert(address_parse(STR("192.0.2.1"), &listener.address));
    listener.address.port = 5060;
    const struct proxy_stage stage = {
        .snapshot = &snapshot, .listeners = {.list = &listener, .n = 1}, .secret = secret};
    struct proxy *proxy = proxy_new_offstage(&stage);
    assert(proxy);
    return proxy;
}

/* Its first header would go on the one that we put before it. */
static bool begins_folded(struct str raw)
{
    struct str rest;
    start_line(raw, &rest);
    return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* RAW with a Route of ours as its first header. */
static void add_with_key(struct buf *out, const struct proxy *p, struct str raw)
{
    const struct route_place place = {proxy_listeners(p)->list[0].address, TRANSPORT_UDP};
    char key[ROUTE_KEY_LENGTH + 1];
    struct str rest, line = start_line(raw, &rest);
    route_key_write(proxy_branches(p), dialog.call_id, dialog.from_tag, &place, ROUTE_OF_BOTH,
                    route_day(), key);
    buf_add_str(out, line);
    buf_addf(out, "\r\nRoute: <sip:192.0.2.1;lr;stk=%s>\r\n", key);
    buf_add_str(out, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct proxy *p;
    struct own_routes own;
    struct buf text = BUF_INIT;
    struct str raw = {(const char *)data, size};
    if (!p)
        p = make_proxy();
    own_routes_read(p, raw, &dialog, 0, &own);
    assert(!own.proven && !own.strict);
    assert(own.entry == 0 && own.exit == 0);
    if (begins_folded(raw))
        return 0;
    add_with_key(&text, p, raw);
    unsigned before = own.n;
    own_routes_read(p, buf_str(&text), &dialog, 0, &own);
    assert(own.proven && own.n >= 1 && own.n <= before + 1);
    buf_fini(&text);
    return 0;
}
