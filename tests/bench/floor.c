/*
 * floor - below what no proxy between load's caller and callee can cost: it passes each datagram on
 * as it came, seven in and seven out a call, knows nothing of SIP but where the head of an INVITE
 * ends, and keeps nothing.
 *
 *   floor MODE PROXY CALLER CALLEE     ADDRESS:PORT each; runs until it is terminated
 *
 *   pass     datagrams alone
 *   sign     and an ES256 signature for each INVITE, which leaves with it, and as long as a signed
 *            one does
 *   signer   the same, the key and the signature in another process, asked over SOCK_SEQPACKET
 */
#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIGNED_BYTES    300 /* about those of a PASSporT */
#define SIGNATURE_BYTES 72  /* as DER, at most */
#define MESSAGE_BYTES   65536

static void need(bool well, const char *what)
{
    if (well)
        return;
    perror(what);
    exit(2);
}

static EVP_PKEY_CTX *key_ready(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *signing = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    need(signing && EVP_PKEY_sign_init(signing) == 1, "key");
    return signing;
}

static size_t es256(EVP_PKEY_CTX *signing, const unsigned char *text, unsigned char *signature)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    size_t n = SIGNATURE_BYTES;
    SHA256(text, SIGNED_BYTES, digest);
    need(EVP_PKEY_sign(signing, signature, &n, digest, sizeof(digest)) == 1, "signature");
    return n;
}

/* This end of a process that signs what it is sent; it ends with this one. */
static int signer_process(void)
{
    int ends[2];
    need(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "socketpair");
    pid_t child = fork();
    need(child >= 0, "fork");
    if (child > 0) {
        close(ends[1]);
        return ends[0];
    }
    close(ends[0]);
    prctl(PR_SET_NAME, "floor-signer");
    EVP_PKEY_CTX *signing = key_ready();
    unsigned char text[SIGNED_BYTES], signature[SIGNATURE_BYTES];
    while (recv(ends[1], text, sizeof(text), 0) == sizeof(text))
        send(ends[1], signature, es256(signing, text, signature), 0);
    _exit(0);
}

/* An INVITE of N octets, and an Identity at the end of its head: how many there are then. */
static size_t with_identity(unsigned char *message, size_t n, EVP_PKEY_CTX *signing, int signer)
{
    unsigned char signature[SIGNATURE_BYTES], line[SIGNED_BYTES * 2] = "\r\nIdentity: ";
    unsigned char *head_end = memmem(message, n, "\r\n\r\n", 4);
    if (!head_end || head_end - message < SIGNED_BYTES || n + sizeof(line) > MESSAGE_BYTES)
        return n;
    ssize_t signature_n;
    if (signing) {
        signature_n = (ssize_t)es256(signing, message, signature);
    } else {
        send(signer, message, SIGNED_BYTES, 0);
        signature_n = recv(signer, signature, sizeof(signature), 0);
    }
    need(signature_n > 0, "signature");
    size_t used = strlen((char *)line);
    used += (size_t)EVP_EncodeBlock(line + used, message, SIGNED_BYTES);
    line[used++] = '.';
    used += (size_t)EVP_EncodeBlock(line + used, signature, (int)signature_n);
    memmove(head_end + used, head_end, n - (size_t)(head_end - message));
    memcpy(head_end, line, used);
    return n + used;
}

static struct sockaddr_in address(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char host[32] = "";
    unsigned port = 0;
    need(sscanf(text, "%31[^:]:%u", host, &port) == 2 && inet_pton(AF_INET, host, &a.sin_addr) == 1,
         text);
    a.sin_port = htons((uint16_t)port);
    return a;
}

int main(int argc, char **argv)
{
    need(argc == 5, "floor MODE PROXY CALLER CALLEE");
    static unsigned char message[MESSAGE_BYTES];
    struct sockaddr_in proxy = address(argv[2]), caller = address(argv[3]),
                       callee = address(argv[4]);
    EVP_PKEY_CTX *signing = strcmp(argv[1], "sign") == 0 ? key_ready() : NULL;
    int signer = strcmp(argv[1], "signer") == 0 ? signer_process() : -1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    need(fd >= 0 && bind(fd, (struct sockaddr *)&proxy, sizeof(proxy)) == 0, argv[2]);
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_n = sizeof(from);
        ssize_t got = recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&from, &from_n);
        if (got <= 0)
            continue;
        size_t n = (size_t)got;
        bool is_callers = from.sin_addr.s_addr == caller.sin_addr.s_addr;
        if ((signing || signer >= 0) && is_callers && n > 7 && memcmp(message, "INVITE ", 7) == 0)
            n = with_identity(message, n, signing, signer);
        const struct sockaddr_in *to = is_callers ? &callee : &caller;
        sendto(fd, message, n, 0, (const struct sockaddr *)to, sizeof(*to));
    }
}
