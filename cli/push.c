/* `atto push`, `update` and `rollback`: an image over the network into a device. The envelope's sequence number makes
 * it good for once; whether it has got there, though the answer was lost, is told by the device's inventory, which has
 * the number and the digest of what is installed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "act.h"
#include "asked.h"
#include "atto/envelope.h"
#include "commands.h"
#include "history.h"
#include "judge.h"
#include "load.h"
#include "numbers.h"
#include "pack.h"
#include "report.h"
#include "shape.h"
#include "uuid.h"

#define PUSH_HELP                                                                                               \
    "      --sequence NUMBER   of the envelope; else the one behind the device's\n"                             \
    "      --stopped           it is installed, but not started\n"                                              \
    "      --dry-run           judge it here, show what would be sent, and send nothing that changes something\n" \
    "  -q, --quiet             say nothing if it is done, and show no progress\n"

static const char push_usage[] =
    "usage: atto push [options] FILE\n"
    "\n"
    "Installs a container on a device, or a new version of it. FILE is an image, or a source file that is built on\n"
    "the way: it is put into an envelope for this device alone, and signed. Or it is an envelope of 'atto pack' or a\n"
    "signed command of 'atto command' or 'atto tenant', which is sent as it is. If the device refuses a program, the\n"
    "line of its source is shown.\n"
    "\n"
    "      --component NAME    the container: NAME, or TENANT/NAME; else the name in the image, of the signer's\n"
    PUSH_HELP "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char update_usage[] =
    "usage: atto update [options] NAME FILE\n"
    "\n"
    "Installs a new version of a container that a device has: like 'atto push', but never a new container. It is on\n"
    "trial until it reports healthy; one that faults before is rolled back by the device itself.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n"
    PUSH_HELP "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

static const char rollback_usage[] =
    "usage: atto rollback [options] NAME\n"
    "\n"
    "Installs the version again that was sent before the present one, with a new sequence number: numbers never go\n"
    "back. It comes from this machine, which keeps the last 8 images of each container that 'atto push' has sent. A\n"
    "version that faults while it is on trial needs none of this: the device rolls it back by itself.\n"
    "NAME is a container of the signer's, or TENANT/NAME.\n"
    "\n"
    "      --to-sequence N     the version that was sent with this sequence number\n"
    PUSH_HELP "\n" ATTO_REMOTE_HELP "\n" ATTO_EXIT_HELP;

#define BUSY_PAUSE_US 300000u
#define NUMBERS_MAX 8u /* that are tried, one after the other */

struct push {
    struct atto_remote_options options;
    const char *path;      /* of the image or envelope */
    const char *component; /* NULL: as the image says */
    uint32_t sequence;     /* 0: the next one */
    bool stopped, must_exist;
    struct atto_remote remote;
    struct atto_remote_name name;
    uint32_t seen;      /* sequence number of what is installed on the device; 0: nothing */
    uint32_t installed; /* the highest one that is known to be used up there; 0: none */
    uint32_t signed_here, limit; /* the last one that was signed here, and how far a device is believed (numbers.h) */
    bool made_here;     /* the envelope is */
    uint32_t numbers;   /* that were tried */
    bool was_told;      /* the one that was tried is behind one that a refusal has told */
    struct atto_buffer envelope;
    struct atto_envelope head; /* points into it */
    struct atto_buffer image;  /* empty: it is not in the envelope */
    uint8_t digest[32];
};

static bool fail(struct push *push, int status)
{
    return atto_remote_fail(&push->remote, status);
}

static char *title_of(const struct push *push)
{
    return atto_format("%s%s%s, sequence %u", push->name.tenant != NULL ? push->name.tenant : "",
                       push->name.tenant != NULL ? "/" : "", push->name.container, push->head.sequence);
}

/* ---- making ---- */

/* Whose container it is, and what it is called: as it was given, or as the image says. */
static bool name_it(struct push *push, const struct atto_buffer *image)
{
    char *name = atto_pack_name(push->path, image);
    bool fine = name != NULL;

    if (fine && push->component == NULL && name[0] == '\0') {
        atto_report_at(push->path, 0, "the image has no name; --component gives it one");
        fine = false;
    }
    fine = fine && atto_remote_name_read(&push->remote, push->component != NULL ? push->component : name, &push->name);
    free(name);
    return fine || fail(push, ATTO_EXIT_LOCAL);
}

/* What the device's inventory says of this name; NULL: nothing, or it cannot be read, which is reported. */
static json_t *find_item(struct push *push)
{
    static const char *const path[] = {"inventory", NULL};
    json_t *inventory = atto_remote_read(&push->remote, path, NULL, ATTO_REPLY_INVENTORY), *item, *found = NULL;
    size_t i;

    json_array_foreach(inventory, i, item) {
        const char *tenant = json_string_value(json_object_get(item, "tenant"));
        const char *name = json_string_value(json_object_get(item, "name"));

        if (tenant != NULL && name != NULL && strcmp(name, push->name.container) == 0 &&
            strcmp(tenant, push->name.tenant != NULL ? push->name.tenant : "") == 0)
            found = json_incref(item);
    }
    json_decref(inventory);
    return found;
}

/* A name that the device has had before: its sequence number outlives its removal. A device may tell it, and what was
 * sent from here is known here. */
static bool remember(struct push *push)
{
    const uint32_t sent = atto_history_before(push->remote.device, &push->name, UINT32_MAX);
    json_t *item = find_item(push);

    push->installed = (uint32_t)json_integer_value(json_object_get(item, "sequence"));
    json_decref(item);
    if (push->installed < sent)
        push->installed = sent;
    return push->remote.status == ATTO_EXIT_FINE;
}

/* What the device has installed under this name. A later version that was sent and rolled back has used its number up
 * all the same. */
static bool look_up(struct push *push)
{
    bool gone;
    json_t *container = atto_act_container(&push->remote, &push->name, &gone);

    if (container == NULL && !gone)
        return false;
    push->seen = (uint32_t)json_integer_value(json_object_get(container, "sequence"));
    json_decref(container);
    push->installed = atto_history_before(push->remote.device, &push->name, UINT32_MAX);
    if (push->installed < push->seen)
        push->installed = push->seen;
    if (!gone)
        return true;
    if (!push->must_exist)
        return remember(push);
    atto_report("there is no container '%s' on the device; 'atto push' installs one", push->name.container);
    return fail(push, ATTO_EXIT_REFUSED);
}

/* Looked up once, so that a device that tells one number after the other does not get further each time. */
static void know_sequence(struct push *push)
{
    const uint32_t kept = atto_history_before(push->remote.device, &push->name, UINT32_MAX);

    if (push->limit != 0)
        return;
    push->signed_here = atto_numbers_sequence(push->remote.device, &push->name);
    if (push->signed_here < kept)
        push->signed_here = kept;
    push->limit = atto_numbers_limit(push->signed_here);
}

/* Can the last sequence number be believed that the device has told? */
static bool believes(struct push *push)
{
    char *what, *text;

    know_sequence(push);
    if (push->installed <= push->limit)
        return true;
    what = atto_format("the last sequence number of '%s'", push->name.container);
    text = atto_numbers_doubt(what, push->installed, push->signed_here, "--sequence");
    atto_report("%s: %s", push->remote.context.uri, text);
    if (push->options.json)
        atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", text));
    free(what);
    free(text);
    return fail(push, ATTO_EXIT_REFUSED);
}

static bool seal(struct push *push, const struct atto_buffer *image)
{
    const struct atto_remote *remote = &push->remote;
    const uint32_t here = atto_numbers_sequence(remote->device, &push->name);
    /* See numbers.h; behind the last number there is, signed here and not installed, the device's counts. */
    const uint32_t last = here == UINT32_MAX || push->installed > here ? push->installed : here;
    const struct atto_pack pack = {
        .target = {.vendor = json_string_value(json_object_get(remote->about, "vendor")),
                   .class_ = json_string_value(json_object_get(remote->about, "class")),
                   .device = remote->device,
                   .tenant = push->name.tenant,
                   .container = push->name.container},
        .sequence = push->sequence != 0 ? push->sequence : last + 1,
        .key = remote->key,
        .stopped = push->stopped,
        .image = *image,
    };
    struct atto_pack whole = pack;

    if (pack.target.vendor == NULL || pack.target.class_ == NULL) {
        atto_report("%s: it does not say whose device it is, and of which class", remote->context.uri);
        return fail(push, ATTO_EXIT_REFUSED);
    }
    if (push->sequence == 0 && !believes(push))
        return false;
    if (push->sequence == 0 && last == UINT32_MAX) {
        atto_report("the sequence numbers of '%s' are used up", push->name.container);
        return fail(push, ATTO_EXIT_REFUSED);
    }
    return (atto_target_identity(&pack.target, &whole.identity) && atto_pack_make(&whole, &push->envelope)) ||
           fail(push, ATTO_EXIT_LOCAL);
}

static bool make_envelope(struct push *push, const struct atto_buffer *image)
{
    push->made_here = true;
    return atto_remote_has_key(&push->remote) && name_it(push, image) && atto_remote_meet(&push->remote) &&
           look_up(push) && seal(push, image);
}

/* Reads the envelope that is to be sent, whoever has made it: its name, its image and the digest. */
static bool open_envelope(struct push *push)
{
    const struct atto_buffer *bytes = &push->envelope;
    struct atto_envelope *head = &push->head;
    struct atto_refusal refusal = {ATTO_OK, 0};
    const enum atto_status status = atto_envelope_read(bytes->bytes, (uint32_t)bytes->len, head, &refusal);

    if (status != ATTO_OK) {
        atto_shape_refuse(push->path, bytes, status, refusal.at);
        return fail(push, ATTO_EXIT_LOCAL);
    }
    if (push->name.container == NULL) {
        const struct atto_span tenant = head->component.tenant, container = head->component.container;

        if (tenant.len != 0)
            push->name.tenant = atto_format("%.*s", (int)tenant.len, (const char *)tenant.ptr);
        push->name.container = atto_format("%.*s", (int)container.len, (const char *)container.ptr);
    }
    if (head->payload_bytes != 0 && bytes->len - head->head_bytes == head->payload_bytes) {
        atto_buffer_put(&push->image, bytes->bytes + head->head_bytes, head->payload_bytes);
        EVP_Digest(push->image.bytes, push->image.len, push->digest, NULL, EVP_sha256(), NULL);
    }
    return true;
}

/* False: there is no envelope to be sent; with status 0 because all is done. */
static bool prepare(struct push *push)
{
    struct atto_buffer bytes = {0};
    bool fine = (atto_load(push->path, &bytes) && atto_shape_is_whole(push->path, &bytes)) ||
                fail(push, ATTO_EXIT_LOCAL);

    if (fine && atto_shape_of(&bytes) == ATTO_SHAPE_ENVELOPE) {
        atto_buffer_put(&push->envelope, bytes.bytes, bytes.len);
        fine = atto_remote_meet(&push->remote);
    } else if (fine && atto_shape_of(&bytes) == ATTO_SHAPE_COMMAND) {
        atto_remote_send_made(&push->remote, push->path, &bytes);
        fine = false;
    } else if (fine) {
        fine = make_envelope(push, &bytes);
    }
    atto_buffer_free(&bytes);
    return fine && open_envelope(push);
}

/* ---- judging here ---- */

static bool judge_envelope(struct push *push)
{
    const char *const texts[] = {json_string_value(json_object_get(push->remote.about, "vendor")),
                                 json_string_value(json_object_get(push->remote.about, "class")), push->remote.device};
    struct atto_identity identity = {{0}, {0}, {0}};
    const struct atto_conditions conditions = {&identity, push->installed};
    struct atto_refusal refusal = {ATTO_OK, 0};
    struct atto_order order;
    enum atto_status status;

    atto_uuid_parse(texts[0], identity.vendor_id);
    atto_uuid_parse(texts[1], identity.class_id);
    atto_uuid_parse(texts[2], identity.device_id);
    status = atto_envelope_judge(&push->head, &conditions, &order, &refusal);
    if (status != ATTO_OK)
        atto_shape_refuse(push->path, &push->envelope, status, refusal.at);
    return status == ATTO_OK;
}

static bool judge_image(const struct push *push)
{
    struct atto_judgement judgement;
    bool fine;

    if (push->image.len == 0)
        return true;
    atto_judge(push->image.bytes, (uint32_t)push->image.len, NULL, &judgement);
    fine = judgement.status == ATTO_OK;
    if (!fine)
        atto_judgement_report(&judgement, push->path);
    atto_judgement_free(&judgement);
    return fine;
}

static bool show(struct push *push)
{
    const bool fine = (push->installed != 0 || look_up(push)) && judge_envelope(push) && judge_image(push);

    if (push->options.json) {
        atto_remote_print(json_pack("{s:b,s:b,s:b,s:s,s:s,s:I,s:I}", "done", 0, "dry_run", 1, "accepted_here", fine,
                                    "tenant", push->name.tenant != NULL ? push->name.tenant : "", "name",
                                    push->name.container, "sequence", (json_int_t)push->head.sequence, "bytes",
                                    (json_int_t)push->envelope.len));
    } else if (fine) {
        printf("would POST to %s/install, %zu bytes", push->remote.context.uri, push->envelope.len);
        atto_shape_print(&push->envelope, stdout);
    }
    return fine || fail(push, ATTO_EXIT_REFUSED);
}

/* ---- sending ---- */

/* Is what the device has installed this very version? */
static bool is_installed(struct push *push)
{
    json_t *item = find_item(push);
    const char *has = json_string_value(json_object_get(item, "image_digest"));
    struct atto_buffer digest = {0};
    bool is = false;

    atto_buffer_print_hex(&digest, &(struct atto_buffer){.bytes = push->digest, .len = sizeof push->digest});
    if (has != NULL)
        is = json_integer_value(json_object_get(item, "sequence")) == push->head.sequence &&
             (push->image.len == 0 || (strlen(has) == digest.len && memcmp(has, digest.bytes, digest.len) == 0));
    json_decref(item);
    atto_buffer_free(&digest);
    return is;
}

/* The refusal, with the place in the source if it is one of the program. */
static bool refuse_image(struct push *push, const char *title, const struct atto_client_response *response,
                         const struct atto_remote_refusal *refusal)
{
    struct atto_manifest manifest = ATTO_MANIFEST_INIT;
    struct atto_image image;
    struct atto_listing listing;

    if (push->image.len == 0 ||
        atto_image_parse(push->image.bytes, (uint32_t)push->image.len, &image, NULL) != ATTO_OK)
        return atto_remote_refuse(&push->remote, title, response);
    if (atto_manifest_parse(image.manifest, &manifest, NULL) != ATTO_OK)
        manifest = (struct atto_manifest)ATTO_MANIFEST_INIT;
    atto_listing_open(&listing, &image, &manifest, push->path);
    atto_remote_refuse_image(&push->remote, title, response, &listing, push->path);
    if (refusal->status == ATTO_E_NOT_FOUND && refusal->has_at)
        atto_asked_refuse(push->path, &manifest, refusal->at);
    atto_listing_close(&listing);
    return false;
}

/* A device says no more than that a quota is used up, and there are two of them. */
static void explain_quota(const struct push *push)
{
    atto_report("either the tenant has as many containers as it may ('atto tenant list'); or %u images that were not "
                "good came for sequence number %u or a higher one of '%s' (if the name is new: of any new name of the "
                "tenant's). Then a number over theirs is taken at once (%s), and this one in %u minutes",
                ATTO_INSTALL_TRIES, push->head.sequence, push->name.container,
                push->made_here ? "--sequence" : "'atto pack --sequence'", ATTO_INSTALL_PAUSE_S / 60u);
}

static void refuse(struct push *push, const char *title, const struct atto_client_response *response,
                   const struct atto_remote_refusal *refusal)
{
    refuse_image(push, title, response, refusal);
    if (refusal->status == ATTO_E_SEQUENCE && push->numbers == NUMBERS_MAX)
        atto_report("%u numbers were tried: --sequence gives another one", NUMBERS_MAX);
    if (refusal->status == ATTO_E_SEQUENCE && push->was_told)
        atto_report("it refuses the number behind the one that it has told: look on a way that you trust, and give one "
                    "with --sequence");
    if (refusal->status == ATTO_E_QUOTA)
        explain_quota(push);
    if (refusal->status == ATTO_E_SIGNER && push->made_here)
        atto_remote_explain_signer(&push->remote);
    fail(push, ATTO_EXIT_REFUSED);
}

static void tell(const struct push *push, const char *title, const struct atto_client_response *response)
{
    json_t *installed = atto_reply_read(&response->payload, ATTO_REPLY_INSTALLED);
    const char *state = json_string_value(json_object_get(installed, "state"));

    if (push->options.json)
        atto_remote_print(json_pack("{s:b,s:s,s:s,s:s,s:I,s:s*}", "done", 1, "device", push->remote.device, "tenant",
                                    push->name.tenant != NULL ? push->name.tenant : "", "name", push->name.container,
                                    "sequence", (json_int_t)push->head.sequence, "state", state));
    else if (!push->options.quiet)
        printf("%s: installed%s%s\n", title, state != NULL ? ", " : "", state != NULL ? state : "");
    fflush(stdout);
    json_decref(installed);
}

/* Tells if the device has granted less than was asked for. */
static void compare_rights(struct push *push)
{
    struct atto_manifest manifest;
    struct atto_image image;

    if (!push->options.quiet && push->image.len != 0 &&
        atto_image_parse(push->image.bytes, (uint32_t)push->image.len, &image, NULL) == ATTO_OK &&
        atto_manifest_parse(image.manifest, &manifest, NULL) == ATTO_OK)
        atto_asked_compare(&push->remote, &push->name, push->head.sequence, push->path, &manifest);
}

static bool send_envelope(struct push *push, const char *title, struct atto_client_response *response)
{
    const struct atto_client_request request = {.method = ATTO_METHOD_POST, .path = {"install"},
                                                .format = ATTO_FORMAT_OCTETS, .payload = &push->envelope,
                                                .progress = !push->options.quiet};
    const time_t give_up = time(NULL) + (time_t)push->options.timeout_s;
    struct atto_remote_refusal refusal;

    for (;;) {
        if (!atto_client_request(push->remote.client, &request, response)) {
            const char *text = atto_client_silence(push->remote.client);

            atto_report("%s: %s: whether it was installed is not known", title, text);
            if (push->options.json)
                atto_remote_print(json_pack("{s:b,s:s}", "done", 0, "text", text));
            return fail(push, ATTO_EXIT_SILENT);
        }
        atto_remote_refusal_read(response, &refusal);
        if (refusal.status != ATTO_E_BUSY || time(NULL) >= give_up)
            return true;
        atto_buffer_free(&response->payload);
        usleep(BUSY_PAUSE_US);
    }
}

/* Is this the answer to an envelope that names its image by a URI, before that is there? It comes without a payload, or
 * the device has waited as long as it waits. */
static bool is_under_way(const struct push *push, const struct atto_client_response *response)
{
    return push->image.len == 0 && (response->code == ATTO_COAP_CODE(5, 4) ||
                                    (response->code / 32u == 2 && response->payload.len == 0));
}

static bool wait_for_image(struct push *push, const char *title)
{
    const time_t give_up = time(NULL) + (time_t)push->options.timeout_s;

    while (!is_installed(push)) {
        if (push->remote.status != ATTO_EXIT_FINE)
            return false;
        if (time(NULL) >= give_up) {
            atto_report("%s: accepted, but the device has not fetched its image yet; 'atto audit' tells if it was refused",
                        title);
            return fail(push, ATTO_EXIT_SILENT);
        }
        usleep(BUSY_PAUSE_US);
    }
    return true;
}

/* The number is used up, but what is installed has not changed: a version has used it up that was sent from elsewhere and
 * rolled back, or removed. The number behind the last one, if the device tells it, or else the next one is tried. A
 * number that was told is tried once: a device that refuses what it has asked for does not get more signed. If what is
 * installed has changed, somebody else came first, and has to be asked. */
static bool count_on(struct push *push, uint32_t last)
{
    struct atto_buffer image = push->image;
    json_t *item;
    uint32_t installed;
    bool fine;

    if (!push->made_here || push->sequence != 0 || push->was_told || ++push->numbers == NUMBERS_MAX)
        return false;
    item = find_item(push);
    installed = (uint32_t)json_integer_value(json_object_get(item, "sequence"));
    json_decref(item);
    if (push->remote.status != ATTO_EXIT_FINE || installed != push->seen)
        return false;
    push->was_told = last > push->head.sequence;
    push->installed = push->was_told ? last : push->head.sequence;
    push->image = (struct atto_buffer){0};
    atto_buffer_free(&push->envelope);
    fine = seal(push, &image) && open_envelope(push);
    atto_buffer_free(&image);
    return fine;
}

/* Again: nothing was done, and there is another envelope to be tried. */
static void deliver(struct push *push, bool *again)
{
    struct atto_client_response response = {.code = 0};
    struct atto_remote_refusal refusal;
    char *title = title_of(push);
    bool fine;

    if (push->made_here)
        atto_numbers_keep_sequence(push->remote.device, &push->name, push->head.sequence);
    fine = send_envelope(push, title, &response);

    if (fine && is_under_way(push, &response)) {
        fine = wait_for_image(push, title);
    } else if (fine && response.code / 32u != 2) {
        atto_remote_refusal_read(&response, &refusal);
        fine = refusal.status == ATTO_E_SEQUENCE && is_installed(push);
        *again = !fine && refusal.status == ATTO_E_SEQUENCE && count_on(push, refusal.last);
        if (!fine && !*again && push->remote.status == ATTO_EXIT_FINE)
            refuse(push, title, &response, &refusal);
        atto_buffer_free(&response.payload);
    }
    if (fine) {
        tell(push, title, &response);
        compare_rights(push);
        if (push->image.len != 0)
            atto_history_keep(push->remote.device, &push->name, push->head.sequence, &push->image);
    }
    atto_buffer_free(&response.payload);
    free(title);
}

/* Everything from the file to the device. The remote is open. */
static void run(struct push *push)
{
    bool again = prepare(push);

    if (again && push->options.dry_run) {
        show(push);
        return;
    }
    while (again) {
        again = false;
        deliver(push, &again);
    }
}

static int finish(struct push *push)
{
    atto_buffer_free(&push->envelope);
    atto_buffer_free(&push->image);
    atto_remote_name_free(&push->name);
    atto_remote_close(&push->remote);
    return push->remote.status;
}

/* ---- the commands ---- */

#define PUSH_OPTIONS(push)                                                                       \
    ATTO_REMOTE_OPTIONS((push).options), {"dry-run", .flag = &(push).options.dry_run},           \
    {"quiet", 'q', .flag = &(push).options.quiet}, {"stopped", .flag = &(push).stopped},         \
    {"sequence", .number = &(push).sequence, .min = 1, .max = UINT32_MAX}

int atto_command_push(int argc, char **argv)
{
    struct push push = {.options = ATTO_REMOTE_INIT};
    const struct atto_option options[] = {PUSH_OPTIONS(push), {"component", .text = &push.component}, {0}};
    int status;

    if (!atto_options_read(argc, argv, push_usage, options, &status))
        return status;
    if (!atto_take_file(argc, argv, &push.path))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&push.remote, &push.options))
        run(&push);
    return finish(&push);
}

int atto_command_update(int argc, char **argv)
{
    struct push push = {.options = ATTO_REMOTE_INIT, .must_exist = true};
    const struct atto_option options[] = {PUSH_OPTIONS(push), {0}};
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, update_usage, options, &status))
        return status;
    words = atto_files(argc, argv, &count);
    if (count != 2) {
        atto_report("a name and a file");
        return atto_wrong_usage(argv[0]);
    }
    push.component = words[0];
    push.path = words[1];
    if (atto_remote_open(&push.remote, &push.options))
        run(&push);
    return finish(&push);
}

/* The digest of the image in a file, compared with that of what is installed. */
static bool is_other_image(const char *path, const char *installed)
{
    struct atto_buffer image = {0}, hex = {0};
    uint8_t digest[32];
    bool other = true;

    if (atto_buffer_read(&image, path) && installed != NULL) {
        EVP_Digest(image.bytes, image.len, digest, NULL, EVP_sha256(), NULL);
        atto_buffer_print_hex(&hex, &(struct atto_buffer){.bytes = digest, .len = sizeof digest});
        other = hex.len != strlen(installed) || memcmp(hex.bytes, installed, hex.len) != 0;
    }
    atto_buffer_free(&image);
    atto_buffer_free(&hex);
    return other;
}

/* The image of the version before the present one, or the one with sequence number `wanted` if that is not 0. To be
 * freed; NULL: it is not kept. */
static char *find_earlier(const struct push *push, const json_t *container, uint32_t wanted)
{
    const char *digest = json_string_value(json_object_get(container, "digest"));
    uint32_t below = (uint32_t)json_integer_value(json_object_get(container, "sequence"));

    if (wanted != 0)
        return atto_history_find(push->remote.device, &push->name, wanted);
    for (uint32_t i = 0; i <= ATTO_HISTORY_MAX; i++) {
        char *path;

        below = atto_history_before(push->remote.device, &push->name, below);
        path = below != 0 ? atto_history_find(push->remote.device, &push->name, below) : NULL;
        if (path == NULL || is_other_image(path, digest))
            return path;
        free(path);
    }
    return NULL;
}

static bool roll_back(struct push *push, const char *name, uint32_t wanted)
{
    struct atto_remote *remote = &push->remote;
    json_t *container = NULL;
    char *path = NULL;
    bool gone = false;

    if (!atto_remote_name_read(remote, name, &push->name))
        return fail(push, ATTO_EXIT_USAGE);
    if (!atto_remote_meet(remote))
        return false;
    container = atto_act_container(remote, &push->name, &gone);
    if (gone) {
        atto_report("there is no container '%s' on the device", name);
        return fail(push, ATTO_EXIT_REFUSED);
    }
    if (container == NULL)
        return false;
    path = find_earlier(push, container, wanted);
    json_decref(container);
    atto_remote_name_free(&push->name);
    if (path == NULL) {
        atto_report("no %s version of '%s' is kept on this machine; 'atto update %s FILE' installs one from a file",
                    wanted != 0 ? "such" : "earlier", name, name);
        return fail(push, ATTO_EXIT_LOCAL);
    }
    push->component = name;
    push->path = path;
    run(push);
    free(path);
    return remote->status == ATTO_EXIT_FINE;
}

int atto_command_rollback(int argc, char **argv)
{
    struct push push = {.options = ATTO_REMOTE_INIT, .must_exist = true};
    uint32_t wanted = 0;
    const struct atto_option options[] = {
        PUSH_OPTIONS(push), {"to-sequence", .number = &wanted, .min = 1, .max = UINT32_MAX}, {0}};
    const char *name = NULL;
    int status;

    if (!atto_options_read(argc, argv, rollback_usage, options, &status))
        return status;
    if (!atto_take_name(argc, argv, &name))
        return atto_wrong_usage(argv[0]);
    if (atto_remote_open(&push.remote, &push.options))
        roll_back(&push, name, wanted);
    return finish(&push);
}
