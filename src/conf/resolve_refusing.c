/* Which calls a profile of verification refuses, and what refused callers are told of where to
   complain. */
#include <stird/core/headers.h>
#include <stird/core/verify_check.h>
#include <string.h>

#include "draft.h"
#include "keys.h"
#include "reader.h"

/* ---- profiles ---- */

/* VERIFY_CHECKS: there is none of that name. */
static unsigned check_by_name(struct str name)
{
    unsigned i = 0;
    while (i < VERIFY_CHECKS && !str_eq(verify_check_name((enum verify_check)i), name))
        i++;
    return i;
}

static struct str hint_of_checks(struct reader *r, struct str name)
{
    const char *words[VERIFY_CHECKS + 1] = {NULL};
    for (unsigned i = 0; i < VERIFY_CHECKS; i++)
        words[i] = verify_check_name((enum verify_check)i).p; /* of a literal */
    return hint_of_words(r, words, name);
}

static void resolve_checks(struct reader *r, struct draft_verification *d)
{
    const struct object *o = &d->object;
    if (was_given(o, "reject") && d->reject.n == 0 && !d->reject.faulty)
        complain(r, o, place_of(o, "reject"),
                 "reject is empty, which would mean all checks: take it out, or name them");
    for (unsigned i = 0; i < d->reject.n; i++) {
        const struct text_item *item = &d->reject.items[i];
        const unsigned check = check_by_name(item->text);
        if (check == VERIFY_CHECKS)
            complain(r, o, item->at, "reject: there is no check %.*s%.*s",
                     STR_ARG(shown(r, item->text)), STR_ARG(hint_of_checks(r, item->text)));
        else if (d->verification.reject >> check & 1)
            complain(r, o, item->at, "reject: %.*s stands there twice",
                     STR_ARG(shown(r, item->text)));
        else if (check == VERIFY_PPT)
            complain(r, o, item->at,
                     "reject: \"ppt\": tokens of other types count as none: write require = true");
        else
            d->verification.reject |= UINT32_C(1) << check;
    }
}

static void resolve_countries(struct reader *r, struct draft_verification *d)
{
    const struct object *o = &d->object;
    if (was_given(o, "reject_countries") && d->reject_countries.n == 0 &&
        !d->reject_countries.faulty)
        complain(r, o, place_of(o, "reject_countries"),
                 "reject_countries is empty, which would mean all: take it out, or name their "
                 "country codes");
    d->verification.reject_countries = resolve_country_codes(
        r, o, "reject_countries", &d->reject_countries, &d->verification.n_reject_countries);
}

/* What has no meaning as long as nothing is refused, or nothing is told. */
static void check_meaning(struct reader *r, const struct draft_verification *d)
{
    static const struct {
        const char *key;
        bool tells; /* it has a meaning with "reason" too */
    } keys[] = {{"reject", false},
                {"reject_countries", false},
                {"max_reject_percent", false},
                {"require", true},
                {"anonymous", true}};
    const struct object *o = &d->object;
    const struct verification_setting *v = &d->verification;
    if (place_of(o, "on_failure").unread || v->on_failure == VERIFICATION_REJECT)
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const bool is_default =
            (str_eq(str_of(keys[i].key), STR("require")) && !v->require) ||
            (str_eq(str_of(keys[i].key), STR("anonymous")) && !v->refuse_withheld) ||
            (str_eq(str_of(keys[i].key), STR("max_reject_percent")) && v->max_reject_percent == 20);
        if (!was_given(o, keys[i].key) || is_default ||
            (keys[i].tells && v->on_failure == VERIFICATION_REASON))
            continue;
        complain(r, o, place_of(o, keys[i].key), "%s: no call is refused: write on_failure = %s",
                 keys[i].key, keys[i].tells ? "\"reject\", or \"reason\"" : "\"reject\"");
    }
}

void resolve_refusing(struct reader *r, struct draft_verification *d)
{
    const struct object *o = &d->object;
    resolve_checks(r, d);
    resolve_countries(r, d);
    check_meaning(r, d);
    if (d->verification.on_failure != VERIFICATION_MARK && d->verification.observe &&
        !place_of(o, "observe").unread)
        warn(r, o, place_of(o, "on_failure"),
             "on_failure: calls change in nothing while observe is true, and records tell what "
             "would become of them: then write observe = false");
}

/* ---- network_blocked ---- */

/* It stands between semicolons in a quoted string, which ends at the next quote. */
static bool may_stand_between(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] > '~' ||
            strchr("\"\\;", text.p[i]))
            return false;
    return true;
}

static bool is_number(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!ascii_is_digit(text.p[i]) && !(text.p[i] == '+' && i == 0) && text.p[i] != '-')
            return false;
    return text.n > 0 && ascii_is_digit(text.p[text.n - 1]);
}

/* What is understood, and serves who is refused badly. */
static void doubt_network_blocked(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    const struct object *root = &draft->object;
    const struct str url = s->blocked_url, tel = s->blocked_tel;
    if (str_starts_nocase(url, STR("http://")))
        warn(r, root, place_of(root, "network_blocked.url"),
             "network_blocked.url: whoever is on the way reads what is complained of: write "
             "https://");
    if (tel.n > 0 && tel.p[0] != '+')
        warn(r, root, place_of(root, "network_blocked.tel"),
             "network_blocked.tel: it goes to callers of other countries too: write it with the "
             "plus, like +12155550199");
    if (was_given(root, "network_blocked.location") && url.n + tel.n + s->blocked_email.n == 0 &&
        s->blocked_location == LOCATION_LOCAL)
        warn(r, root, place_of(root, "network_blocked.location"),
             "network_blocked.location: alone it is told to nobody: write network_blocked.url, tel "
             "or email, or take it out");
}

void resolve_network_blocked(struct reader *r, struct draft *draft)
{
    const struct settings *s = &draft->settings;
    const struct object *root = &draft->object;
    const struct str url = s->blocked_url, tel = s->blocked_tel, mail = s->blocked_email;
    if (url.n > 0 && (!may_stand_between(url) || !(str_starts_nocase(url, STR("https://")) ||
                                                   str_starts_nocase(url, STR("http://")))))
        complain(r, root, place_of(root, "network_blocked.url"),
                 "network_blocked.url: write a URL that begins with https://, without spaces, "
                 "quotes, backslashes and semicolons");
    if (tel.n > 0 && !is_number(tel))
        complain(r, root, place_of(root, "network_blocked.tel"),
                 "network_blocked.tel: write a number like +12155550199");
    if (mail.n > 0 && (!may_stand_between(mail) || str_find(mail, '@', 0) == mail.n))
        complain(r, root, place_of(root, "network_blocked.email"),
                 "network_blocked.email: write an address like blocked@carrier.example");
    if (was_given(root, "network_blocked.location") && url.n + tel.n + mail.n == 0 &&
        s->blocked_location != LOCATION_LOCAL)
        complain(r, root, place_of(root, "network_blocked.location"),
                 "network_blocked.location has a meaning only beside network_blocked.url, tel or "
                 "email");
    doubt_network_blocked(r, draft);
}
