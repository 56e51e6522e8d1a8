/*
 * Names of columns that look like one with a meaning. If stird took "expires" for a column of the
 * operator's own, it would end no row, and "caps" would cap nobody.
 */
#include "numbers_build.h"

#include <stird/base/suggest.h>
#include <string.h>

#define SQUEEZED_MAX 40

/* Words are written without what people put between them, lower case, one space apart. */
struct lookalike {
    const char *column;
    /* How many letters a typing error may change. 0: too many other words resemble it. */
    unsigned distance;
    bool always;              /* a misspelling is a mistake even beside the right column */
    const char *words;        /* what it is also called */
    const char *when_missing; /* the same, which beside the right column may be another thing */
};

static const struct lookalike in_numbers[] = {
    /* The second half of a range too: beside it, only the first number would be blocked. */
    {"number", 2, false,
     "numbers tn tns did dids range ranges numberrange rangefrom rangefirst rangestart rangebegin "
     "rangeto rangelast rangeend first last firstnumber lastnumber firsttn lasttn fromnumber "
     "tonumber numberfrom numberto endnumber numberend secondnumber number2 quantity qty count "
     "blocksize rangesize prefix prefixes wildcard",
     "num no nr phone phones phonenumber phonenumbers telephone telephonenumber telno msisdn "
     "e164 e164number callingnumber callernumber callerid nummer"},
    {"customer", 2, false,
     "client clients customers account accounts accountname accountid customername customerid "
     "clientname clientid owner holder assignee lessee trunk trunks trunkname",
     "cust tenant subscriber company kunde"},
    {"state", 2, false, "status states level levels lvl",
     "numberstatus numberstate ownership right rights entitlement authorization authorisation type "
     "kind"},
    {"not_before", 2, true,
     "validfrom validsince validfromdate from fromdate datefrom since start starts started startdate "
     "startday startson startsat begin begins begindate beginning effective effectivedate "
     "effectivefrom effectivesince activefrom activationdate firstday notearlier notearlierthan",
     ""},
    {"not_after", 2, true,
     "expires expire expired expiry expirydate expiration expirationdate expiresat expireson "
     "validto validuntil validthru validthrough validtill validtodate until untildate till to todate "
     "dateto end ends ended enddate endday endson endsat ending effectiveto effectiveuntil "
     "effectivethru effectivethrough activeto activeuntil lastday terminates terminated "
     "terminationdate notlater notlaterthan",
     ""},
    {"cert", 1, true,
     "certs certificate certificates certid certificateid certunit certificateunit", ""},
    {"wide", 0, false, "wideok widerange wideranges", ""},
    {"note", 0, false, "notes", ""},
};

static const struct lookalike in_customers[] = {
    {"customer", 2, false, "client clients customers",
     "name account accountname customername customerid clientname clientid tenant subscriber "
     "company kunde"},
    {"cap", 0, false, "capp caplevel atmost upto", ""},
    {"sign_percent", 0, false, "signpercent signpercentage signshare percentsigned", ""},
    {"kyc", 0, false, "kycs kycverified kycok kycstate kycstatus kyclevel kycresult", ""},
    {"provider", 1, false, "providers", ""},
    {"contact", 0, false, "contacts", ""},
};

/*
 * Words of names by what they mean, in number tables and in tables of customers alike: when a right
 * begins or ends, whether there is one, how much it is worth, whether its holder is known. WHOLE is
 * the whole name; PARTS stand in "loa_expires", "PortOut" and "contract end" whatever is beside
 * them: `expir*` begins a part, `*expir*` may stand anywhere, `portout` fills one or several. The
 * first line that fits counts.
 *
 * What a date says depends on what it is the date of: who is "blocked since January" has no right
 * from then on, who is "blocked until May" has one. SURE is when the name says enough.
 */
enum sure { ALWAYS, UNLESS_TURNED, OF_A_RIGHT };
static const struct meaning {
    const char *column, *whole, *parts;
    enum sure sure;
} meanings[] = {
    {NULL, "verifiedby signedby", "", ALWAYS}, /* who did it */
    {"not_before", "", "portin portindate portedin portsin portingin", UNLESS_TURNED},
    {"not_after", "due ttl lifetime notvalidafter notafterdate", "", ALWAYS},
    {"not_after", "",
     "notvalidafter exp exps expdate expday exptime loaexp eol termdate *expir* contractend "
     "loaend leaseend termend *validto *validtill *validthru *terminat* stop* "
     "*disconnect* *deactiv* *decommission* *discontinu* *cancel* cease* ceasing withdraw* "
     "retire* sunset ported porting portout* portedout* portsout* portingout* portaway* "
     "portedaway* release* releasing remove* delete* close* lapse* lastday lastdate latest "
     "notafter deadline duedate returned churn* renew* vacated surrender*",
     UNLESS_TURNED},
    {"not_after", "",
     "until *until till *till thru through to end ends ended ending enddate* endof* endat "
     "endon before",
     OF_A_RIGHT},
    {"not_before", "",
     "from *from start* *start *since begin* begun effective* since activat* activation* "
     "commence* *validfrom earliest firstday firstdate after inforce notbefore",
     OF_A_RIGHT},
    {"kyc", "",
     "kyc* *kyc knowyour* verif* *verified unverif* *verification vetted vetting unvetted authentic* "
     "unauthentic* certified duediligence",
     ALWAYS},
    {"cap", "limit limits limited ceiling max maximum highest att grade score",
     "*attest* level* lvl* *level cap caps capped cappedat *levelcap verstat *verstat sign signs "
     "signed unsigned signing nosign signature* stir *stirshaken shaken passport rating ratings rated "
     "trust* untrusted confidence reputation abc",
     ALWAYS},
    {"state", "ok use",
     "active *inactive *enabled enable disable* blocked block blocking *revok* revocation *suspend* "
     "valid* *invalid* barred barring locked unlocked allow* *allowed disallow* deny denied denylist "
     "permit* *permitted authoris* authoriz* unauthoris* unauthoriz* entitle* banned ban frozen "
     "paused owned delegated dno donotoriginate originat* state *status approv* unapproved reject* "
     "accepted refuse* forbid* forbidden prohibit* restrict* eligib* ineligib* usable live dead "
     "inservice outofservice assigned unassigned allocated unallocated available unavailable "
     "reserved vacant spare aging quarantine* spoof* fraud* spam* scam* robocall* nuisance blacklist* "
     "whitelist* blocklist* allowlist* inboundonly confirmed unconfirmed pending legit legitimate",
     ALWAYS},
};

/* Parts of a name that add nothing to when a right begins or ends. Any other part may say what the
   date is of: "gone_since", "quarantine_end", "lent_to". */
static const char of_a_right[] =
    "date* day days time at on of the in by is was d dt loa contract lease term service services "
    "right rights number numbers tn tns did range row entry record valid* activ* effective* owned "
    "ownership owner assigned assignment delegated delegation allocated allocation customer client "
    "account usage use used force inforce start starts started starting startdate startof begin begins "
    "began begun beginning begindate commence* since from first firstday earliest after notbefore "
    "agreement subscription enabled allowed allow permitted authoris* authoriz* approved approval "
    "granted grant licence license provisioned installed live until till thru through to end ends "
    "ended ending enddate endof endat endon before last up";

/* Parts that reverse the meaning of a date, or may. */
static const char turned[] =
    "no non not nolonger never without *block* barr* ban banned *suspen* susp quarantine* inactiv* "
    "invalid* disallow* den* idle dead gone vacant dormant unused unassigned unallocated unowned "
    "unapproved unavailable unverified unsigned untrusted unconfirmed lock* frozen freeze* hold held "
    "pause* reserved aging spoof* fraud* spam* scam* *abuse* blacklist* forbid* prohibit* restrict* "
    "reject* refuse*";

/* The first and the last of a range, where nothing else says which numbers a row is of. */
static const struct {
    const char *first, *last;
} range_ends[] = {{"from", "to"},     {"start", "end"},   {"start", "stop"},   {"begin", "end"},
                  {"from", "until"},  {"from", "thru"},   {"from", "through"}, {"from", "till"},
                  {"starts", "ends"}, {"lower", "upper"}, {"low", "high"},     {"min", "max"}};

#define N_RANGE_ENDS (sizeof(range_ends) / sizeof(range_ends[0]))
#define N_MEANINGS   (sizeof(meanings) / sizeof(meanings[0]))

#define N_IN_NUMBERS   (sizeof(in_numbers) / sizeof(in_numbers[0]))
#define N_IN_CUSTOMERS (sizeof(in_customers) / sizeof(in_customers[0]))

/* Letters and digits of NAME, lower case. */
static struct str squeeze(char out[SQUEEZED_MAX], struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < SQUEEZED_MAX; i++)
        if (ascii_is_alpha(name.p[i]) || ascii_is_digit(name.p[i]))
            out[n++] = ascii_lower(name.p[i]);
    return (struct str){out, n};
}

static bool is_word_of(struct str word, const char *words)
{
    struct str rest = str_of(words);
    while (rest.n > 0)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

static bool has_column(const struct str *field, unsigned n, const char *column)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq_nocase(field[i], str_of(column)))
            return true;
    return false;
}

static bool is_called(const struct lookalike *l, struct str name, bool missing)
{
    char a[SQUEEZED_MAX], b[SQUEEZED_MAX];
    struct str word = squeeze(a, name);
    return str_eq(word, squeeze(b, str_of(l->column))) || is_word_of(word, l->words) ||
           (missing && is_word_of(word, l->when_missing));
}

static bool is_slip(const struct lookalike *l, struct str name, bool missing)
{
    char a[SQUEEZED_MAX], b[SQUEEZED_MAX];
    return (l->always || missing) &&
           suggest_distance(squeeze(a, name), squeeze(b, str_of(l->column))) <= l->distance;
}

/* "start" is a word of its own, not a misspelt "state". */
static const char *find(const struct lookalike *list, size_t n_list, const struct str *field,
                        unsigned n, struct str name)
{
    for (size_t i = 0; i < n_list; i++)
        if (is_called(&list[i], name, !has_column(field, n, list[i].column)))
            return list[i].column;
    for (size_t i = 0; i < n_list; i++)
        if (is_slip(&list[i], name, !has_column(field, n, list[i].column)))
            return list[i].column;
    return NULL;
}

/* A part begins behind what is no letter, and at an upper-case letter behind a lower-case one. */
static bool begins_part(struct str name, size_t i)
{
    if (i == 0)
        return true;
    char before = name.p[i - 1], c = name.p[i];
    bool upper = c >= 'A' && c <= 'Z', lower_before = before >= 'a' && before <= 'z';
    return !ascii_is_alpha(before) || !ascii_is_alpha(c) || (upper && lower_before);
}

/* REST: the squeezed name from the beginning of one part on. ENDS: where its parts end. */
static bool pattern_fits(struct str pattern, struct str rest, const bool *ends, bool first)
{
    bool anywhere = pattern.p[0] == '*', open = pattern.p[pattern.n - 1] == '*';
    struct str word = str_slice(pattern, anywhere, pattern.n - open);
    for (size_t i = 0; i + word.n <= rest.n && (i == 0 || (anywhere && first)); i++)
        if (str_starts(str_slice(rest, i, rest.n), word) && (open || ends[i + word.n]))
            return true;
    return false;
}

static bool any_pattern_fits(const char *patterns, struct str rest, const bool *ends, bool first)
{
    struct str left = str_of(patterns);
    while (left.n > 0)
        if (pattern_fits(str_cut(&left, ' '), rest, ends, first))
            return true;
    return false;
}

/* The letters and digits of a name, in lower case, and which of them begin a part; the end counts
   as a beginning. */
struct squeezed {
    char letters[SQUEEZED_MAX];
    bool begins[SQUEEZED_MAX + 1];
    size_t n;
};

static void squeeze_parts(struct squeezed *s, struct str name)
{
    *s = (struct squeezed){.n = 0};
    for (size_t i = 0; i < name.n && s->n < SQUEEZED_MAX; i++)
        if (ascii_is_alpha(name.p[i]) || ascii_is_digit(name.p[i])) {
            s->begins[s->n] = begins_part(name, i);
            s->letters[s->n++] = ascii_lower(name.p[i]);
        }
    s->begins[s->n] = true;
}

/* Where any part of the name begins that one of PATTERNS fits. */
static bool names_any(const char *patterns, const struct squeezed *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->begins[i] && any_pattern_fits(patterns, (struct str){s->letters + i, s->n - i},
                                             s->begins + i, i == 0))
            return true;
    return false;
}

static bool means(const struct meaning *m, const struct squeezed *s)
{
    return is_word_of((struct str){s->letters, s->n}, m->whole) || names_any(m->parts, s);
}

/* Each part is one of PATTERNS, or a number. */
static bool names_only(const char *patterns, const struct squeezed *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->begins[i] && !ascii_is_digit(s->letters[i]) &&
            !any_pattern_fits(patterns, (struct str){s->letters + i, s->n - i}, s->begins + i,
                              false))
            return false;
    return true;
}

static bool is_sure(const struct meaning *m, const struct squeezed *s)
{
    return m->sure == ALWAYS || (m->sure == OF_A_RIGHT && names_only(of_a_right, s)) ||
           (m->sure == UNLESS_TURNED && !names_any(turned, s));
}

/* Several columns in one, for which there is a message of its own. */
static bool is_several(struct str name)
{
    return memchr(name.p, ';', name.n) || memchr(name.p, '\t', name.n) ||
           memchr(name.p, '|', name.n);
}

/* What NAME, or one of its parts, means; NULL: nothing. AMONG: of these columns alone. */
static const struct meaning *find_meaning(struct squeezed *s, struct str name,
                                          bool (*among)(const char *column))
{
    if (name.n == 0 || is_several(name))
        return NULL;
    squeeze_parts(s, name);
    for (size_t i = 0; i < N_MEANINGS; i++)
        if ((!meanings[i].column || !among || among(meanings[i].column)) && means(&meanings[i], s))
            return &meanings[i];
    return NULL;
}

static const char *meaning_of(struct str name, bool (*among)(const char *column))
{
    struct squeezed s;
    const struct meaning *m = find_meaning(&s, name, among);
    return m ? m->column : NULL;
}

const char *numbers_customer_column_meant(struct str name)
{
    const char *like = lookalike_customer_column(NULL, 0, name);
    return like ? like : lookalike_row_column(name);
}

/* "lent_to", "leased_from" */
static bool may_name_somebody(const struct squeezed *s)
{
    return names_any("to from", s);
}

/* "from" and "to", not "numbers" */
static bool ends_range(struct str name, const char *meant)
{
    char room[SQUEEZED_MAX];
    struct str word = squeeze(room, name);
    for (size_t i = 0; str_eq(str_of(meant), STR("number")) && i < N_RANGE_ENDS; i++)
        if (str_eq(word, str_of(range_ends[i].first)) || str_eq(word, str_of(range_ends[i].last)))
            return true;
    return false;
}

void lookalike_say(struct str name, const char *meant, struct buf *why)
{
    struct squeezed s;
    const struct meaning *m = find_meaning(&s, name, NULL);
    buf_addf(why, "column \"%s\" is unknown: did you mean ", build_quote(name).text);
    if (m && !is_sure(m, &s) && str_eq(str_of(m->column), str_of(meant)))
        buf_addf(why,
                 "%s\"state\" (what the number is to the customer: blocked is no right), "
                 "\"not_after\" (the last day of its right, where there is none since, or "
                 "until, that day) or \"not_before\" (the first day of its right)?",
                 may_name_somebody(&s) ? "\"customer\" (who has the number), " : "");
    else
        buf_addf(why, "\"%s\"?%s", meant,
                 ends_range(name, meant) ? " A range is one field there: FIRST-LAST." : "");
    buf_add_text(why, " A column of your own begins with x_");
}

bool column_is_own(struct str name)
{
    return name.n > 2 && str_eq_nocase(str_slice(name, 0, 2), STR("x_"));
}

static bool has_called(const struct str *field, unsigned n, const char *called)
{
    char room[SQUEEZED_MAX];
    for (unsigned i = 0; i < n; i++)
        if (str_eq(squeeze(room, field[i]), str_of(called)))
            return true;
    return false;
}

/* Something else says which numbers a row is of. */
static bool has_numbers(const struct str *field, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (is_called(&in_numbers[0], field[i], true))
            return true;
    return false;
}

/* "from" and "to" are the two ends of a range where no column holds the numbers, and else dates. */
static bool is_end_of_range(const struct str *field, unsigned n, struct str name)
{
    char room[SQUEEZED_MAX];
    struct str word = squeeze(room, name);
    if (has_numbers(field, n))
        return false;
    for (size_t i = 0; i < N_RANGE_ENDS; i++)
        if ((str_eq(word, str_of(range_ends[i].first)) &&
             has_called(field, n, range_ends[i].last)) ||
            (str_eq(word, str_of(range_ends[i].last)) && has_called(field, n, range_ends[i].first)))
            return true;
    return false;
}

const char *column_meant(const struct str *field, unsigned n, struct str name)
{
    if (column_is_own(name))
        return NULL;
    if (is_end_of_range(field, n, name))
        return "number";
    const char *meant = find(in_numbers, N_IN_NUMBERS, field, n, name);
    return meant ? meant : meaning_of(name, NULL);
}

static bool column_is_of_customers(const char *column)
{
    for (size_t i = 0; column && i < N_IN_CUSTOMERS; i++)
        if (str_eq(str_of(column), str_of(in_customers[i].column)))
            return true;
    return false;
}

const char *lookalike_customer_column(const struct str *field, unsigned n, struct str name)
{
    if (column_is_own(name))
        return NULL;
    const char *meant = find(in_customers, N_IN_CUSTOMERS, field, n, name);
    if (!meant)
        meant = meaning_of(name, column_is_of_customers);
    return column_is_of_customers(meant) ? meant : NULL;
}

static bool column_is_date(struct str name)
{
    for (size_t i = 0; i < N_IN_NUMBERS; i++)
        if (in_numbers[i].always && in_numbers[i].distance > 1 &&
            (is_called(&in_numbers[i], name, false) || is_slip(&in_numbers[i], name, false)))
            return true;
    return false;
}

const char *lookalike_row_column(struct str name)
{
    return column_is_own(name) ? NULL : column_is_date(name) ? "not_after" : meaning_of(name, NULL);
}
