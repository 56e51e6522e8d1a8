#include <stird/base/shortage.h>

static _Thread_local unsigned long count;

unsigned long shortages(void)
{
    return count;
}

void shortage_add(void)
{
    count++;
}
