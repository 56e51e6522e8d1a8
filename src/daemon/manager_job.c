#include "manager_job.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER "org.freedesktop.systemd1"

struct manager_job {
    sd_bus *bus;
    enum manager_says says;
    char *unit; /* its object on the bus */
};

/* A question after the other, each about what the one before has brought. */
static int on_unit(sd_bus_message *m, void *user, sd_bus_error *error);
static int on_sockets(sd_bus_message *m, void *user, sd_bus_error *error);
static int on_job(sd_bus_message *m, void *user, sd_bus_error *error);
static int on_type(sd_bus_message *m, void *user, sd_bus_error *error);

static int get(struct manager_job *j, const char *object, const char *interface,
               const char *property, sd_bus_message_handler_t then)
{
    return sd_bus_call_method_async(j->bus, NULL, MANAGER, object,
                                    "org.freedesktop.DBus.Properties", "Get", then, j, "ss",
                                    interface, property);
}

/* R of the last step: negative, and there will be no other answer. */
static int go_on(struct manager_job *j, int r)
{
    if (r < 0)
        j->says = MANAGER_STOPS;
    return 0;
}

static int on_unit(sd_bus_message *m, void *user, sd_bus_error *error)
{
    struct manager_job *j = user;
    const char *path = NULL;
    (void)error;
    int r = sd_bus_message_is_method_error(m, NULL) ? -1 : sd_bus_message_read(m, "o", &path);
    j->unit = r >= 0 && path ? strdup(path) : NULL;
    return go_on(
        j, j->unit ? get(j, j->unit, MANAGER ".Service", "NFileDescriptorStore", on_sockets) : -1);
}

static int on_sockets(sd_bus_message *m, void *user, sd_bus_error *error)
{
    struct manager_job *j = user;
    uint32_t kept = 0;
    (void)error;
    if (!sd_bus_message_is_method_error(m, NULL))
        sd_bus_message_read(m, "v", "u", &kept);
    return go_on(j, kept > 0 ? get(j, j->unit, MANAGER ".Unit", "Job", on_job) : -1);
}

static int on_job(sd_bus_message *m, void *user, sd_bus_error *error)
{
    struct manager_job *j = user;
    const char *path = NULL;
    uint32_t id = 0;
    (void)error;
    if (!sd_bus_message_is_method_error(m, NULL))
        sd_bus_message_read(m, "v", "(uo)", &id, &path);
    return go_on(j, id > 0 && path ? get(j, path, MANAGER ".Job", "JobType", on_type) : -1);
}

static int on_type(sd_bus_message *m, void *user, sd_bus_error *error)
{
    struct manager_job *j = user;
    const char *type = NULL;
    (void)error;
    if (!sd_bus_message_is_method_error(m, NULL))
        sd_bus_message_read(m, "v", "s", &type);
    j->says = type && strcmp(type, "restart") == 0 ? MANAGER_RESTARTS : MANAGER_STOPS;
    return 0;
}

struct manager_job *manager_job_ask(void)
{
    struct manager_job *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    int r = sd_bus_open_system(&j->bus);
    if (r >= 0)
        r = sd_bus_call_method_async(j->bus, NULL, MANAGER, "/org/freedesktop/systemd1",
                                     MANAGER ".Manager", "GetUnitByPID", on_unit, j, "u",
                                     (uint32_t)0);
    if (r >= 0)
        return j;
    manager_job_free(j);
    return NULL;
}

void manager_job_free(struct manager_job *j)
{
    if (!j)
        return;
    sd_bus_close(j->bus);
    sd_bus_unref(j->bus);
    free(j->unit);
    free(j);
}

int manager_job_fd(const struct manager_job *j)
{
    return sd_bus_get_fd(j->bus);
}

enum manager_says manager_job_answer(struct manager_job *j)
{
    int r = 1;
    while (r > 0 && j->says == MANAGER_SAYS_NOTHING)
        r = sd_bus_process(j->bus, NULL);
    if (r < 0)
        j->says = MANAGER_STOPS;
    return j->says;
}
