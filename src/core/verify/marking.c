#include <stird/core/marking.h>

#include <stird/core/code_point.h>
#include <stird/core/headers.h>
#include <stird/core/told.h>
#include <stird/core/uri.h>
#include <string.h>

#define ORIGID_MAX 64 /* a UUID has 36 (RFC 8588 section 6) */
#define CODES_MAX  128

/* ---- what is said ---- */

/* The level of a call that passed; of another one what its token claims, which is told only behind
   the word Failed. */
static char letter_of(const struct verified *v, enum verstat verstat)
{
    if (verstat == VERSTAT_PASSED)
        return v->level;
    return verstat == VERSTAT_FAILED ? v->attest : '\0';
}

/* "TN-Validation-Passed", with "-A" where the profile wants the letter. */
static void put_verstat(const struct marking *marking, enum verstat verstat, struct buf *out)
{
    const char letter = letter_of(marking->verified, verstat);
    buf_add_str(out, verstat_text(verstat));
    if (marking->profile->verstat_suffix == VERSTAT_SUFFIX_LETTER && letter >= 'A' &&
        letter <= 'C') {
        buf_add_char(out, '-');
        buf_add_char(out, letter);
    }
}

/* The verdict is about one number; of any other one nothing is known. */
static bool is_verified(const struct marking *marking, const struct tn *number)
{
    return marking->number && tn_equal(marking->number, number);
}

static enum verstat verstat_of(const struct marking *marking, const struct tn *number)
{
    return is_verified(marking, number) ? marking->verified->verstat : VERSTAT_NONE;
}

static bool is_word(struct str s, const char *also, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
            str_find(str_of(also), s.p[i], 0) == str_of(also).n)
            return false;
    return s.n > 0 && s.n <= max;
}

static bool has_passed(const struct verified *v)
{
    return v->class == VERIFICATION_PASSED && v->level >= 'A' && v->level <= 'C';
}

bool marking_header(const struct marking *marking, struct str name, struct buf *out)
{
    const struct verified *v = marking->verified;
    switch (told_by(name)) {
    case TOLD_LEVEL:
        if (has_passed(v))
            buf_add_char(out, v->level);
        return has_passed(v);
    case TOLD_ORIGID:
        if (!has_passed(v) || !is_word(v->origid, "-", ORIGID_MAX))
            return false;
        buf_add_str(out, v->origid);
        return true;
    case TOLD_RESULT:
        put_verstat(marking, v->verstat, out);
        return true;
    case TOLD_VERIFIED: /* an A alone; of an open call nobody knows */
        if (v->class == VERIFICATION_OPEN)
            return false;
        buf_add_text(out, has_passed(v) && v->level == 'A' ? "Verified" : "Not Verified");
        return true;
    case TOLD_NOTHING:
        break;
    }
    return false;
}

void marking_result(const struct marking *marking, struct buf *out)
{
    const struct verified *v = marking->verified;
    buf_add_str(out, verification_class_name(v->class));
    buf_add_char(out, ';');
    buf_add_char(out, has_passed(v) ? v->level : '-');
    buf_add_char(out, ';');
    buf_add_str(out, is_word(v->spc, ",", CODES_MAX) ? v->spc : STR("-"));
    buf_add_char(out, ';');
    buf_add_str(out, v->check < VERIFY_CHECKS ? verify_check_name(v->check) : STR("-"));
}

/* ---- verstat in a URI ---- */

/* Behind the user part and its parameters, before a password (RFC 3261 section 25.1). */
static size_t behind_user(struct str text, const struct uri *uri)
{
    const size_t begin = (size_t)(uri->userinfo.p - text.p);
    return begin + str_find(uri->userinfo, ':', 0);
}

/* Where verstat goes in TEXT, a URI; false: it has no such place. */
static bool place_in(struct str text, enum verstat_form form, size_t *at)
{
    struct uri uri;
    if (!uri_split(&uri, text))
        return false;
    if (uri.scheme == URI_TEL)
        *at = text.n;
    else if (uri.scheme == URI_SIP && form == VERSTAT_FORM_USER && uri.userinfo.p)
        *at = behind_user(text, &uri);
    else if (uri.scheme == URI_SIP && form == VERSTAT_FORM_URI && uri.host.p)
        *at = str_find(text, '?', (size_t)(uri.host.p - text.p)); /* a user part may hold one */
    else
        return false;
    return true;
}

static void add_verstat(const struct marking *marking, const struct tn *number, struct buf *out)
{
    buf_add_str(out, STR(";verstat="));
    put_verstat(marking, verstat_of(marking, number), out);
}

/* False: it cannot hold one. */
static bool mark_uri(const struct marking *marking, struct str text, const struct tn *number,
                     struct buf *out)
{
    size_t at;
    const bool is_tel = str_starts_nocase(text, STR("tel:"));
    if (marking->profile->verstat_form == VERSTAT_FORM_TEL && !is_tel) {
        buf_add_str(out, STR("tel:+"));
        buf_add_str(out, tn_str(number));
        add_verstat(marking, number, out);
        return true;
    }
    if (!place_in(text, marking->profile->verstat_form, &at))
        return false;
    buf_add_str(out, str_slice(text, 0, at));
    add_verstat(marking, number, out);
    buf_add_str(out, str_slice(text, at, text.n));
    return true;
}

/* ---- one name-addr ---- */

struct address_parts {
    struct str before; /* the display name as it is written, without "<" */
    struct str uri;
    struct str behind; /* header parameters */
};

/* Only what every reader takes for the same URI. */
static bool split(struct str element, struct address_parts *parts)
{
    struct str uri;
    if (!name_addr_alone(element, &uri))
        return false;
    const size_t begin = (size_t)(uri.p - element.p), end = begin + uri.n;
    /* A name in quotes may hold a bracket too. */
    const struct str before = str_trim(str_slice(element, 0, begin));
    const bool bracketed = before.n > 0 && before.p[before.n - 1] == '<';
    const size_t close = bracketed ? str_find(element, '>', end) + 1 : end;
    *parts = (struct address_parts){.before = str_trim(str_slice(before, 0, before.n - bracketed)),
                                    .uri = uri,
                                    .behind = str_slice(element, close, element.n)};
    return true;
}

/* Whatever stands before the last bracket: for names, and for no URI that is believed. */
static bool split_leniently(struct str element, struct address_parts *parts)
{
    size_t open = element.n;
    if (split(element, parts))
        return true;
    while (open > 0 && element.p[open - 1] != '<')
        open--;
    const size_t close = str_find(element, '>', open);
    if (open == 0 || close == element.n)
        return false;
    *parts = (struct address_parts){.before = str_trim(str_slice(element, 0, open - 1)),
                                    .uri = str_slice(element, open, close),
                                    .behind = str_slice(element, close + 1, element.n)};
    return true;
}

/* A parameter behind a URI without <> would be the header's, so it gets them. */
static void put(const struct address_parts *parts, struct str name, struct str uri, struct buf *out)
{
    buf_add_str(out, name);
    if (name.n > 0)
        buf_add_char(out, ' ');
    buf_add_char(out, '<');
    buf_add_str(out, uri);
    buf_add_char(out, '>');
    buf_add_str(out, parts->behind);
}

/* Two of a kind may not stand side by side (RFC 3325 section 9.1). */
static bool has_tel(struct str value)
{
    struct str element, uri;
    while (list_next(&value, &element))
        if (name_addr_alone(element, &uri) && str_starts_nocase(uri, STR("tel:")))
            return true;
    return false;
}

static bool mark_element(const struct marking *marking, struct str element, bool beside_tel,
                         struct buf *out)
{
    struct address_parts parts;
    struct tn number;
    struct buf uri = BUF_INIT;
    bool marked = split(element, &parts) &&
                  tn_from_uri(&number, parts.uri, marking->country, NULL, 0) == TN_OK &&
                  !(beside_tel && str_starts_nocase(parts.uri, STR("sip"))) &&
                  mark_uri(marking, parts.uri, &number, &uri);
    if (marked)
        put(&parts, parts.before, buf_str(&uri), out);
    else
        buf_add_str(out, element);
    out->failed = out->failed || buf_failed(&uri);
    buf_fini(&uri);
    return marked;
}

/* The value of LINE, a whole header line. False: it is none. */
static bool value_of(struct str line, struct str *value)
{
    struct header_line header;
    struct str rest = line;
    if (!header_next(&rest, &header) || header.value.n == 0)
        return false;
    *value = header.value;
    return true;
}

static size_t offset_of(struct str part, struct str whole)
{
    return (size_t)(part.p - whole.p);
}

/* Nothing is left of what was written before LENGTH when it is not wanted after all. */
static bool keep_if(bool wanted, struct buf *out, size_t length)
{
    if (!wanted)
        out->n = length;
    return wanted;
}

bool marking_asserted(const struct marking *marking, struct str line, struct buf *out)
{
    struct str value, element;
    const size_t before = out->n;
    size_t written = 0;
    bool marked = false;
    if (!value_of(line, &value))
        return false;
    const bool beside_tel = marking->profile->verstat_form == VERSTAT_FORM_TEL && has_tel(value);
    for (struct str rest = value; list_next(&rest, &element);) {
        const size_t at = offset_of(element, line);
        buf_add_str(out, str_slice(line, written, at));
        marked |= mark_element(marking, element, beside_tel, out);
        written = at + element.n;
    }
    buf_add_str(out, str_slice(line, written, line.n));
    return keep_if(marked, out, before);
}

/* ---- labels ---- */

/* All of them, none where it is empty. */
static unsigned labels_of(const struct verification_setting *profile, struct str labels[5])
{
    const struct str all[] = {profile->label_a, profile->label_b, profile->label_c,
                              profile->label_failed, profile->label_none};
    unsigned n = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].n > 0)
            labels[n++] = all[i];
    return n;
}

bool marking_has_labels(const struct verification_setting *profile)
{
    struct str labels[5];
    return labels_of(profile, labels) > 0;
}

static struct str label_of(const struct marking *marking, bool of_the_number)
{
    const struct verification_setting *profile = marking->profile;
    const struct verified *v = marking->verified;
    const struct str by_level[] = {profile->label_a, profile->label_b, profile->label_c};
    if (!of_the_number)
        return profile->label_none;
    if (has_passed(v))
        return by_level[v->level - 'A'];
    return v->class == VERIFICATION_FAILED ? profile->label_failed : profile->label_none;
}

/* The display name without quotes and escapes. */
static void read_name(struct str written, struct buf *out)
{
    const bool quoted = written.n >= 2 && written.p[0] == '"';
    if (!quoted) {
        buf_add_str(out, written);
        return;
    }
    for (size_t i = 1; i + 1 < written.n; i++) {
        if (written.p[i] == '\\' && i + 2 < written.n)
            i++;
        buf_add_char(out, written.p[i]);
    }
}

static void write_name(struct str name, struct buf *out)
{
    if (name.n == 0)
        return;
    buf_add_char(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, name.p[i]);
    }
    buf_add_char(out, '"');
}

/* Whether it is letters and digits alone: then it may be a part of somebody's name. */
static bool is_letters(struct str label)
{
    return is_word(label, "", label.n);
}

static bool is_of_word(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* Where what nobody sees at the end of S, which is cut at END, begins. */
static size_t before_unseen(struct str s, size_t end)
{
    size_t begin;
    while (end > 0 && code_point_is_unseen(code_point_last(s, end, &begin)))
        end = begin;
    return end;
}

/* Where LABEL begins with which TEXT ends, in any case and whatever nobody sees in between; TEXT.n:
   it does not. NEXT: the octet behind TEXT, NUL at the end. */
static size_t ends_with_label(struct str text, struct str label, char next)
{
    size_t at = text.n, left = label.n;
    while (left > 0) {
        at = before_unseen(text, at);
        left = before_unseen(label, left);
        if (left == 0)
            break;
        if (at == 0 || ascii_lower(text.p[at - 1]) != ascii_lower(label.p[left - 1]))
            return text.n;
        at--;
        left--;
    }
    if (is_letters(label) && (is_of_word(next) || (at > 0 && is_of_word(text.p[at - 1]))))
        return text.n;
    return at;
}

/* One pass, in which what is left by one that was taken off may be one again. */
static bool take_off_once(const struct str *labels, unsigned n, struct buf *name)
{
    bool found = false;
    size_t kept = 0;
    for (size_t i = 0; i < name->n; i++) {
        name->p[kept++] = name->p[i];
        const char next = i + 1 < name->n ? name->p[i + 1] : '\0';
        for (unsigned k = 0; k < n; k++) {
            const struct str text = {name->p, kept};
            const size_t at = (unsigned char)text.p[kept - 1] <= 0x20
                                  ? text.n
                                  : ends_with_label(text, labels[k], next);
            found = found || at < kept;
            kept = at;
            if (kept == 0)
                break;
        }
    }
    name->n = kept;
    return found;
}

#define PASSES 4 /* more than any name takes that was not made for this */

/* Takes all of them off NAME; where that has no end nothing of it is left. */
static bool take_labels_off(const struct verification_setting *profile, struct buf *name)
{
    struct str labels[5];
    const unsigned n = labels_of(profile, labels);
    bool found = false;
    for (unsigned i = 0; i <= PASSES && take_off_once(labels, n, name); i++) {
        found = true;
        if (i == PASSES)
            name->n = 0;
    }
    return found;
}

/* Whom a telephone would show where there is no name: a label in its place would hide the number.
 */
static struct str shown_user(struct str text)
{
    struct uri uri;
    const struct str called = uri_called_part(text);
    return uri_split(&uri, text) && (uri.scheme == URI_TEL || uri.userinfo.p) &&
                   is_word(called, "+-.*#", TN_MAX_DIGITS + 10)
               ? called
               : STR("");
}

static void add_labelled(const struct marking *marking, const struct address_parts *parts,
                         struct str label, struct buf *out)
{
    struct buf name = BUF_INIT, all = BUF_INIT;
    read_name(parts->before, &name);
    take_labels_off(marking->profile, &name);
    const struct str trimmed = str_trim(buf_str(&name));
    const struct str rest = trimmed.n > 0 ? trimmed : shown_user(parts->uri);
    buf_add_str(&all, label);
    if (label.n > 0 && rest.n > 0)
        buf_add_char(&all, ' ');
    buf_add_str(&all, rest);
    write_name(buf_str(&all), out);
    out->failed = out->failed || buf_failed(&name) || buf_failed(&all);
    buf_fini(&name);
    buf_fini(&all);
}

bool marking_without_labels(const struct verification_setting *profile, struct str line,
                            struct buf *out)
{
    struct str value, element;
    const size_t before = out->n;
    size_t written = 0;
    bool found = false;
    if (!value_of(line, &value))
        return false;
    for (struct str rest = value; list_next(&rest, &element);) {
        struct address_parts parts;
        struct buf name = BUF_INIT;
        if (split_leniently(element, &parts) && parts.before.n > 0) {
            read_name(parts.before, &name);
            if (take_labels_off(profile, &name)) {
                const size_t at = offset_of(parts.before, line);
                buf_add_str(out, str_slice(line, written, at));
                write_name(str_trim(buf_str(&name)), out);
                written = at + parts.before.n;
                found = true;
            }
        }
        out->failed = out->failed || buf_failed(&name);
        buf_fini(&name);
    }
    buf_add_str(out, str_slice(line, written, line.n));
    return keep_if(found, out, before);
}

/* ---- From ---- */

static bool marks_from(const struct verification_setting *profile)
{
    return profile->verstat_place == VERSTAT_PLACE_FROM ||
           profile->verstat_place == VERSTAT_PLACE_BOTH;
}

bool marking_from(const struct marking *marking, struct str line, struct buf *out)
{
    struct address_parts parts;
    struct str value;
    struct tn number = {.n = 0};
    struct buf uri = BUF_INIT, name = BUF_INIT;
    if (!value_of(line, &value) || !split_leniently(value, &parts))
        return false;
    const bool is_number = split(value, &parts) &&
                           tn_from_uri(&number, parts.uri, marking->country, NULL, 0) == TN_OK;
    const bool marked = is_number && marks_from(marking->profile) &&
                        mark_uri(marking, parts.uri, &number, &uri);
    const struct str label = label_of(marking, is_number && is_verified(marking, &number));
    if (label.n > 0)
        add_labelled(marking, &parts, label, &name);
    else
        buf_add_str(&name, parts.before);
    if (marked || label.n > 0) {
        const size_t at = offset_of(value, line);
        buf_add_str(out, str_slice(line, 0, at));
        put(&parts, buf_str(&name), marked ? buf_str(&uri) : parts.uri, out);
        buf_add_str(out, str_slice(line, at + value.n, line.n));
    }
    out->failed = out->failed || buf_failed(&uri) || buf_failed(&name);
    buf_fini(&uri);
    buf_fini(&name);
    return marked || label.n > 0;
}
