#include <stird/core/passport.h>

static const struct passport_type *const types[] = {
    &passport_type_shaken,
};

const struct passport_type *passport_type_find(struct str ppt)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_eq(types[i]->ppt, ppt))
            return types[i];
    return NULL;
}

const struct passport_type *passport_type_by_wire_id(uint8_t wire_id)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i]->wire_id == wire_id)
            return types[i];
    return NULL;
}
