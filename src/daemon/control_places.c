#include "control_places.h"

enum part { PART_LOOK, PART_CHANGE, PART_ROOT, PARTS };

/* Their sum is CONTROL_PLACES. */
static const struct {
    unsigned all, of_a_user;
} places[PARTS] = {
    [PART_LOOK] = {8, 4},
    [PART_CHANGE] = {8, 4},
    [PART_ROOT] = {8, 8},
};

static enum part part_of(const struct control_peer *peer)
{
    return peer->uid == 0 ? PART_ROOT : peer->right == CONTROL_CHANGE ? PART_CHANGE : PART_LOOK;
}

bool control_places_have_one(const struct control_peer *seated, unsigned n,
                             const struct control_peer *next)
{
    enum part part = part_of(next);
    unsigned all = 0, of_the_user = 0;
    for (unsigned i = 0; i < n; i++) {
        all += part_of(&seated[i]) == part;
        of_the_user += part_of(&seated[i]) == part && seated[i].uid == next->uid;
    }
    return all < places[part].all && of_the_user < places[part].of_a_user;
}
