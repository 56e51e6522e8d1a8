/*
 * json - writes one compact JSON text, no white space, members in the order of the calls.
 *
 * Used for tokens (RFC 8225 section 9, where members must be sorted by code point) and for records.
 * With `sorted` set, a member that is not greater than the one before it is a bug and asserts;
 * member names come from the program, never from the network. Values may be anything: they are
 * escaped as RFC 8259 section 7 demands, and octets that are not UTF-8 become U+FFFD.
 */
#ifndef STIRD_JSON_H
#define STIRD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>

#define JSON_DEPTH_MAX 8

struct json {
    struct buf *out;
    bool sorted;
    unsigned depth;
    struct {
        bool array, filled;
        struct str last_key;
    } level[JSON_DEPTH_MAX];
};

struct json json_writer(struct buf *out, bool sorted);
void json_begin_object(struct json *j);
void json_end_object(struct json *j);
void json_begin_array(struct json *j);
void json_end_array(struct json *j);
/* KEY is borrowed until its object ends. */
void json_put_key(struct json *j, struct str key);
void json_put_string(struct json *j, struct str value);
void json_put_integer(struct json *j, int64_t value);
void json_put_bool(struct json *j, bool value);
void json_put_null(struct json *j);
/* A member: null where TEXT is empty, or VALUE is not known. */
void json_put_known_text(struct json *j, struct str key, struct str text);
void json_put_known_integer(struct json *j, struct str key, int64_t value, bool known);

#endif
