#include "json_text.h"

#include <stdio.h>
#include <stird/base/json.h>

json_t *json_of(struct str text)
{
    struct buf quoted = BUF_INIT;
    struct json j = json_writer(&quoted, false);
    json_put_string(&j, text);
    json_t *json = buf_failed(&quoted)
                       ? NULL
                       : json_loadb(quoted.p, quoted.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    buf_fini(&quoted);
    return json;
}

json_t *json_of_text(const char *text)
{
    return json_of(str_of(text ? text : ""));
}

void json_print_text(struct str text)
{
    json_print(json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL));
}

/* To Jansson DEL is ASCII like any other; to a terminal it is none that is shown. It can stand in
   strings alone. */
static int write_plain(const char *text, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\x7f')
            fputs("\\u007F", stdout);
        else
            putchar(text[i]);
    return ferror(stdout) ? -1 : 0;
}

void json_print(json_t *json)
{
    if (!json || json_dump_callback(json, write_plain, NULL, JSON_COMPACT | JSON_ENSURE_ASCII))
        fputs("stirctl: out of memory\n", stderr);
    else
        putchar('\n');
    json_decref(json);
}
