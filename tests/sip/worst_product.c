/*
 * The class of messages that are dear to read: each header that we know of, filled with each
 * pattern in each shape, played in each role (worst_roles.h). By far too many to be counted by
 * valgrind: the processor's time picks the dearest, which nothing is judged by, and these alone are
 * counted in instructions, and again at four times the length. What once was dear is always among
 * them, whatever else the machine does.
 *
 *   worst_product pick CONF TRUSTED UNTRUSTED NAMES   prints the dearest, one a line
 *   worst_product known CONF TRUSTED UNTRUSTED        prints what once was dear
 *   worst_product count CONF TRUSTED UNTRUSTED        reads such lines, two dumps for each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "worst_roles.h"

#define SHORT    15000
#define LONG     60000
#define DEAREST  8 /* of each role, */
#define OF_WHOLE 4 /* or of one that others play part by part */
#define NAMES    400
#define NAME_MAX 63

static const struct str patterns[] = {STR(" "),
                                      STR("\t"),
                                      STR("-"),
                                      STR("."),
                                      STR("("),
                                      STR(")"),
                                      STR("<"),
                                      STR(">"),
                                      STR("\""),
                                      STR("\\"),
                                      STR(";"),
                                      STR(","),
                                      STR(":"),
                                      STR("@"),
                                      STR("="),
                                      STR("%"),
                                      STR("1"),
                                      STR("+"),
                                      STR("a"),
                                      STR("/"),
                                      STR("*"),
                                      STR("'"),
                                      STR("\0"),
                                      STR("\x80"),
                                      STR("\r\n "),
                                      STR("eyJA"),
                                      STR("eyJ."),
                                      STR("InBwdCI6"),             /* "ppt": */
                                      STR("InBwdCIicHB0IiJwcHQi"), /* "ppt""ppt""ppt" */
                                      STR("a;"),
                                      STR("<a"),
                                      STR("a,"),
                                      STR("\"a"),
                                      STR("\\\""),
                                      STR(";verstat="),
                                      STR(";tgrp="),
                                      STR(";tag="),
                                      STR("<sip:"),
                                      STR("sip:"),
                                      STR("tel:1,"),
                                      STR(" <"),
                                      STR("x="),
                                      STR("; "),
                                      STR("= "),
                                      STR("=,"),
                                      STR("<>"),
                                      STR("<a>,"),
                                      STR("*1234567"),
                                      STR(",911"),
                                      STR("%zz"),
                                      STR("%31"),
                                      STR("@1"),
                                      STR("attest"),
                                      STR(";phone-context=1"),
                                      STR(";stk="),
                                      STR("?a=b&"),
                                      STR("[:"),
                                      STR("urn:x:1"),
                                      STR("a\r"), /* lines to some readers */
                                      STR("\rv:"),
                                      STR("\rCSeq ")};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

/* Behind what, in two halves and before what the patterns stand. */
static const struct {
    const char *begin, *end;
    struct str second; /* of which the second half is; none: all is of one pattern */
} shapes[] = {
    {"", "", {NULL, 0}},
    {"x", "x", {NULL, 0}},
    {"<sip:a@h>;verstat=x", "x", {NULL, 0}},
    {"<sip:+12155550100", "@h>;tag=1", {NULL, 0}},
    {"a@b", " <sip:+12155550100@h>;tag=1", {NULL, 0}},
    {"\"a", "\" <sip:+12155550100@h>;tag=1", {NULL, 0}},
    {"", ">", {" ", 1}},
    {"SIP/2.0/UDP h;branch=z9hG4bK1;", "=b", {"=,", 2}},
    {"", "", {"InBwdCI6", 8}},
    {"sip:1", "@127.0.0.1", {";phone-context=1", 16}},
    {"eyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJAeyJA", "", {NULL, 0}},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* In one line, in some, or in as many as a request may have. */
enum { ONE_LINE, MANY_LINES, MOST_LINES, FORMS };
static const unsigned lines_of[FORMS] = {1, 7, 240};

struct kind {
    unsigned role, name, pattern, shape, form;
};

/* What cost a worker its life once: the role, the header, pattern, shape and form.
 */
static const struct {
    const char *role, *name, *pattern;
    unsigned shape, form;
} known[] = {
    /* the end of the number looked for from each octet */
    {"INVITE of a trusted trunk", "P-Asserted-Identity", "-", 1, ONE_LINE},
    {"INVITE of a trusted trunk", "P-Asserted-Identity", "(", 1, ONE_LINE},
    {"INVITE of an untrusted trunk", "P-Asserted-Identity", ".", 1, ONE_LINE},
    {"INVITE of an untrusted trunk", "From", "-", 4, ONE_LINE},
    {"hops", "P-Asserted-Identity", " ", 1, ONE_LINE},
    /* a verstat behind white space, looked for from each octet */
    {"INVITE of an untrusted trunk", "Remote-Party-ID", " ", 2, ONE_LINE},
    {"INVITE of an untrusted trunk", "P-Asserted-Identity", " ", 2, ONE_LINE},
    {"request in a dialog", "Remote-Party-ID", " ", 2, ONE_LINE},
    {"response", "P-Asserted-Identity", " ", 2, ONE_LINE},
    /* the end looked for from each bracket */
    {"request of a stranger", "Route", "<", 6, ONE_LINE},
    {"request in a dialog", "Route", "<", 6, ONE_LINE},
    {"INVITE of a trusted trunk", "Route", "<", 6, ONE_LINE},
    /* each ppt looked behind for shaken, from each beginning of a token */
    {"INVITE of an untrusted trunk", "Identity", "InBwdCIicHB0IiJwcHQi", 10, MANY_LINES},
    {"INVITE of a trusted trunk", "Identity", "InBwdCIicHB0IiJwcHQi", 10, MANY_LINES},
    /* what might be a JSON header decoded at each place, in each line */
    {"INVITE at a worker", "Identity", "eyJA", 0, MOST_LINES},
    {"text", "Identity", "eyJA", 0, MOST_LINES},
    /* the user part read for each phone-context */
    {"INVITE of a trusted trunk", "Request-URI", "1", 9, ONE_LINE},
    {"INVITE of an untrusted trunk", "Request-URI", "1", 9, ONE_LINE},
    /* a message of lines that continue one walked for each header that is looked for */
    {"request in a dialog", "Route", "\r\n ", 0, ONE_LINE},
    {"response", "From", "\r\n ", 0, ONE_LINE},
    {"request in a dialog at a worker", "Route", "\r\n ", 0, ONE_LINE},
    {"ACK in a dialog", "Route", "\r\n ", 0, ONE_LINE},
    {"request that ends in its header", "To", "\r\n ", 0, ONE_LINE},
    {"response that ends in its header", "Via", "\r\n ", 0, ONE_LINE},
    /* each line looked for from the first */
    {"CANCEL of a call", "Reason", "a", 0, MOST_LINES},
};

static char names[NAMES][NAME_MAX + 1] = {"Request-URI"};
static unsigned n_names = 1;
static char bytes[65536];
static size_t n_bytes;

static void add(struct str text)
{
    if (n_bytes + text.n < sizeof(bytes)) {
        memcpy(bytes + n_bytes, text.p, text.n);
        n_bytes += text.n;
    }
}

static void fill(struct str pattern, size_t octets)
{
    for (size_t n = 0; n + pattern.n <= octets; n += pattern.n)
        add(pattern);
}

static void add_value(const struct kind *k, size_t octets)
{
    struct str second = shapes[k->shape].second;
    add(str_of(shapes[k->shape].begin));
    fill(patterns[k->pattern], second.n > 0 ? octets / 2 : octets);
    if (second.n > 0)
        fill(second, octets / 2);
    add(str_of(shapes[k->shape].end));
}

static void add_good(const char *name, const char *instead, const char *value)
{
    if (strcasecmp(name, instead) == 0)
        return;
    add(str_of(name));
    add(STR(": "));
    add(str_of(value));
    add(STR("\r\n"));
}

static void add_lines(const struct kind *k, size_t octets)
{
    const unsigned n = lines_of[k->form];
    for (unsigned i = 0; i < n && k->name > 0; i++) {
        add(str_of(names[k->name]));
        add(STR(": "));
        add_value(k, octets / n);
        add(STR("\r\n"));
    }
}

static struct str make(const struct kind *k, size_t octets)
{
    static const char *const good[][2] = {{"Via", WORST_VIA},
                                          {"From", "<sip:+12155550100@h>;tag=1"},
                                          {"To", "<sip:+12155550199@h>;tag=2"},
                                          {"Call-ID", "c@h"},
                                          {"Max-Forwards", "70"}};
    const char *start = worst_roles[k->role].start;
    bool invite = strncmp(start, "INVITE", 6) == 0;
    const char *method = strncmp(start, "SIP/", 4) == 0 ? "BYE " : start;
    char cseq[32];
    snprintf(cseq, sizeof(cseq), "1 %.*s", (int)strcspn(method, " "), method);
    n_bytes = 0;
    if (k->name > 0) {
        add(str_of(start));
    } else {
        add((struct str){start, strcspn(start, " ") + 1});
        add_value(k, octets);
        add(STR(" SIP/2.0\r\n"));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        add_good(good[i][0], names[k->name],
                 invite && i == 2 ? "<sip:+12155550199@h>" : good[i][1]);
    add_good("CSeq", names[k->name], cseq);
    add_lines(k, octets);
    add(STR("Content-Length: 0\r\n\r\n"));
    return (struct str){bytes, n_bytes};
}

/* ---- picking ---- */

struct picked {
    struct kind kind;
    int64_t ns;
};
static struct picked dearest[DEAREST];

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t cost_ns(const struct kind *k)
{
    struct str message = make(k, SHORT);
    int64_t begin = cpu_ns();
    worst_roles[k->role].play(message);
    return cpu_ns() - begin;
}

static bool is_like(const struct kind *a, const struct kind *b)
{
    return a->name == b->name && a->pattern == b->pattern;
}

/* Of the same header and pattern only the dearest. */
static void keep(const struct kind *k, int64_t ns)
{
    unsigned at = DEAREST - 1;
    for (unsigned i = 0; i < DEAREST; i++)
        if (dearest[i].ns > 0 && is_like(&dearest[i].kind, k))
            at = i;
    if (ns <= dearest[at].ns)
        return;
    dearest[at] = (struct picked){*k, ns};
    for (; at > 0 && dearest[at - 1].ns < ns; at--) {
        struct picked before = dearest[at - 1];
        dearest[at - 1] = dearest[at];
        dearest[at] = before;
    }
}

/* A moment at which another process had the caches is no cost: what is dear is so twice. */
static void try_one(const struct kind *k)
{
    int64_t ns = cost_ns(k);
    if (ns <= dearest[DEAREST - 1].ns)
        return;
    int64_t again = cost_ns(k);
    keep(k, again < ns ? again : ns);
}

static void pick(unsigned role)
{
    struct kind k = {.role = role};
    memset(dearest, 0, sizeof(dearest));
    for (k.name = 0; k.name < n_names; k.name++)
        for (k.pattern = 0; k.pattern < PATTERNS; k.pattern++)
            for (k.shape = 0; k.shape < (worst_roles[role].whole ? 1 : SHAPES); k.shape++)
                for (k.form = 0; k.form < (k.shape == 0 ? FORMS : 1); k.form++)
                    try_one(&k);
    for (unsigned i = 0; i < (worst_roles[role].whole ? OF_WHOLE : DEAREST) && dearest[i].ns > 0;
         i++) {
        const struct kind *d = &dearest[i].kind;
        printf("%u %s %u %u %u\n", d->role, names[d->name], d->pattern, d->shape, d->form);
    }
}

static unsigned role_of(const char *name)
{
    unsigned role = 0;
    while (role < n_worst_roles && strcmp(worst_roles[role].name, name) != 0)
        role++;
    return role;
}

static unsigned pattern_of(const char *text)
{
    unsigned pattern = 0;
    while (pattern < PATTERNS && !str_eq(patterns[pattern], str_of(text)))
        pattern++;
    return pattern;
}

static void print_known(void)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        printf("%u %s %u %u %u\n", role_of(known[i].role), known[i].name,
               pattern_of(known[i].pattern), known[i].shape, known[i].form);
}

/* ---- counting ---- */

static void count_one(const struct kind *k, size_t octets, const char *which, const char *about)
{
    char text[240];
    struct str message = make(k, octets);
    snprintf(text, sizeof(text), "%s %s", which, about);
    CALLGRIND_ZERO_STATS;
    worst_roles[k->role].play(message);
    CALLGRIND_DUMP_STATS_AT(text);
}

static void count_lines(FILE *in)
{
    struct kind k = {.name = 1};
    char about[200];
    while (fscanf(in, "%u %63s %u %u %u", &k.role, names[1], &k.pattern, &k.shape, &k.form) == 5) {
        k.name = strcmp(names[1], names[0]) == 0 ? 0 : 1;
        if (k.role >= n_worst_roles || k.pattern >= PATTERNS || k.shape >= SHAPES)
            exit(1);
        snprintf(about, sizeof(about), "%s: %s of pattern %u in shape %u, form %u",
                 worst_roles[k.role].name, names[k.name], k.pattern, k.shape, k.form);
        worst_roles[k.role].play(make(&k, SHORT)); /* what is only done once is done */
        count_one(&k, SHORT, "short", about);
        count_one(&k, LONG, "long", about);
    }
}

static bool read_names(const char *path)
{
    FILE *f = fopen(path, "r");
    while (f && n_names < NAMES && fscanf(f, "%63s", names[n_names]) == 1)
        n_names++;
    if (f)
        fclose(f);
    return n_names > 1 && n_names < NAMES;
}

int main(int argc, char **argv)
{
    if (argc < 5 || !worst_roles_init(argv[2], argv[3], argv[4]))
        return 1;
    if (strcmp(argv[1], "count") == 0) {
        count_lines(stdin);
        return 0;
    }
    if (strcmp(argv[1], "known") == 0) {
        print_known();
        return 0;
    }
    if (argc < 6 || !read_names(argv[5]))
        return 1;
    for (unsigned role = 0; role < n_worst_roles; role++)
        pick(role);
    return 0;
}
