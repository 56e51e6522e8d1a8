/*
 * A PKCS#11 module that is another one ($SLOW_TOKEN_MODULE), but whose C_Sign does not return as
 * long as the file $SLOW_TOKEN_FILE is there, and fails while it holds a "d" (dead).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_FUNCTIONS = 68, C_SIGN = 43 };

/* CK_FUNCTION_LIST: a version of two octets, then the functions in the standard's order. */
struct function_list {
    unsigned char version[2];
    void *functions[N_FUNCTIONS];
};

typedef unsigned long sign_function(unsigned long session, unsigned char *data, unsigned long n,
                                    unsigned char *signature, unsigned long *signature_n);

static sign_function *real_sign;

static unsigned long slow_sign(unsigned long session, unsigned char *data, unsigned long n,
                               unsigned char *signature, unsigned long *signature_n)
{
    const char *path = getenv("SLOW_TOKEN_FILE");
    FILE *f;
    while (path && (f = fopen(path, "re"))) {
        int c = fgetc(f);
        fclose(f);
        if (c == 'd')
            return 0x30; /* CKR_DEVICE_ERROR */
        usleep(10000);
    }
    return real_sign(session, data, n, signature, signature_n);
}

unsigned long C_GetFunctionList(struct function_list **list);

unsigned long C_GetFunctionList(struct function_list **list)
{
    static struct function_list mine;
    struct function_list *real;
    unsigned long (*get)(struct function_list **);
    const char *path = getenv("SLOW_TOKEN_MODULE");
    void *module = path ? dlopen(path, RTLD_NOW) : NULL;
    void *symbol = module ? dlsym(module, "C_GetFunctionList") : NULL;
    if (!symbol)
        return 5; /* CKR_GENERAL_ERROR */
    memcpy(&get, &symbol, sizeof(get));
    unsigned long r = get(&real);
    if (r != 0)
        return r;
    mine = *real;
    memcpy(&real_sign, &mine.functions[C_SIGN], sizeof(real_sign));
    sign_function *slow = slow_sign;
    memcpy(&mine.functions[C_SIGN], &slow, sizeof(slow));
    *list = &mine;
    return 0;
}
