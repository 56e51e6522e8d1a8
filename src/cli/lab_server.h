/*
 * lab_server - serves the files of a lab's directory by https on loopback, as a provider's web
 * server serves certificates. It does nothing else, and is not for the open Internet.
 */
#ifndef CLI_LAB_SERVER_H
#define CLI_LAB_SERVER_H

#include <stdint.h>

/*
 * DIRECTORY/public is what it serves, DIRECTORY/tls.pem and tls.key.pem its certificate. Ends by
 * SIGINT or SIGTERM. Returns the exit status, after complaints when it is not 0.
 */
int lab_serve(const char *directory, uint16_t port);

#endif
