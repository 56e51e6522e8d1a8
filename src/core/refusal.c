#include <stird/core/refusal.h>

#include <stddef.h>
#include <stdint.h>

/* 428 and 436 to 438 are RFC 8224's, 607 and 608 those of RFC 8197 and 8688; 400, 413, 420, 488,
   493, 500 and 513 are what stacks say that choke on a long or unknown header. 404, 480 and 486
   tell of the callee. */
static const struct {
    uint16_t status;
    bool of_message;
    struct str name;
} refusals[REFUSALS] = {
    {400, true, STR("400")}, {403, true, STR("403")},  {404, false, STR("404")},
    {413, true, STR("413")}, {420, true, STR("420")},  {428, true, STR("428")},
    {433, true, STR("433")}, {436, true, STR("436")},  {437, true, STR("437")},
    {438, true, STR("438")}, {480, false, STR("480")}, {486, false, STR("486")},
    {488, true, STR("488")}, {493, true, STR("493")},  {500, true, STR("500")},
    {513, true, STR("513")}, {603, true, STR("603")},  {607, true, STR("607")},
    {608, true, STR("608")}, {0, false, STR("other")},
};

unsigned refusal_place(int status)
{
    unsigned i = 0;
    while (i < REFUSALS - 1 && refusals[i].status != status)
        i++;
    return i;
}

struct str refusal_name(unsigned place)
{
    return refusals[place < REFUSALS ? place : REFUSALS - 1].name;
}

bool refusal_may_be_of_message(unsigned place)
{
    return place < REFUSALS && refusals[place].of_message;
}
