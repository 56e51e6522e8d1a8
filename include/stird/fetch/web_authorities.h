/*
 * web_authorities - whom web servers' certificates may come from: a file of PEM, the operator's or
 * the system's. Without it no server can be told from another, and nothing is fetched.
 *
 * Read as libcurl has it read, so what is found good here is good there. Any process with files.
 */
#ifndef STIRD_WEB_AUTHORITIES_H
#define STIRD_WEB_AUTHORITIES_H

/*
 * NULL, or what is wrong with CA_FILE (NULL: the system's, where the libcurl that is installed
 * looks for it), borrowed until the next call: it goes behind the file's name. *FILE: the one that
 * was looked at; "" where there is none to look at. Loads libcurl for the system's.
 */
const char *web_authorities_fault(const char *ca_file, const char **file);

#endif
