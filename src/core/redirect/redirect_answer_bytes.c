/* How long an answer may be: told at configuration, before the first call. */
#include <stird/core/redirect_answer.h>

/* As SBCs write them: status line, two Vias, From, To, Call-ID, CSeq, Content-Length, Reason. */
#define BESIDE     560
#define CONTACT    60
#define DATE       40
#define PARAMETERS 28  /* ";info=<", ">;alg=ES256;ppt=shaken" */
#define HEADER     54  /* {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":""} */
#define PAYLOAD    160 /* with numbers of 15 digits */
#define SIGNATURE  88  /* with the two dots */
#define ESCAPED    24  /* what %-escapes add to an Identity with a plain URL */

static uint32_t base64url(uint32_t octets)
{
    return (octets * 4 + 2) / 3;
}

uint32_t redirect_answer_bytes(const struct dialect *dialect, unsigned n_tokens, uint32_t url_bytes)
{
    const uint32_t token = base64url(HEADER + url_bytes) + base64url(PAYLOAD) + SIGNATURE +
                           PARAMETERS + url_bytes;
    const struct {
        unsigned bit;
        uint32_t name;
    } shapes[] = {{DIALECT_IDENTITY_HEADER, sizeof("Identity: ") + 1},
                  {DIALECT_IDENTITY_X, sizeof("X-Identity: ") + 1},
                  {DIALECT_IDENTITY_CONTACT, sizeof("?Identity=") - 1 + ESCAPED}};
    uint32_t bytes = BESIDE + CONTACT + DATE;
    for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (dialect->identity & shapes[i].bit)
            bytes += n_tokens * (token + shapes[i].name);
    for (unsigned i = 0; i < dialect->n_headers; i++)
        bytes += (uint32_t)dialect->headers[i].n + 2;
    return bytes;
}
