#include <stird/core/library_memory.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <stird/base/block.h>
#include <stird/base/shortage.h>

static void *counted(void *p)
{
    if (!p)
        shortage_add();
    return p;
}

static void *take(size_t bytes)
{
    return bytes > 0 ? counted(block_take(bytes)) : NULL;
}

static void *take_for_openssl(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return take(bytes);
}

static void give_back(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    block_give(p);
}

static void *resize(void *p, size_t bytes, const char *file, int line)
{
    if (bytes > 0)
        return counted(realloc(p, bytes));
    give_back(p, file, line);
    return NULL;
}

bool library_memory_watch(void)
{
    json_set_alloc_funcs(take, block_give);
    return CRYPTO_set_mem_functions(take_for_openssl, resize, give_back) == 1;
}
