/*
 * Names of columns that look like one with a meaning. Taken for a column of the operator's own,
 * "expires" would end no row and "caps" would cap nobody.
 */
#include "numbers_build.h"

#include <stird/suggest.h>

#define SQUEEZED_MAX 40

/* Words are written without what people put between them, lower case, one space apart. */
struct lookalike {
    const char *column;
    /* A slip of the hand: so many letters differ. 0: it is a word that much resembles. */
    unsigned distance;
    bool always;              /* such a slip is one even beside the right column */
    const char *words;        /* what it is also called */
    const char *when_missing; /* the same, which beside the right column may be another thing */
};

static const struct lookalike in_numbers[] = {
    {"number", 2, false, "numbers",
     "num no nr tn tns did dids phone phones phonenumber phonenumbers telephone telephonenumber telno msisdn "
     "e164 e164number callingnumber callernumber callerid range ranges numberrange prefix nummer"},
    {"customer", 2, false, "client clients customers",
     "cust account accountname customername customerid clientname clientid tenant subscriber company "
     "owner kunde"},
    {"state", 2, false, "status states",
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
    {"cap", 0, false,
     "caps capp cappedat caplevel levelcap capattestation attestationcap maxlevel maximumlevel "
     "levelmax maxattestation maximumattestation highestlevel atmost",
     ""},
    {"kyc", 0, false, "kycs kycstate kycstatus kyclevel kycresult knowyourcustomer", ""},
    {"provider", 1, false, "providers", ""},
    {"contact", 0, false, "contacts", ""},
};

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

/* "start" is a word of its own, and no slip of "state". */
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

const char *column_meant(const struct str *field, unsigned n, struct str name)
{
    return find(in_numbers, N_IN_NUMBERS, field, n, name);
}

const char *customer_column_meant(const struct str *field, unsigned n, struct str name)
{
    return find(in_customers, N_IN_CUSTOMERS, field, n, name);
}

bool column_is_date(struct str name)
{
    for (size_t i = 0; i < N_IN_NUMBERS; i++)
        if (in_numbers[i].always && in_numbers[i].distance > 1 &&
            (is_called(&in_numbers[i], name, false) || is_slip(&in_numbers[i], name, false)))
            return true;
    return false;
}
