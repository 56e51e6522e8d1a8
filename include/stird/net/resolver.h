/*
 * resolver - turns names into addresses by DNS (RFC 3263 section 4). No call waits inside it: the
 * answer is what is known now, and what is not known yet is asked for meanwhile.
 *
 * One a process, on one event base. Answers are asked for again when their time to live is over,
 * within 5 s to 1 h, for as long as somebody looks them up; when DNS fails the last good answers
 * stay, separately for each host that a name leads to (net/resolution.h). Names that peers write
 * into their requests have a small space of their own, in which each asker has a part. They are
 * asked for again only when they are looked up again, and soon forgotten, so nobody can keep the
 * resolver busy for long. Opens files (resolv.conf) in resolver_new() only.
 */
#ifndef STIRD_RESOLVER_H
#define STIRD_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/core/known_name.h>

struct event_base;
struct resolver;

/*
 * A member of whoever waits for a name's answer; all zero at first. ANSWERED is called once, from
 * the event loop and never from inside a look-up, when the name has an answer or will have none; it
 * should look the name up again.
 */
struct name_waiter {
    struct name_waiter *next, **link; /* link NULL: it waits for nothing */
    void (*answered)(struct name_waiter *waiter);
};
/* Stops waiting; does nothing for one that does not wait. */
void name_waiter_leave(struct name_waiter *waiter);

/* On whose behalf a name that a peer wrote is looked up. */
struct name_asker {
    uint64_t part;              /* as `asker` of a query */
    struct name_waiter *waiter; /* or NULL */
};

struct name_query {
    struct str host;
    const char *service; /* "_sip._udp": SRV records come first; NULL: a port was given */
    uint16_t port;       /* without SRV records */
    bool want_ipv4, want_ipv6;
    bool passing;   /* a peer wrote it; false: it is configured */
    uint64_t asker; /* for a name that a peer wrote: whose part of the space it takes */
    bool known; /* only what is known now counts: nothing is asked for, and nothing is kept longer
                   for this */
    /* NULL when nobody waits. From now on it waits for this name where the answer is PENDING or
       `handed`; else it waits for nothing any more. */
    struct name_waiter *waiter;
};

enum name_state {
    NAME_PENDING, /* asked for the first time */
    NAME_FAILED,  /* there never was an answer; it is asked for again */
    NAME_KNOWN
};

struct name_answer {
    enum name_state state;
    const struct name_address *addresses; /* until the event loop runs on */
    unsigned n;                           /* may be 0: a domain that says it takes no calls */
    unsigned
        former; /* further ones that the name had until a while ago: not to be used as next hops */
    bool in_part; /* more of it is unknown: DNS never answered that part, or said more than is kept
                   */
    bool failing; /* the last question, or a part of it, had no answer, so what is known is older */
    bool handed; /* it came by resolver_know(), or in part: this process has had no whole answer yet
                  */
};

/* Without SERVERS it asks those of /etc/resolv.conf as it is now. NULL when there is no memory. */
struct resolver *resolver_new(struct event_base *base, const struct address *servers, unsigned n);
void resolver_free(struct resolver *r);
/* Changes the servers of a resolver that is at work; without SERVERS they are again those that
   resolv.conf had at the start. */
void resolver_set_servers(struct resolver *r, const struct address *servers, unsigned n);
struct name_answer resolver_look_up(struct resolver *r, const struct name_query *query);
/* How many names that peers wrote found no room. */
uint64_t resolver_names_refused(const struct resolver *r);
/*
 * Takes what the process before this one knew of a configured name; it counts until there is an
 * answer.
 */
void resolver_know(struct resolver *r, const struct known_name *known);
/* The next configured name whose addresses have changed since they were last told. False when there
   is none. */
bool resolver_tell(struct resolver *r, struct known_name *known);
/* Nobody heard it: it will be told again. */
void resolver_tell_again(struct resolver *r, const struct known_name *known);
/* A host name by RFC 1123 (underscores are let through), and not something like 300.1.2.3. */
bool resolver_is_name(struct str host);

#endif
