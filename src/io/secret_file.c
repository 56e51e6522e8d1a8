#include <stird/io/secret_file.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_file(int fd, bool (*is_ours)(uid_t uid))
{
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((st.st_mode & 077) != 0 ||
        (st.st_uid != geteuid() && st.st_uid != 0 && !(is_ours && is_ours(st.st_uid))))
        return -EPERM;
    return st.st_size == SNAPSHOT_SECRET_BYTES ? 0 : -EBADMSG;
}

int secret_file_read(int directory, const char *name, bool (*is_ours)(uid_t uid),
                     uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = check_file(fd, is_ours);
    if (r == 0 && read(fd, secret, SNAPSHOT_SECRET_BYTES) != SNAPSHOT_SECRET_BYTES)
        r = -EIO;
    close(fd);
    return r;
}

static int write_aside(const struct folder *d, const char *aside, const uint8_t *secret)
{
    int fd = folder_create(d, aside);
    if (fd < 0)
        return fd;
    ssize_t written = write(fd, secret, SNAPSHOT_SECRET_BYTES);
    int r = written == SNAPSHOT_SECRET_BYTES ? folder_give(d, fd, 0600)
            : written < 0                    ? -errno
                                             : -ENOSPC;
    if (r == 0)
        r = folder_rename(d, aside, SNAPSHOT_SECRET_FILE, fd);
    close(fd);
    return r;
}

int secret_file_write(const struct folder *d, const uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    char aside[64];
    snprintf(aside, sizeof(aside), SNAPSHOT_SECRET_FILE ".%ld", (long)getpid());
    int r = write_aside(d, aside, secret);
    if (r != 0 && r != -EEXIST)
        unlinkat(d->fd, aside, 0);
    return r;
}

bool secret_fingerprint(const uint8_t secret[SNAPSHOT_SECRET_BYTES],
                        char text[SECRET_FINGERPRINT_LENGTH + 1])
{
    static const char label[] = "stird fingerprint";
    uint8_t mac[EVP_MAX_MD_SIZE];
    if (!HMAC(EVP_sha256(), secret, SNAPSHOT_SECRET_BYTES, (const unsigned char *)label,
              sizeof(label) - 1, mac, NULL))
        return false;
    snprintf(text, SECRET_FINGERPRINT_LENGTH + 1, "%02x%02x-%02x%02x-%02x%02x-%02x%02x", mac[0],
             mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]);
    return true;
}
