#include <stird/core/tag.h>

#include <stird/core/headers.h>

unsigned tags_read(struct str value, struct str *tag, struct str *second)
{
    struct str uri, name, said, parameters = {NULL, 0};
    unsigned n = 0;
    *tag = *second = (struct str){NULL, 0};
    name_addr(value, &uri, &parameters); /* a tag is one also behind what is no URI */
    while (parameter_next(&parameters, &name, &said)) {
        if (!str_eq_nocase(name, STR("tag")))
            continue;
        if (n++ == 0)
            *tag = said;
        else if (n == 2)
            *second = name;
    }
    return n;
}

struct str tag_first(struct str value)
{
    struct str tag, second;
    tags_read(value, &tag, &second);
    return tag;
}
