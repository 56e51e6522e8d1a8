/*
 * tee - with --json, a script that asked for JSON gets JSON also when something is wrong: what was
 * complained of on standard error, as one object on standard output, unless something else has been
 * said there. The complaint for people stays where it is.
 */
#ifndef CLI_TEE_H
#define CLI_TEE_H

/* Before anything is said. Without memory all stays as it is. */
void tee_begin(void);
/* At the end; STATUS is that of the command. Returns it, or that the output could not be written.
 */
int tee_end(int status);

#endif
