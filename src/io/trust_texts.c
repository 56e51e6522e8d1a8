#include <stird/io/trust_texts.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <stird/core/trust.h>
#include <stird/io/trust_kept.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX  ((size_t)4 << 20)
#define TEXT_BYTES_STEP 65536

/* Takes FD. p == NULL: it cannot be read, or is too long. */
static struct str read_fd(const struct trust_texts *t, int fd)
{
    struct buf text = BUF_INIT;
    ssize_t n = 1;
    for (off_t at = 0; n > 0 && text.n <= TEXT_BYTES_MAX; at += n) {
        char *room = buf_room(&text, TEXT_BYTES_STEP);
        n = room ? pread(fd, room, TEXT_BYTES_STEP, at) : -1;
        buf_grew(&text, n > 0 ? (size_t)n : 0);
    }
    bool good = n == 0 && !buf_failed(&text);
    struct str copy = good ? arena_copy(t->arena, buf_str(&text)) : (struct str){NULL, 0};
    buf_fini(&text);
    close(fd);
    return copy;
}

static const char *fault_of(int error)
{
    switch (error) {
    case 0:
        return NULL;
    case -ENOMEM:
        return TRUST_NO_MEMORY;
    case -ENOENT:
        return "is not there";
    case -EACCES:
        return "may not be read by this user";
    case -EFBIG:
        return "is longer than 4 MiB";
    default:
        return regular_file_public_fault(error);
    }
}

/* By the same reader as the check of the configuration (files_read_public()), so that what is said
   of a file there is what becomes of it. *WHY: NULL, or why it cannot be read; a static sentence.
 */
static struct str read_path(const struct trust_texts *t, struct str path, const char **why)
{
    struct buf bytes = BUF_INIT;
    struct str text = {NULL, 0};
    *why = NULL;
    if (path.n == 0)
        return text;
    char *z = strndup(path.p, path.n);
    int r = z ? regular_file_read_public(z, TEXT_BYTES_MAX, &bytes) : -ENOMEM;
    if (r == 0 && !(text = arena_copy(t->arena, buf_str(&bytes))).p)
        r = -ENOMEM;
    *why = fault_of(r);
    if (*why)
        t->missing(t->user, path, *why);
    buf_fini(&bytes);
    free(z);
    return text;
}

static void read_kept(const struct trust_texts *t, unsigned domain, unsigned source,
                      struct trust_source *s)
{
    struct buf text = BUF_INIT;
    struct trust_kept_place at;
    if (t->held && t->held(t->user, domain, source, &s->kept, &s->kept_signer))
        return;
    int r = t->state_fd < 0
                ? t->state_fd
                : trust_kept_read(t->state_fd, &t->settings->trusts[domain], source, &text, &at);
    struct str copy = r == 0 ? arena_copy(t->arena, buf_str(&text)) : (struct str){NULL, 0};
    if (r == 0 && copy.p) {
        s->kept = str_slice(copy, at.list_at, at.list_at + at.list_bytes);
        s->kept_signer = str_slice(copy, at.signer_at, at.signer_at + at.signer_bytes);
    }
    s->kept_error = r == 0 && !copy.p ? -ENOMEM : r == -ENOENT ? 0 : r;
    buf_fini(&text);
}

static struct str read_came(const struct trust_texts *t, unsigned domain, unsigned source,
                            bool signer)
{
    int fd = t->came ? t->came(t->user, domain, source, signer) : -1;
    int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    return copy >= 0 ? read_fd(t, copy) : (struct str){NULL, 0};
}

static void read_source(const struct trust_texts *t, unsigned domain, unsigned source, bool is_url,
                        struct str place, struct trust_source *s)
{
    s->url = is_url ? place : STR("");
    s->fresh = is_url ? read_came(t, domain, source, false) : read_path(t, place, &s->unread);
    s->fresh_signer = read_came(t, domain, source, true);
    read_kept(t, domain, source, s);
}

void trust_texts_read(const struct trust_texts *texts, unsigned domain, int64_t now_s,
                      struct trust_build *b)
{
    const struct trust_setting *t = &texts->settings->trusts[domain];
    *b = (struct trust_build){.setting = t, .now_s = now_s};
    const struct {
        struct str *text, path;
    } files[] = {
        {&b->anchors, t->anchors},
        {&b->list_anchor, t->list_anchor},
        {&b->crl_anchor, t->crl_anchor},
        {&b->crl_signer, t->crl_signer},
    };
    const char *no_signer;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *why;
        *files[i].text = read_path(texts, files[i].path, &why);
        if (why && !b->unread) {
            b->unread = why;
            b->unread_path = files[i].path;
        }
    }
    /* The last good list was kept with the signer of its own. */
    b->list_signer = read_path(texts, t->list_signer, &no_signer);
    if (no_signer)
        b->signer_unread = "cannot be judged: the file of list_signer cannot be read";
    if (t->list.n > 0)
        read_source(texts, domain, 0, t->list_is_url, t->list, &b->list);
    if (t->list.n > 0 && !t->list_is_url)
        b->list.fresh_signer = b->list_signer;
    for (unsigned i = 0; i < t->n_crls; i++)
        read_source(texts, domain, 1 + i, trust_setting_is_url(t->crls[i]), t->crls[i],
                    &b->crls[i]);
}
