#include <stird/core/identity_set.h>

#include <stird/base/shortage.h>
#include <stird/core/passport.h>

static enum identity_role role_of(const struct token *t)
{
    const struct {
        const struct passport_type *type;
        enum identity_role role;
    } roles[] = {{&passport_type_div, IDENTITY_ROLE_DIV},
                 {&passport_type_rcd, IDENTITY_ROLE_RCD},
                 {&passport_type_rph, IDENTITY_ROLE_RPH}};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (t->type == roles[i].type)
            return roles[i].role;
    if (t->type && t->type->decides)
        return IDENTITY_ROLE_SHAKEN;
    return t->finding[VERIFY_PPT].result == VERIFY_FAILED || t->type ? IDENTITY_ROLE_OTHER
                                                                     : IDENTITY_ROLE_UNREADABLE;
}

/* Moves the last entry behind those whose role comes before its own or is the same. */
static void sort_in(struct identity_set *set)
{
    const struct identity_entry added = set->entries[set->n];
    unsigned at = set->n++;
    for (; at > 0 && set->entries[at - 1].role > added.role; at--)
        set->entries[at] = set->entries[at - 1];
    set->entries[at] = added;
}

static bool add(struct identity_set *set, unsigned header, struct str value,
                const struct identity_value *known, struct arena *arena)
{
    struct identity_entry *e = &set->entries[set->n];
    bool good = known ? token_read_value(&e->token, known, arena)
                      : token_read(&e->token, value, arena);
    e->header = header;
    e->role = role_of(&e->token);
    sort_in(set);
    return good;
}

/* Whether a value that is not judged says div. */
static bool says_div(struct str value, const struct identity_value *known)
{
    struct identity identity;
    if (known)
        return known->identity.says_div;
    identity_parse(value, &identity);
    return identity.says_div;
}

/* What is known of VALUE, the Ith of a call; NULL: nothing, or of another text. */
static const struct identity_value *
known_of(struct str value, unsigned i, const struct identity_value *const *known, unsigned n_known)
{
    const struct identity_value *k = i < n_known ? known[i] : NULL;
    return k && k->text.p == value.p && k->text.n == value.n ? k : NULL;
}

bool identity_set_read(struct identity_set *set, const struct str *values, unsigned n, unsigned max,
                       struct arena *arena)
{
    return identity_set_read_known(set, values, n, NULL, 0, max, arena);
}

bool identity_set_read_known(struct identity_set *set, const struct str *values, unsigned n,
                             const struct identity_value *const *known, unsigned n_known,
                             unsigned max, struct arena *arena)
{
    const unsigned long before = shortages();
    size_t octets = 0;
    max = max < IDENTITY_SET_MAX ? max : IDENTITY_SET_MAX;
    *set = (struct identity_set){
        .entries = arena_array(arena, (n < max ? n : max) + 1, sizeof(set->entries[0]))};
    bool good = set->entries != NULL;
    for (unsigned i = 0; i < n && good; i++) {
        const struct identity_value *one = known_of(values[i], i, known, n_known);
        if (str_trim(values[i]).n == 0) {
            set->n_empty++;
        } else if (set->n >= max || values[i].n > IDENTITY_SET_BYTES_MAX - octets) {
            set->n_beyond++;
            set->diverts_beyond = set->diverts_beyond || says_div(values[i], one);
        } else {
            octets += values[i].n;
            good = add(set, i, values[i], one, arena);
        }
    }
    return good && shortages() == before;
}

void identity_set_fini(struct identity_set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        token_fini(&set->entries[i].token);
    set->n = 0;
}

bool identity_entry_diverts(const struct identity_entry *entry)
{
    return entry->role == IDENTITY_ROLE_DIV || entry->token.identity.says_div;
}

/* A signature in the wrong form is told of only after what is wrong with its certificate. */
struct str identity_set_url(const struct identity_set *set, unsigned i)
{
    const struct identity_entry *e = &set->entries[i];
    bool judged = e->role != IDENTITY_ROLE_OTHER && e->role != IDENTITY_ROLE_UNREADABLE;
    for (int check = 0; check < VERIFY_FETCH && judged; check++)
        judged = e->token.finding[check].result != VERIFY_FAILED;
    return judged ? token_url(&e->token) : STR("");
}
