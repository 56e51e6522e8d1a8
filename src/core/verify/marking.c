#include <stird/core/marking.h>

#include <stird/core/headers.h>
#include <stird/core/told.h>
#include <stird/core/uri.h>

#define ORIGID_MAX 64 /* a UUID has 36 (RFC 8588 section 6) */
#define CODES_MAX  128

/* ---- what is said ---- */

/* The level of a call that passed; of another one what its token claims, which is told only behind
   the word Failed. */
static char letter_of(const struct verified *v)
{
    if (v->verstat == VERSTAT_PASSED)
        return v->level;
    return v->verstat == VERSTAT_FAILED ? v->attest : '\0';
}

/* "TN-Validation-Passed", with "-A" where the profile wants the letter. */
static void put_verstat(const struct marking *marking, struct buf *out)
{
    const char letter = letter_of(marking->verified);
    buf_add_str(out, verstat_text(marking->verified->verstat));
    if (marking->profile->verstat_suffix == VERSTAT_SUFFIX_LETTER && letter >= 'A' &&
        letter <= 'C') {
        buf_add_char(out, '-');
        buf_add_char(out, letter);
    }
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
        put_verstat(marking, out);
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
    else if (uri.scheme == URI_SIP && form == VERSTAT_FORM_URI)
        *at = str_find(text, '?', 0);
    else
        return false;
    return true;
}

static void add_verstat(const struct marking *marking, struct buf *out)
{
    buf_add_str(out, STR(";verstat="));
    put_verstat(marking, out);
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
        add_verstat(marking, out);
        return true;
    }
    if (!place_in(text, marking->profile->verstat_form, &at))
        return false;
    buf_add_str(out, str_slice(text, 0, at));
    add_verstat(marking, out);
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

static bool mark_element(const struct marking *marking, struct str element, struct buf *out)
{
    struct address_parts parts;
    struct tn number;
    struct buf uri = BUF_INIT;
    bool marked = split(element, &parts) &&
                  tn_from_uri(&number, parts.uri, marking->country, NULL, 0) == TN_OK &&
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
    for (struct str rest = value; list_next(&rest, &element);) {
        const size_t at = offset_of(element, line);
        buf_add_str(out, str_slice(line, written, at));
        marked |= mark_element(marking, element, out);
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

static struct str label_of(const struct marking *marking)
{
    const struct verification_setting *profile = marking->profile;
    const struct verified *v = marking->verified;
    const struct str by_level[] = {profile->label_a, profile->label_b, profile->label_c};
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

/* Octets above 0x7f are letters of other alphabets, for all that we know. */
static bool is_of_word(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

static bool stands_alone(struct str name, size_t at, size_t behind)
{
    return (at == 0 || !is_of_word(name.p[at - 1])) &&
           (behind == name.n || !is_of_word(name.p[behind]));
}

/* Where LABEL stands in NAME, in any case; NAME.n: nowhere. */
static size_t find_label(struct str name, struct str label)
{
    for (size_t at = 0; at + label.n <= name.n; at++)
        if (str_starts_nocase(str_slice(name, at, name.n), label) &&
            (!is_letters(label) || stands_alone(name, at, at + label.n)))
            return at;
    return name.n;
}

/* Takes all of them off NAME, as often as they are there: what is left may be one again. */
static bool take_labels_off(const struct verification_setting *profile, struct buf *name)
{
    struct str labels[5];
    const unsigned n = labels_of(profile, labels);
    bool found = false;
    for (unsigned i = 0; i < n;) {
        const struct str text = buf_str(name);
        const size_t at = find_label(text, labels[i]);
        if (at == text.n) {
            i++;
            continue;
        }
        memmove(name->p + at, name->p + at + labels[i].n, text.n - at - labels[i].n);
        name->n -= labels[i].n;
        found = true;
        i = 0;
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
        if (split(element, &parts) && parts.before.n > 0) {
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
    const struct str label = label_of(marking);
    struct address_parts parts;
    struct str value;
    struct tn number;
    struct buf uri = BUF_INIT, name = BUF_INIT;
    if (!value_of(line, &value) || !split(value, &parts))
        return false;
    const bool marked = marks_from(marking->profile) &&
                        tn_from_uri(&number, parts.uri, marking->country, NULL, 0) == TN_OK &&
                        mark_uri(marking, parts.uri, &number, &uri);
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
