/* Recognises in which format a file is packed: gzip is unpacked, others are named. */
#include <stird/trace/trace.h>

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define PART (64 * 1024)

bool trace_is_packed(struct str bytes)
{
    return bytes.n >= 3 && memcmp(bytes.p, "\x1f\x8b\x08", 3) == 0;
}

/* Until its end or a fault; Z_STREAM_END when all is well. */
static int inflate_all(z_stream *z, size_t max, struct buf *out)
{
    int status = Z_OK;
    while (status == Z_OK) {
        char *room = buf_room(out, PART);
        if (!room || out->n >= max)
            return room ? Z_BUF_ERROR : Z_MEM_ERROR;
        z->next_out = (unsigned char *)room;
        z->avail_out = PART;
        status = inflate(z, Z_NO_FLUSH);
        buf_grew(out, PART - z->avail_out);
        /* Members that follow each other are one file (RFC 1952 section 2.2). */
        if (status == Z_STREAM_END && z->avail_in >= 3 &&
            trace_is_packed((struct str){(const char *)z->next_in, z->avail_in}))
            status = inflateReset(z);
    }
    return status;
}

bool trace_unpack(struct str bytes, size_t max, struct buf *out, const char **why)
{
    enum { GZIP = 16 + MAX_WBITS };
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes.p,
                  .avail_in = bytes.n < UINT_MAX ? (unsigned)bytes.n : UINT_MAX};
    *why = "out of memory";
    if (inflateInit2(&z, GZIP) != Z_OK)
        return false;
    int status = inflate_all(&z, max, out);
    inflateEnd(&z);
    if (status == Z_BUF_ERROR)
        *why = out->n >= max ? "is too long when it is unpacked" : "its gzip stream is cut";
    else if (status == Z_DATA_ERROR)
        *why = "its gzip stream is broken";
    return status == Z_STREAM_END && !buf_failed(out);
}

const char *trace_other_format(struct str bytes)
{
    static const struct {
        struct str begin;
        const char *what;
    } formats[] = {
        {STR("\xff\xfe"), "UTF-16: save it as plain text (iconv -f UTF-16 -t UTF-8)"},
        {STR("\xfe\xff"), "UTF-16: save it as plain text (iconv -f UTF-16 -t UTF-8)"},
        {STR("PK\x03\x04"), "a zip archive: unzip it first"},
        {STR("BZh"), "packed by bzip2: bunzip2 it first"},
        {STR("\xfd"
             "7zXZ"),
         "packed by xz: unxz it first"},
        {STR("\x28\xb5\x2f\xfd"), "packed by zstd: unzstd it first"},
        {STR("\x04\x22\x4d\x18"), "packed by lz4: unlz4 it first"},
        {STR("7z\xbc\xaf\x27\x1c"), "a 7z archive: unpack it first"},
        {STR("\x1f\x9d"), "packed by compress: uncompress it first"},
        {STR("{\\rtf"), "a rich text: save it as plain text"},
        {STR("%PDF"), "a PDF: give the text or the capture that it was made of"},
        {STR("\x89PNG"), "a picture: give the text or the capture that it shows"},
        {STR("\xff\xd8\xff"), "a picture: give the text or the capture that it shows"},
        {STR("GIF8"), "a picture: give the text or the capture that it shows"},
        {STR("snoop\0\0\0"), "a snoop capture: convert it with editcap -F pcap"},
        {STR("GMBU"), "a Network Monitor capture: convert it with editcap -F pcap"},
        {STR("RTSS"), "a Network Monitor capture: convert it with editcap -F pcap"},
        {STR("XCP\0"), "a Sniffer capture: convert it with editcap -F pcap"},
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (str_starts(bytes, formats[i].begin))
            return formats[i].what;
    return NULL;
}
