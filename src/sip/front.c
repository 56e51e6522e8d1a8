#include "front.h"

#include "answering.h"
#include "context.h"

static enum step_result no_targets(struct context *c)
{
    (void)c;
    return STEP_NEXT;
}

static const struct front {
    enum step_result (*targets)(struct context *c);
    enum step_result (*leave)(struct context *c);
} fronts[] = {
    [FRONT_PROXY] = {step_targets, step_send},
    [FRONT_REDIRECT] = {no_targets, answering_leave},
};

static const struct front *front_of(const struct context *c)
{
    return &fronts[c->call->trunk->front];
}

enum step_result front_targets(struct context *c)
{
    return front_of(c)->targets(c);
}

enum step_result front_leave(struct context *c)
{
    return front_of(c)->leave(c);
}
