#include "progress.h"

#include "command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define FIRST_S 2

static const char *volatile doing; /* NULL: nothing */
static volatile sig_atomic_t seconds, told;
static volatile uint64_t total, done; /* pieces of work; TOTAL 0: it is not known how many */

static void put(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

static void put_number(unsigned n)
{
    char digits[12] = "";
    size_t at = sizeof(digits) - 1;
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    put(digits + at);
}

static void put_share(void)
{
    const uint64_t all = total, n = done < all ? done : all;
    if (all == 0)
        return;
    put(", ");
    put_number((unsigned)(100.0 * (double)n / (double)all));
    put(" %");
}

/* In a signal handler: only what is safe there. */
static void tell(int number)
{
    const int error = errno;
    (void)number;
    if (++seconds >= FIRST_S && doing) {
        told = 1;
        put("\r");
        put(doing);
        put(", ");
        put_number((unsigned)seconds);
        put(" s");
        put_share();
        put(" ");
    }
    errno = error;
}

static void set_timer(int interval_s)
{
    const struct itimerval every = {.it_interval = {.tv_sec = interval_s},
                                    .it_value = {.tv_sec = interval_s}};
    setitimer(ITIMER_REAL, &every, NULL);
}

void progress_begin(const struct cli *cli, const char *what)
{
    const struct sigaction act = {.sa_handler = tell, .sa_flags = SA_RESTART};
    if (cli->json || !isatty(STDERR_FILENO) || sigaction(SIGALRM, &act, NULL))
        return;
    seconds = 0;
    total = done = 0;
    doing = what;
    set_timer(1);
}

void progress_of(uint64_t all)
{
    total = all;
}

void progress_add(uint64_t n)
{
    done += n;
}

/* Blanks over the line: "\33[K" is not for every terminal. */
void progress_clear(void)
{
    char blanks[80];
    if (!told)
        return;
    told = 0;
    memset(blanks, ' ', sizeof(blanks) - 1);
    blanks[sizeof(blanks) - 1] = '\0';
    put("\r");
    put(blanks);
    put("\r");
}

void progress_show(const struct cli *cli, const char *text)
{
    if (cli->json || !isatty(STDERR_FILENO))
        return;
    progress_clear();
    put(text);
    put(" ");
    told = 1;
}

void progress_end(void)
{
    if (!doing)
        return;
    set_timer(0);
    progress_clear();
    doing = NULL;
}
