#include <stird/web/pages.h>

#include "metrics.h"

static const char *const lacking[WEB_LACKS] = {
    [WEB_LACKS_CALLS] = "stird does not serve as it should",
    [WEB_LACKS_CERTIFICATE] = "no certificate can sign now",
    [WEB_LACKS_NUMBERS] = "no numbers are loaded",
    [WEB_LACKS_NEXT_HOP] = "no next hop is usable",
    [WEB_LACKS_LEAVE] = "an operator lets it drain (stirctl drain off)",
    [WEB_LACKS_TRUNKS] = "an operator has disabled each trunk (stirctl trunk enable)",
};

static void put_which(struct pages *p, const struct web_view *v, enum web_lack lack)
{
    if (lack == WEB_LACKS_CALLS)
        buf_addf(&p->ready, " (%s)", v->state);
    if (lack == WEB_LACKS_CERTIFICATE && v->provider.n > 0) {
        buf_add_text(&p->ready, " for provider ");
        buf_add_escaped(&p->ready, v->provider);
    }
    if (lack == WEB_LACKS_CERTIFICATE)
        buf_add_text(&p->ready, ": stirctl status says why");
}

static bool put_lacks(struct pages *p, const struct web_view *v)
{
    bool any = false;
    for (unsigned i = 0; i < WEB_LACKS; i++)
        if (v->lacks[i]) {
            buf_addf(&p->ready, "not ready: %s", lacking[i]);
            put_which(p, v, (enum web_lack)i);
            buf_add_char(&p->ready, '\n');
            any = true;
        }
    if (!any)
        buf_add_text(&p->ready, "ready\n");
    return any;
}

static void put(struct pages *p, const char *path, const char *type, unsigned status,
                struct str text)
{
    p->list[p->n++] = (struct http_page){str_of(path), type, status, text};
}

bool pages_make(struct pages *p, const struct web_view *v)
{
    static const char plain[] = "text/plain; charset=utf-8";
    *p = (struct pages){.ready = BUF_INIT, .metrics = BUF_INIT};
    const bool lacks = put_lacks(p, v);
    put(p, "/livez", plain, 200, STR("alive\n"));
    put(p, "/readyz", plain, lacks ? 503 : 200, buf_str(&p->ready));
    put(p, "/status", "application/json", 200, v->status);
    metrics_add(&p->metrics, v);
    put(p, "/metrics", "text/plain; version=0.0.4; charset=utf-8", 200, buf_str(&p->metrics));
    return !buf_failed(&p->ready) && !buf_failed(&p->metrics);
}

void pages_fini(struct pages *p)
{
    buf_fini(&p->ready);
    buf_fini(&p->metrics);
}
