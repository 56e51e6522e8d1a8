/*
 * tests/conf/NAME/stird.conf is read as it stands; expected.txt beside it holds the problems, byte
 * for byte. Names that begin with "good-" have none. A new case needs no code.
 * R-V-061: service-needs.
 * R-V-063: verification-mistakes, verification-contradictions, fetch-mistakes,
 * fetch-keeps-too-short, good-fetch-of-a-lab.
 * R-D-015, R-D-017: good-dialects, dialects-mistakes.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/base/container_of.h>
#include <stird/conf/settings_file.h>
#include <stird/core/service_word.h>
#include <stird/io/numbers_files.h>

#include "conf/draft.h"
#include "conf/keys.h"

#define NOW_S 1893456000 /* 2030-01-01: while the certificates of tests/conf are valid */

static struct str slurp(const char *path)
{
    struct files *files = files_new();
    struct str text = {"", 0};
    struct str name = str_of(path);
    assert_int_equal(files_read(files, name, 1 << 20, &text), 0);
    struct str copy = {strndup(text.n > 0 ? text.p : "", text.n), text.n};
    files_free(files);
    return copy;
}

static struct settings *read_settings(struct files *files, const char *path, struct buf *said)
{
    struct problems problems = PROBLEMS_INIT;
    struct settings *s = settings_read(files, str_of(path), NOW_S, &problems);
    assert_int_equal(s == NULL, problems_any(&problems));
    problems_print(&problems, said);
    problems_fini(&problems);
    return s;
}

static void assert_same(struct str a, struct str b)
{
    if (!str_eq(a, b))
        print_error("got:\n%.*s\nwanted:\n%.*s\n", STR_ARG(a), STR_ARG(b));
    assert_true(str_eq(a, b));
}

/* What a child makes of the same bytes, without opening anything. */
static void assert_replay(const struct files *files, struct str said, const struct settings *first)
{
    struct buf again = BUF_INIT, one = BUF_INIT, two = BUF_INIT;
    int fd = files_to_fd(files);
    assert_true(fd >= 0);
    struct files *replayed = files_from_fd(fd);
    assert_non_null(replayed);
    close(fd);
    assert_int_equal(chdir("/"), 0);
    struct settings *s = read_settings(replayed, "stird.conf", &again);
    assert_same(buf_str(&again), said);
    assert_int_equal(s == NULL, first == NULL);
    if (s) {
        settings_print(first, &one);
        settings_print(s, &two);
        assert_same(buf_str(&two), buf_str(&one));
    }
    settings_free(s);
    files_free(replayed);
    buf_fini(&again);
    buf_fini(&one);
    buf_fini(&two);
}

/* warnings.txt of a good configuration has what it says all the same; without one, nothing. */
static void assert_warnings(const struct settings *s)
{
    struct buf said = BUF_INIT;
    for (const struct setting_warning *w = s->warnings; w; w = w->next)
        buf_addf(&said, "%.*s:%u: %.*s\n", STR_ARG(w->file), w->line, STR_ARG(w->text));
    bool wanted = access("warnings.txt", R_OK) == 0;
    struct str expected = wanted ? slurp("warnings.txt") : STR("");
    assert_same(buf_str(&said), expected);
    if (wanted)
        free((char *)(uintptr_t)expected.p);
    buf_fini(&said);
}

static void run_case(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/conf/%s", TESTS_DIR, name);
    assert_int_equal(chdir(path), 0);
    struct str expected = slurp("expected.txt");
    struct buf said = BUF_INIT;
    struct files *files = files_new();
    struct settings *s = read_settings(files, "stird.conf", &said);
    if (!str_eq(buf_str(&said), expected))
        print_error("%s:\n", name);
    assert_same(buf_str(&said), expected);
    assert_int_equal(strncmp(name, "good-", 5) == 0, expected.n == 0);
    if (s)
        assert_warnings(s);
    assert_replay(files, buf_str(&said), s);
    settings_free(s);
    files_free(files);
    buf_fini(&said);
    free((char *)expected.p);
}

static int has_settings(const struct dirent *entry)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/conf/%s/stird.conf", TESTS_DIR, entry->d_name);
    return entry->d_name[0] != '.' && access(path, R_OK) == 0;
}

static void bad_configurations(void **state)
{
    struct dirent **entries;
    (void)state;
    int n = scandir(TESTS_DIR "/conf", &entries, has_settings, alphasort);
    assert_true(n >= 40);
    for (int i = 0; i < n; i++) {
        run_case(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

/* ---- the files we ship ---- */

/* PATH with the directories of its certificates put to those of the tests. */
static struct buf with_certificates(const char *path, const char *directory)
{
    struct buf out = BUF_INIT;
    struct str text = slurp(path), rest = text;
    for (;;) {
        size_t at = 0;
        struct str wanted = str_of(directory);
        while (at < rest.n && !str_starts(str_slice(rest, at, rest.n), wanted))
            at++;
        buf_add_str(&out, str_slice(rest, 0, at));
        if (at == rest.n)
            break;
        buf_add_text(&out, TESTS_DIR "/conf/certs/818H");
        rest = str_slice(rest, at + wanted.n, rest.n);
    }
    free((char *)text.p);
    return out;
}

static void write_file(const char *path, struct str text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

/* Clean, and what stird -T prints of it reads back to the same settings. */
static void assert_clean(struct str text, const char *numbers_csv)
{
    char directory[] = "/tmp/stird-settings-XXXXXX";
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    struct buf said = BUF_INIT, printed = BUF_INIT, again = BUF_INIT;
    write_file("stird.conf", text);
    struct files *files = files_new(), *second = files_new();
    struct settings *s = read_settings(files, "stird.conf", &said);
    assert_same(buf_str(&said), STR(""));
    settings_print(s, &printed);
    write_file("printed.conf", buf_str(&printed));
    struct settings *t = read_settings(second, "printed.conf", &said);
    assert_same(buf_str(&said), STR(""));
    settings_print(t, &again);
    assert_same(buf_str(&again), buf_str(&printed));
    if (numbers_csv) {
        struct problems problems = PROBLEMS_INIT;
        struct str csv = slurp(numbers_csv);
        struct numbers_source source = {
            .name = STR("numbers.csv"), .text = csv, .kind = NUMBERS_TABLE};
        struct buf image = BUF_INIT;
        assert_true(numbers_compile(&source, 1, &image, NULL, &problems));
        assert_true(s->n_numbers_files == 1 && str_eq(s->numbers_files[0], STR("numbers.csv")));
        buf_fini(&image);
        problems_fini(&problems);
        free((char *)csv.p);
    }
    settings_free(s);
    settings_free(t);
    files_free(files);
    files_free(second);
    buf_fini(&said);
    buf_fini(&printed);
    buf_fini(&again);
    unlink("stird.conf");
    unlink("printed.conf");
    rmdir(directory);
}

static void shipped_files(void **state)
{
    static const char *const examples[] = {
        "retail-subscriber", "managed-customer", "wholesale",  "international-gateway",
        "call-centre",       "enterprise-pbx",   "shared-sbc", "reseller-rules",
        "sbc-on-both-sides",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        char path[512], csv[512];
        snprintf(path, sizeof(path), "%s/conf/examples/%s/stird.conf", PROJECT_DIR, examples[i]);
        snprintf(csv, sizeof(csv), "%s/conf/examples/%s/numbers.csv", PROJECT_DIR, examples[i]);
        struct buf text = with_certificates(path, "certs/818H");
        assert_clean(buf_str(&text), csv);
        buf_fini(&text);
    }
    struct buf text = with_certificates(PROJECT_DIR "/conf/stird.conf",
                                        "/var/lib/stird/certs/818H");
    assert_clean(buf_str(&text), NULL);
    buf_fini(&text);
}

/* ---- files that are not taken ---- */

static void assert_refused(const char *why)
{
    struct buf said = BUF_INIT;
    struct files *files = files_new();
    struct settings *s = read_settings(files, "stird.conf", &said);
    assert_null(s);
    assert_same(buf_str(&said), str_of(why));
    files_free(files);
    buf_fini(&said);
}

static void files_not_taken(void **state)
{
    char directory[] = "/tmp/stird-settings-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_refused("stird.conf: cannot be read: No such file or directory: make a first one by "
                   "stirctl init, or name another with -c\n");
    write_file("stird.conf", STR("log = { level = \"info\"; };\n"));
    assert_int_equal(chmod("stird.conf", 0666), 0);
    assert_refused("stird.conf: cannot be read: can be written by everybody: chmod o-w\n");
    assert_int_equal(rename("stird.conf", "real.conf"), 0);
    assert_int_equal(symlink("real.conf", "stird.conf"), 0);
    assert_refused("stird.conf: cannot be read: is a symbolic link: name the file itself\n");
    assert_int_equal(unlink("stird.conf"), 0);
    write_file("stird.conf", STR("node = \"a\0b\";\n"));
    assert_refused("stird.conf: cannot be read: holds NUL bytes: it is no text file\n");
    unlink("stird.conf");
    unlink("real.conf");
    rmdir(directory);
}

/* ---- values ---- */

static void defaults_and_values(void **state)
{
    (void)state;
    struct buf said = BUF_INIT;
    struct files *files = files_new();
    assert_int_equal(chdir(TESTS_DIR "/conf/good-minimal"), 0);
    struct settings *s = read_settings(files, "stird.conf", &said);
    assert_non_null(s);
    assert_int_equal(s->t1_ms, 500);
    assert_int_equal(s->timer_c_ms, 181000);
    assert_int_equal(s->max_message_bytes, 65536);
    assert_int_equal(s->sign_timeout_ms, 50);
    assert_int_equal(s->failure_mode, FAIL_OPEN);
    assert_int_equal(s->log_level, LOG_LEVEL_INFO);
    assert_true(s->record_route && !s->mask_numbers && s->landlock_required);
    assert_true(s->listeners[0].transports[TRANSPORT_UDP] &&
                s->listeners[0].transports[TRANSPORT_TCP]);
    const struct trunk *t = &s->trunks[0];
    static const enum treatment levels[NUMBER_STATES] = {
        [NUMBER_OWNED] = TREATMENT_A,          [NUMBER_DELEGATED] = TREATMENT_A,
        [NUMBER_UNVERIFIED] = TREATMENT_B,     [NUMBER_BLOCKED] = TREATMENT_REFUSE,
        [NUMBER_OTHER_CUSTOMER] = TREATMENT_B, [NUMBER_EXPIRED] = TREATMENT_B,
        [NUMBER_NOT_YET] = TREATMENT_B,        [NUMBER_UNKNOWN] = TREATMENT_B,
    };
    assert_memory_equal(t->by_state, levels, sizeof(levels));
    assert_int_equal(t->gateway_treatment, TREATMENT_C);
    assert_int_equal(t->no_calling_number, TREATMENT_UNSIGNED);
    assert_int_equal(t->existing_identity, IDENTITY_KEEP);
    assert_true(str_eq(t->country.code, STR("1")) && t->country.national_length == 10);
    assert_false(t->gateway || t->trusted || t->dest_from_request_uri);
    assert_int_equal(t->certificate, NO_CERTIFICATE);
    assert_int_equal(s->upstreams[0].n_sources, 1);
    assert_true(str_eq(s->certificates[0].spc, STR("818H")));
    settings_free(s);
    files_free(files);
    buf_fini(&said);
}

/* Each default is a value that the parser would take, and every key has a help text. */
static void table_is_sound(void **state)
{
    static const struct table *const tables[] = {
        &root_table,     &listener_table, &certificate_table, &upstream_table,     &trunk_table,
        &customer_table, &rule_table,     &trust_table,       &verification_table, &dialect_table};
    (void)state;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (unsigned i = 0; i < tables[t]->n_keys; i++) {
            const struct key *k = &tables[t]->keys[i];
            struct draft room;
            struct buf message = BUF_INIT;
            assert_true(strlen(k->help) > 3 && k->help[strlen(k->help) - 1] == '.');
            assert_int_equal(key_find(tables[t], str_of(k->name)), i);
            if (k->fallback)
                assert_null(key_parse(k, str_of(k->fallback), &room, &message));
            buf_fini(&message);
        }
    }
}

/* Which services there are says service_word.def alone. */
static void each_service_is_told(void **state)
{
    const struct key *k = &trunk_table.keys[key_find(&trunk_table, STR("service"))];
    (void)state;
    for (unsigned i = 0; i < SERVICES; i++) {
        const struct service_word *word = &service_words[i];
        assert_string_equal(k->choices[i], word->word);
        assert_non_null(strstr(k->help, word->word));
    }
    assert_null(k->choices[SERVICES]);
}

/* ---- documentation: each key is in the reference, with its default ---- */

/* The help text as the end of a table's row: a bar would end the cell. */
static void write_cell(char *cell, size_t bytes, const char *help)
{
    size_t n = 0;
    for (const char *p = help; *p && n + 8 < bytes; p++) {
        if (*p == '|')
            cell[n++] = '\\';
        cell[n++] = *p;
    }
    memcpy(cell + n, " |\n", sizeof(" |\n"));
}

/* Whether there is a line that begins with START and ends with END. */
static bool has_row(struct str text, const char *start, const char *end)
{
    const char *at = memmem(text.p, text.n, start, strlen(start));
    while (at) {
        const char *line_end = memchr(at, '\n', (size_t)(text.p + text.n - at));
        struct str line = str_span(at, line_end ? line_end + 1 : text.p + text.n);
        struct str wanted = str_of(end);
        if (line.n >= wanted.n && str_eq(str_slice(line, line.n - wanted.n, line.n), wanted))
            return true;
        size_t behind = (size_t)(at + line.n - text.p);
        at = memmem(text.p + behind, text.n - behind, start, strlen(start));
    }
    return false;
}

/* "trunk: force_rport" */
static void print_undocumented(const char *page, const struct table *t, const struct key *k)
{
    print_error("%s: %s%s%s: ", page, t->noun ? t->noun : "", t->noun ? ": " : "", k->name);
}

/* Among the values of a key stands "restart" where no reload brings another one into force. */
static bool says_restart(struct str reference, const char *start)
{
    const char *at = memmem(reference.p, reference.n, start, strlen(start));
    struct str value = str_span(at + strlen(start), reference.p + reference.n);
    value = str_slice(value, 0, str_find(value, '|', 0));
    return memmem(value.p, value.n, ", restart ", strlen(", restart ")) != NULL;
}

/* "true, false" of a choice: what it may be in this version. */
static void write_choices(char *text, size_t bytes, const struct key *k)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; k->choices[i]; i++)
        if (!(k->refused >> i & 1))
            n += (size_t)snprintf(text + n, bytes - n, "%s%s", n > 0 ? ", " : "", k->choices[i]);
}

/* Of a choice: its row in the reference and its item in the manual name its values, and no more. */
static bool says_choices(struct str reference, struct str manual, const struct table *t,
                         const struct key *k)
{
    char choices[256], row[512], item[1024];
    bool own = t == &trunk_table && strchr(k->name, '.'); /* said once, at the root */
    if (k->type != KEY_CHOICE || own)
        return true;
    write_choices(choices, sizeof(choices), k);
    snprintf(row, sizeof(row), "| `%s` | %s | %s%s | %s |\n", k->name,
             k->fallback ? k->fallback : "-", choices,
             k->required               ? ", required"
             : k->applies != BY_RELOAD ? ", restart"
                                       : "",
             k->help);
    snprintf(item, sizeof(item), "\n.It Cm %s\n%s\nValue: %s.\n", k->name, k->help, choices);
    bool in_reference = memmem(reference.p, reference.n, row, strlen(row)) != NULL;
    bool in_manual = memmem(manual.p, manual.n, item, strlen(item)) != NULL;
    if (!in_reference)
        print_undocumented("docs/configuration.md", t, k);
    if (!in_manual)
        print_undocumented("docs/stird.conf.5", t, k);
    if (!in_reference || !in_manual)
        print_error("the values are not: %s\n", choices);
    return in_reference && in_manual;
}

static bool is_documented(struct str reference, const struct table *t, const struct key *k)
{
    char start[256], end[512];
    /* A trunk's own country and attestation are those of the root, said once. */
    if (t == &trunk_table && strchr(k->name, '.'))
        return true;
    snprintf(start, sizeof(start), "| `%s` | %s | ", k->name, k->fallback ? k->fallback : "-");
    write_cell(end, sizeof(end), k->help);
    bool found = has_row(reference, start, end);
    if (found && says_restart(reference, start) == (k->applies != BY_RELOAD))
        return true;
    print_undocumented("docs/configuration.md", t, k);
    if (found)
        print_error("\"restart\" is %s\n", k->applies == BY_RELOAD ? "wrong" : "missing");
    else
        print_error("no row %s... | %s", start, end);
    return false;
}

static unsigned count(struct str text, struct str wanted)
{
    unsigned n = 0;
    for (size_t i = 0; i + wanted.n <= text.n; i++)
        n += str_starts(str_slice(text, i, text.n), wanted);
    return n;
}

static const struct table *const tables[] = {
    &root_table,     &listener_table,     &certificate_table, &provider_table,
    &upstream_table, &trunk_table,        &customer_table,    &rule_table,
    &trust_table,    &verification_table, &dialect_table};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* The manual has an item for it in each place where it may stand. */
static bool has_items(struct str manual, const struct table *t, const struct key *k)
{
    char item[128];
    unsigned places = 0;
    for (size_t i = 0; i < TABLES; i++)
        places += key_find(tables[i], str_of(k->name)) < tables[i]->n_keys;
    snprintf(item, sizeof(item), "\n.It Cm %s\n", k->name);
    unsigned items = count(manual, str_of(item));
    if (items >= places)
        return true;
    print_undocumented("docs/stird.conf.5", t, k);
    print_error("%u of %u items .It Cm %s\n", items, places, k->name);
    return false;
}

/* Says all that are missing, not the first one. */
static void keys_are_documented(void **state)
{
    (void)state;
    struct str reference = slurp(PROJECT_DIR "/docs/configuration.md");
    struct str manual = slurp(PROJECT_DIR "/docs/stird.conf.5");
    unsigned missing = 0;
    for (size_t t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < tables[t]->n_keys; i++) {
            missing += !is_documented(reference, tables[t], &tables[t]->keys[i]);
            missing += !has_items(manual, tables[t], &tables[t]->keys[i]);
            missing += !says_choices(reference, manual, tables[t], &tables[t]->keys[i]);
        }
    }
    assert_int_equal(missing, 0);
    free((char *)reference.p);
    free((char *)manual.p);
}

/* ---- conf/stird.conf: every setting, those with a default as a comment that says it ---- */

/* What a line that begins with NAME and OPENED encloses, commented out or not. */
static struct str enclosed(struct str text, const char *name, const char *opened)
{
    char start[64], end[8];
    for (unsigned commented = 0; commented < 2; commented++) {
        snprintf(start, sizeof(start), "\n%s%s = %s", commented ? "#" : "", name, opened);
        snprintf(end, sizeof(end), "\n%s%s;", commented ? "#" : "", *opened == '(' ? ")" : "}");
        const char *at = memmem(text.p, text.n, start, strlen(start));
        if (!at)
            continue;
        struct str rest = str_span(at + strlen(start), text.p + text.n);
        struct str line = str_slice(rest, 0, str_find(rest, '\n', 0));
        if (line.n > 2 && str_eq(str_slice(line, line.n - 2, line.n), STR(");")))
            return line;
        const char *to = memmem(rest.p, rest.n, end, strlen(end));
        return to ? str_span(rest.p, to) : rest;
    }
    return (struct str){"", 0};
}

/* Where K of T would be written. */
static struct str part_of_key(struct str text, const struct table *t, const struct key *k)
{
    char group[64];
    const char *dot = strchr(k->name, '.');
    if (t == &root_table && !dot)
        return text;
    if (dot) {
        snprintf(group, sizeof(group), "%.*s", (int)(dot - k->name), k->name);
        return enclosed(text, group, "{");
    }
    for (unsigned i = 0; i < root_table.n_keys; i++)
        if (root_table.keys[i].objects == t)
            return enclosed(text, root_table.keys[i].name, "(");
    return (struct str){"", 0};
}

static bool is_part_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Behind "WORD = " the rest of its line; empty: it is not there. */
static struct str value_behind(struct str part, const char *word, bool *commented)
{
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "%s = ", word);
    for (size_t i = 1; i + strlen(wanted) < part.n; i++) {
        struct str here = str_slice(part, i, part.n);
        if (!str_starts(here, str_of(wanted)) || is_part_of_word(part.p[i - 1]))
            continue;
        *commented = part.p[i - 1] == '#';
        return str_slice(here, strlen(wanted), str_find(here, '\n', 0));
    }
    return (struct str){"", 0};
}

/* A value that is commented out is the default. */
static bool is_shipped(struct str text, const struct table *t, const struct key *k)
{
    char plain[128], quoted[128];
    const char *dot = strchr(k->name, '.');
    bool commented = false, own = t == &trunk_table && dot; /* said once, at the root */
    struct str value = value_behind(part_of_key(text, t, k), dot ? dot + 1 : k->name, &commented);
    snprintf(plain, sizeof(plain), "%s;", k->fallback ? k->fallback : "");
    snprintf(quoted, sizeof(quoted), "\"%s\";", k->fallback ? k->fallback : "");
    bool right = !k->fallback || !commented || str_starts(value, str_of(plain)) ||
                 str_starts(value, str_of(quoted));
    if (own || (value.n > 0 && right))
        return true;
    print_undocumented("conf/stird.conf", t, k);
    print_error(value.n > 0 ? "the default is %s\n" : "it is not there\n", k->fallback);
    return false;
}

static void keys_are_shipped(void **state)
{
    (void)state;
    struct str text = slurp(PROJECT_DIR "/conf/stird.conf");
    unsigned missing = 0;
    for (size_t t = 0; t < TABLES; t++)
        for (unsigned i = 0; i < tables[t]->n_keys; i++)
            missing += !is_shipped(text, tables[t], &tables[t]->keys[i]);
    assert_int_equal(missing, 0);
    free((char *)text.p);
}

/* ---- what a reload cannot change ---- */

/* Another value than SETTINGS have there; false: there is none that one line can say. */
static bool other_value(const struct key *k, const void *present, struct buf *out)
{
    struct buf now = BUF_INIT;
    char room[64] = {0};
    bool quoted = k->type != KEY_BOOLEAN && k->type != KEY_INTEGER;
    if (k->type == KEY_TEXTS || k->type == KEY_OBJECTS)
        return false;
    key_print(k, present, &now);
    buf_add_text(out, quoted ? "\"" : "");
    if (k->type == KEY_BOOLEAN)
        buf_add_text(out, str_eq(buf_str(&now), STR("true")) ? "false" : "true");
    else if (k->type == KEY_CHOICE)
        buf_add_text(out, k->choices[memcmp(present, room, k->width) == 0]);
    else if (k->min < k->max && k->type != KEY_TEXT && k->type != KEY_PATH && k->type != KEY_DIGITS)
        key_print_number(k, (uint64_t)(memcmp(present, &k->min, k->width) ? k->min : k->max), out);
    else
        buf_add_text(out, k->type == KEY_DIGITS ? "777" : "/another");
    buf_add_text(out, quoted ? "\"" : "");
    buf_fini(&now);
    return true;
}

static void write_change(const struct key *k, struct str value)
{
    struct buf text = BUF_INIT;
    const char *dot = strchr(k->name, '.');
    if (dot)
        buf_addf(&text, "%.*s = { %s = %.*s; };\n", (int)(dot - k->name), k->name, dot + 1,
                 STR_ARG(value));
    else
        buf_addf(&text, "%s = %.*s;\n", k->name, STR_ARG(value));
    write_file("conf.d/change.conf", buf_str(&text));
    buf_fini(&text);
}

struct changes {
    const struct key *of;
    unsigned n;
    bool refused;
    unsigned line;
};

static void take_change(void *user, const struct setting_change *c)
{
    struct changes *changes = user;
    assert_true(str_eq(c->key, str_of(changes->of->name)));
    assert_true(str_starts(c->values, c->key));
    changes->n++;
    changes->refused = c->refused;
    changes->line = c->line;
}

/* With mistakes too: a path that leads nowhere is another value all the same. */
static struct settings *read_changed(struct files *files)
{
    struct problems problems = PROBLEMS_INIT;
    bool usable;
    struct settings *s = settings_read_all(files, STR("stird.conf"), NOW_S, &problems, &usable);
    problems_fini(&problems);
    assert_non_null(s);
    return s;
}

static void check_change(const struct key *k, const struct settings *present)
{
    const char *draft = (const char *)container_of(present, struct draft, settings);
    struct buf value = BUF_INIT;
    struct changes changes = {.of = k};
    if (other_value(k, draft + k->offset, &value)) {
        write_change(k, buf_str(&value));
        struct files *files = files_new();
        struct settings *next = read_changed(files);
        settings_need_restart(next, present, take_change, &changes);
        if (changes.n != (k->applies != BY_RELOAD))
            print_error("%s = %.*s\n", k->name, STR_ARG(buf_str(&value)));
        assert_int_equal(changes.n, k->applies != BY_RELOAD);
        assert_int_equal(changes.refused, k->applies == AT_START_ONLY);
        assert_int_equal(changes.line, changes.n);
        settings_free(next);
        files_free(files);
    }
    buf_fini(&value);
}

static void each_key_needs_a_restart_or_none(void **state)
{
    char directory[] = "/tmp/stird-settings-XXXXXX";
    (void)state;
    struct buf text = with_certificates(TESTS_DIR "/conf/good-minimal/stird.conf", "../certs/818H");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(mkdir("conf.d", 0700), 0);
    write_file("stird.conf", buf_str(&text));
    struct files *files = files_new();
    struct settings *present = read_changed(files);
    for (unsigned i = 0; i < root_table.n_keys; i++)
        check_change(&root_table.keys[i], present);
    settings_free(present);
    files_free(files);
    buf_fini(&text);
    unlink("conf.d/change.conf");
    rmdir("conf.d");
    unlink("stird.conf");
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_configurations),
        cmocka_unit_test(shipped_files),
        cmocka_unit_test(files_not_taken),
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(each_service_is_told),
        cmocka_unit_test(keys_are_documented),
        cmocka_unit_test(keys_are_shipped),
        cmocka_unit_test(each_key_needs_a_restart_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
