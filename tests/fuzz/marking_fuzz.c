/*
 * What is written into a line that a caller wrote (marking.h): it stays one line with one name-addr
 * of the same number, has one verstat and no label but ours. The first octet chooses the profile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/marking.h>
#include <stird/core/told.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct country america = {
    .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
static const struct tn caller = {.n = 11, .digits = "12155550121"};
static const struct verified verified = {.class = VERIFICATION_PASSED,
                                         .level = 'A',
                                         .attest = 'A',
                                         .check = VERIFY_CHECKS,
                                         .verstat = VERSTAT_PASSED};

static void require(bool good, const char *what, struct str text)
{
    if (good)
        return;
    fprintf(stderr, "%s: \"", what);
    fwrite(text.p, 1, text.n, stderr);
    fprintf(stderr, "\"\n");
    abort();
}

static unsigned count(struct str text, const char *part)
{
    const size_t n = strlen(part);
    unsigned found = 0;
    for (size_t i = 0; i + n <= text.n; i++)
        found += memcmp(text.p + i, part, n) == 0;
    return found;
}

/* Line ends of a line come from the caller; we add none. */
static void check_lines(struct str before, struct str after)
{
    require(count(after, "\n") <= count(before, "\n"), "a line end more", after);
    require(count(after, "\r") <= count(before, "\r"), "a line end more", after);
}

static bool value_of(struct str line, struct str *value)
{
    struct header_line header;
    struct str rest = line;
    const bool found = header_next(&rest, &header);
    *value = found ? header.value : STR("");
    return found;
}

static bool number_of(struct str element, struct tn *number, struct str *uri)
{
    return name_addr_alone(element, uri) && tn_from_uri(number, *uri, &america, NULL, 0) == TN_OK;
}

static void check_same_number(struct str before, struct str after)
{
    struct tn a = {0}, b = {0};
    struct str uri;
    if (!number_of(before, &a, &uri))
        return;
    require(number_of(after, &b, &uri) && tn_equal(&a, &b), "another number", after);
}

static void check_asserted(const struct marking *m, struct str line)
{
    struct buf out = BUF_INIT;
    struct str a = STR(""), b = STR(""), one, other;
    if (marking_asserted(m, line, &out) && value_of(line, &a) && value_of(buf_str(&out), &b)) {
        check_lines(line, buf_str(&out));
        while (list_next(&a, &one)) {
            require(list_next(&b, &other), "a value less", buf_str(&out));
            check_same_number(one, other);
        }
        require(!list_next(&b, &other), "a value more", buf_str(&out));
    }
    buf_fini(&out);
}

static void check_from(const struct marking *m, struct str line)
{
    struct buf out = BUF_INIT;
    struct str a = STR(""), b = STR(""), uri;
    struct tn number;
    if (marking_from(m, line, &out)) {
        require(value_of(line, &a) && value_of(buf_str(&out), &b), "no header", buf_str(&out));
        check_lines(line, buf_str(&out));
        check_same_number(a, b);
        if (number_of(a, &number, &uri) && m->profile->verstat_place == VERSTAT_PLACE_BOTH)
            require(count(b, tn_equal(&number, &caller) ? "verstat=TN-Validation-Passed"
                                                        : "verstat=No-TN-Validation") >= 1,
                    "no verstat", b);
    }
    buf_fini(&out);
}

/* One address that every reader reads alike. */
static bool is_one_address(struct str line)
{
    struct str value, element, uri;
    if (!value_of(line, &value))
        return false;
    struct str rest = value;
    return list_next(&rest, &element) && element.n == value.n && name_addr_alone(value, &uri);
}

/* Nothing is left to be taken off where it was. */
static void check_labels(const struct verification_setting *profile, struct str line)
{
    struct buf out = BUF_INIT, again = BUF_INIT;
    if (marking_without_labels(profile, line, &out)) {
        check_lines(line, buf_str(&out));
        if (is_one_address(line))
            require(!marking_without_labels(profile, buf_str(&out), &again), "a label is left",
                    buf_str(&out));
    }
    buf_fini(&out);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct verification_setting profile = {
        .verstat_place = data[0] & 1 ? VERSTAT_PLACE_BOTH : VERSTAT_PLACE_PAI,
        .verstat_form = (enum verstat_form)(data[0] >> 1 & 3) % 3,
        .verstat_suffix = data[0] & 8 ? VERSTAT_SUFFIX_LETTER : VERSTAT_SUFFIX_NONE,
        .label_a = data[0] & 16 ? STR("[V]") : STR(""),
        .label_failed = STR("[X]"),
        .label_none = STR("OK")};
    const struct marking marking = {&profile, &verified, &america, &caller};
    const struct str text = {(const char *)data + 1, size - 1};
    struct buf clean = BUF_INIT;
    const struct str line = told_without_verstat(text, &clean) ? buf_str(&clean) : text;
    check_asserted(&marking, line);
    check_from(&marking, line);
    check_labels(&profile, line);
    buf_fini(&clean);
    return 0;
}
