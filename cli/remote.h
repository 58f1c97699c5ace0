/* A device over the network, as the commands see it: read a resource, carry out a signed command, tell a refusal. All
 * of them share their options and what their exit status means.
 *
 * The network may lose, double, reorder and delay what is sent, so a change may have been made though its answer was
 * lost. A counter makes a command good for once; the device's state, read again, tells whether it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_REMOTE_H
#define ATTO_CLI_REMOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "reply.h"
#include "arguments.h"
#include "client.h"
#include "context.h"
#include "listing.h"
#include "atto/status.h"

struct atto_remote_options {
    const char *to, *config, *key, *signer;
    uint32_t counter, expiry_s, timeout_s, ack_ms;
    bool json, quiet, dry_run;
};

#define ATTO_REMOTE_INIT {.timeout_s = 30}

#define ATTO_REMOTE_OPTIONS(options)                                                          \
    {"to", .text = &(options).to}, {"config", .text = &(options).config},                     \
    {"key", 'k', .text = &(options).key}, {"signer", .text = &(options).signer},              \
    {"timeout", .number = &(options).timeout_s, .min = 1, .max = 86400},                      \
    {"ack-timeout", .number = &(options).ack_ms, .min = 10, .max = 60000},                    \
    {"json", .flag = &(options).json}

#define ATTO_CHANGE_OPTIONS(options)                                                          \
    {"counter", .number = &(options).counter, .min = 1, .max = UINT32_MAX},                   \
    {"expires", .number = &(options).expiry_s, .min = 1, .max = UINT32_MAX},                  \
    {"dry-run", .flag = &(options).dry_run}, {"quiet", 'q', .flag = &(options).quiet}

#define ATTO_REMOTE_HELP                                                                      \
    "      --to DEVICE         a name of 'atto context add', or coap://HOST[:PORT]; else the current context\n"    \
    "  -k, --key FILE          the private key that signs; else the context's\n"              \
    "      --signer NAME       the tenant whose key it is, - for the owner; else the context's, or the owner\n" \
    "      --timeout SECONDS   a device that gives no sign for so long does not answer; default 30\n"              \
    "      --ack-timeout MS    until a message is sent again; else the context's, or 2000\n"  \
    "      --config FILE       the file with the contexts\n"                                  \
    "      --json              print one JSON object\n"                                       \
    "  -h, --help              print this\n"

#define ATTO_CHANGE_HELP                                                                      \
    "      --dry-run           show what would be sent, and send nothing that changes something\n"                 \
    "  -q, --quiet             say nothing if it is done\n"                                   \
    "      --counter NUMBER    of the command; else the one behind the device's last\n"       \
    "      --expires SECONDS   since 1970; a device that does not know the time refuses a command that expires\n"

#define ATTO_EXIT_HELP                                                                        \
    "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no answer, 4 a local file or key cannot be used.\n"

struct atto_remote {
    const struct atto_remote_options *options;
    struct atto_context_entry context;
    struct atto_client *client;
    const char *key, *signer; /* NULL: none; the owner */
    const char *device;       /* its identifier, once it was asked for */
    json_t *about;            /* what it says of itself */
    bool keyed;               /* reading takes a signed command */
    uint32_t next;            /* counter of the signer's next command; 0: not known */
    uint32_t known, limit;    /* the last one that was signed here before; how far a device is believed, 0: not known */
    int status;               /* exit status of the command */
};

/* Finds the device. Nothing is sent yet. False, reported, with remote->status; close it either way. */
bool atto_remote_open(struct atto_remote *remote, const struct atto_remote_options *options);
void atto_remote_close(struct atto_remote *remote);

/* Reads a resource: NULL, reported, with remote->status, if that is not possible. query may be NULL. */
json_t *atto_remote_read(struct atto_remote *remote, const char *const *path, const char *query,
                         enum atto_reply kind);

/* What the device says of the tenant of this name, or of its owner (""); to be freed. NULL, and *fine: it has none; not
 * *fine: it cannot be read, reported, with remote->status. */
json_t *atto_remote_tenant(struct atto_remote *remote, const char *name, bool *fine);

/* The same as it comes. optional: that there is none is no error, and leaves the buffer empty. */
bool atto_remote_read_bytes(struct atto_remote *remote, const char *const *path, const char *query, bool optional,
                            struct atto_buffer *bytes);

/* Reads what the device says of itself, once, and holds it to the context's device identifier. */
bool atto_remote_meet(struct atto_remote *remote);

/* A request that may change something. False, reported as "no answer", with remote->status. */
bool atto_remote_send(struct atto_remote *remote, const struct atto_client_request *request,
                      struct atto_client_response *response);

/* There must be a key that signs. Reports if not, or if its file cannot be read. */
bool atto_remote_has_key(struct atto_remote *remote);

/* Does the device say something of the signer's last counter that can be believed (numbers.h)? Reports if not. */
bool atto_remote_believes(struct atto_remote *remote, uint32_t last);

/* Somebody may have used up the counter of the signer's next command: it is looked for again. */
bool atto_remote_forget_counter(struct atto_remote *remote);

/* ---- names ---- */

/* A container as it is named: NAME, TENANT/NAME, or /NAME for one of the owner's. */
struct atto_remote_name {
    char *tenant; /* NULL: the owner */
    char *container;
};

/* Without a tenant it is the signer's. Reports what is no name. */
bool atto_remote_name_read(const struct atto_remote *remote, const char *text, struct atto_remote_name *name);
void atto_remote_name_free(struct atto_remote_name *name);

/* The path of a container's resource; `rest` may be NULL. */
#define ATTO_CONTAINER_PATH(name, rest) \
    (const char *const[]){"containers", (name)->tenant != NULL ? (name)->tenant : "-", (name)->container, rest, NULL}

/* ---- signed commands ---- */

struct atto_change {
    uint32_t operation;              /* enum atto_command_operation */
    const struct atto_remote_name *name; /* NULL: not about a container */
    struct atto_buffer arguments;    /* CBOR; freed */
    /* Is what was asked for true on the device? NULL: that cannot be told. */
    bool (*is_true)(struct atto_remote *remote, const struct atto_change *change);
    /* Does the device have what the command is about? False, reported, also if that cannot be read. NULL: it need
     * not. */
    bool (*is_there)(struct atto_remote *remote, const struct atto_change *change);
    /* Reports more than the device's reason for a refusal, if there is more to say. May be NULL. */
    void (*explain)(struct atto_remote *remote, const struct atto_change *change, enum atto_status status);
    const void *user;
};

/* Carries out a command: signs it with the next counter, sends it until there is an answer, and finds out what became
 * of it if that is not certain. Says that it is done, unless quiet. answer: its payload, to be freed; NULL: not wanted,
 * and then the JSON object is printed here too. False, reported, with remote->status; so is a dry run, with status 0.
 * */
bool atto_remote_change(struct atto_remote *remote, struct atto_change *change, struct atto_buffer *answer);

/* Sends a signed command that was made before, as it is, and says what became of it. path: of its file. False,
 * reported, with remote->status. */
bool atto_remote_send_made(struct atto_remote *remote, const char *path, const struct atto_buffer *bytes);

/* ---- telling ---- */

/* A refusal as a device sends it: "-33 at 12", "-7 constraint 3 missing 1200", "-105 last 12". */
struct atto_remote_refusal {
    enum atto_status status; /* ATTO_OK: it has not said why */
    bool has_at, has_constraint;
    uint32_t at, constraint, missing;
    uint32_t last; /* the last sequence number that was used; 0: it has not said it */
};

void atto_remote_refusal_read(const struct atto_client_response *response, struct atto_remote_refusal *refusal);

/* Reports a refusal with all that the device has said, and prints it with --json. Sets remote->status. Always false.
 * image: what was refused, to tell where in its source; NULL: nothing that has one. path: where it is from. */
bool atto_remote_refuse(struct atto_remote *remote, const char *what, const struct atto_client_response *response);
bool atto_remote_refuse_image(struct atto_remote *remote, const char *what,
                              const struct atto_client_response *response, const struct atto_listing *image,
                              const char *path);

/* Reports more than the device's reason, if it has refused a signature (ATTO_E_SIGNER): it knows no such tenant, or
 * another key of his. */
void atto_remote_explain_signer(struct atto_remote *remote);

/* Prints one JSON value on stdout and releases it. */
void atto_remote_print(json_t *value);

/* Ends with this exit status. Always false. */
bool atto_remote_fail(struct atto_remote *remote, int status);

#endif
