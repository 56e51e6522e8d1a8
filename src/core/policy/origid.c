#include "origid.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <uuid/uuid.h>

/* RFC 9562 section 5.4: a version 4 UUID from octets that nobody can guess. */
static void write_uuid(const unsigned char octets[16], char origid[ORIGID_TEXT_LENGTH])
{
    uuid_t uuid;
    char text[ORIGID_TEXT_LENGTH + 1];
    memcpy(uuid, octets, sizeof(uuid));
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid_unparse_lower(uuid, text);
    memcpy(origid, text, ORIGID_TEXT_LENGTH);
}

static bool keyed_hash(const struct call *call, unsigned char hash[EVP_MAX_MD_SIZE])
{
    enum origid_of of = call->trunk->origid;
    struct str name = of == ORIGID_OF_TRUNK ? call->trunk->name : call->trunk->customer;
    struct buf text = BUF_INIT;
    unsigned n = 0;
    buf_add_char(&text, of == ORIGID_OF_TRUNK ? 't' : 'c');
    buf_add_str(&text, name);
    bool hashed = !buf_failed(&text) &&
                  HMAC(EVP_sha256(), call->origid_key, ORIGID_KEY_BYTES,
                       (const unsigned char *)text.p, text.n, hash, &n) != NULL;
    buf_fini(&text);
    return hashed && n >= 16;
}

void origid_write(const struct call *call, char origid[ORIGID_TEXT_LENGTH])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    bool stable = call->trunk->origid != ORIGID_OF_CALL && call->origid_key;
    if (stable && keyed_hash(call, hash))
        write_uuid(hash, origid);
    else
        write_uuid(call->random, origid);
}

bool origid_parse(struct str text, char origid[ORIGID_TEXT_LENGTH])
{
    char z[ORIGID_TEXT_LENGTH + 1];
    uuid_t uuid;
    if (text.n != ORIGID_TEXT_LENGTH)
        return false;
    memcpy(z, text.p, text.n);
    z[ORIGID_TEXT_LENGTH] = '\0';
    if (uuid_parse(z, uuid) != 0 || uuid_is_null(uuid))
        return false;
    uuid_unparse_lower(uuid, z);
    memcpy(origid, z, ORIGID_TEXT_LENGTH);
    return true;
}
