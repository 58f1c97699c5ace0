/* `atto context`, and how other commands find their device; see context.h. The file is JSON, so that people may write
 * it too:
 *
 *     { "current": "lab", "contexts": { "lab": { "uri": "coap://192.0.2.7", "key": "lab.key", "signer": "acme" } } }
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "client.h"
#include "commands.h"
#include "json_file.h"
#include "keyfile.h"
#include "report.h"
#include "target.h"
#include "uuid.h"

static const char usage[] =
    "usage: atto context add NAME --uri URI [options]   name a device, or change what has the name\n"
    "       atto context ls [--json]                    list them; '*' marks the current one\n"
    "       atto context use NAME                       make one the current one, for commands without --to\n"
    "       atto context rm NAME                        forget one\n"
    "\n"
    "Devices by names, with the keys that sign for them. The first one that is added becomes the current one.\n"
    "\n"
    "      --uri URI           where it is: coap://HOST or coap://HOST:PORT\n"
    "  -k, --key FILE          the private key that signs commands and envelopes for it\n"
    "      --signer NAME       the tenant whose key that is; without it, the owner\n"
    "      --device UUID       its device identifier: another device at this address is refused\n"
    "      --ack-timeout MS    until a message to it is sent again, 10 to 60000; without it 2000\n"
    "      --config FILE       the file; without it atto/config.json in $XDG_CONFIG_HOME or ~/.config\n"
    "      --json              print one JSON object\n"
    "  -h, --help              print this\n"
    "\n"
    "Exit status: 0 done, 2 wrong usage, 4 the file with the contexts cannot be used.\n";

/* ---- the file ---- */

char *atto_context_path(const char *variable, const char *home_directory, const char *name)
{
    const char *base = getenv(variable), *home = getenv("HOME");

    if (base != NULL && base[0] == '/')
        return atto_format("%s/atto/%s", base, name);
    return atto_format("%s/%s/atto/%s", home != NULL ? home : ".", home_directory, name);
}

void atto_context_put_part(struct atto_buffer *path, const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        if (*c < 0x80 && (isalnum(*c) || *c == '-' || *c == '_'))
            atto_buffer_put(path, c, 1);
        else
            atto_buffer_print(path, "%%%02x", *c);
    }
}

bool atto_context_make_directories(const char *path)
{
    char *part = atto_copy_string(path);
    bool fine = true;

    for (char *slash = strchr(part + 1, '/'); slash != NULL && fine; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        fine = mkdir(part, 0700) == 0 || errno == EEXIST;
        if (!fine)
            atto_report("%s: %s", part, strerror(errno));
        *slash = '/';
    }
    free(part);
    return fine;
}

static char *config_path(const char *config)
{
    return config != NULL ? atto_copy_string(config) : atto_context_path("XDG_CONFIG_HOME", ".config", "config.json");
}

/* Opens the file; one that is not there has no contexts. */
static bool open_config(struct atto_json_file *file, const char *config)
{
    char *path = config_path(config);
    bool fine = true;

    *file = (struct atto_json_file){0};
    if (config != NULL || access(path, F_OK) == 0)
        fine = atto_json_file_read(file, path) &&
               atto_json_known_keys(file, atto_json_file_root(file), "the file", "current, contexts");
    free(path);
    return fine;
}

static json_t *contexts_of(const struct atto_json_file *file)
{
    return json_object_get(file->root, "contexts");
}

/* Replaces the file, so that it is the old one or the new one whatever happens. */
static bool write_config(const json_t *root, const char *config)
{
    char *path = config_path(config), *temporary = atto_format("%s.%ld", path, (long)getpid());
    bool fine = atto_context_make_directories(path);

    if (fine && (json_dump_file(root, temporary, JSON_INDENT(2)) != 0 || rename(temporary, path) != 0)) {
        atto_report("%s: %s", path, strerror(errno));
        unlink(temporary);
        fine = false;
    }
    free(path);
    free(temporary);
    return fine;
}

/* ---- finding ---- */

static bool take_text(const struct atto_json_file *file, struct atto_json_at entry, const char *key, char **text)
{
    if (atto_json_at_member(entry, key).value == NULL)
        return true;
    const char *found = atto_json_text(file, entry, key);

    if (found != NULL)
        *text = atto_copy_string(found);
    return found != NULL;
}

static bool take_entry(const struct atto_json_file *file, const char *name, struct atto_json_at at,
                       struct atto_context_entry *entry)
{
    bool fine = json_is_object(at.value) || atto_json_refuse(file, at.place, "a context must be an object");

    fine = fine && atto_json_known_keys(file, at, "a context", "uri, device, key, signer, ack_timeout_ms") &&
           atto_json_text(file, at, "uri") != NULL && take_text(file, at, "uri", &entry->uri) &&
           take_text(file, at, "device", &entry->device) && take_text(file, at, "key", &entry->key) &&
           take_text(file, at, "signer", &entry->signer) &&
           atto_json_number(file, atto_json_at_member(at, "ack_timeout_ms"), "ack_timeout_ms", 10, 60000,
                            &entry->ack_ms);
    if (fine && !atto_client_is_uri(entry->uri))
        fine = atto_json_refuse(file, atto_json_at_member(at, "uri").place, "'uri' must be coap://HOST or "
                                "coap://HOST:PORT");
    if (fine)
        entry->name = atto_copy_string(name);
    return fine;
}

/* A key's path is relative to the file that names it. */
static void settle_key(struct atto_context_entry *entry, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (entry->key == NULL || entry->key[0] == '/' || slash == NULL)
        return;
    char *key = atto_format("%.*s/%s", (int)(slash - path), path, entry->key);

    free(entry->key);
    entry->key = key;
}

bool atto_context_find(struct atto_context_entry *entry, const char *config, const char *to)
{
    struct atto_json_file file;
    bool fine = false;

    *entry = (struct atto_context_entry){.name = NULL};
    if (to != NULL && strstr(to, "://") != NULL) {
        entry->uri = atto_copy_string(to);
        return true;
    }
    if (open_config(&file, config)) {
        struct atto_json_at contexts = {NULL, NULL};

        if (file.root != NULL)
            contexts = atto_json_at_member(atto_json_file_root(&file), "contexts");
        if (to == NULL)
            to = json_string_value(json_object_get(file.root, "current"));
        if (to == NULL)
            atto_report("which device? --to names one: coap://HOST, or a name of 'atto context add'");
        else if (json_object_get(contexts.value, to) == NULL)
            atto_report("there is no context '%s'; 'atto context ls' lists them", to);
        else
            fine = take_entry(&file, to, atto_json_at_member(contexts, to), entry);
        if (fine)
            settle_key(entry, file.path);
    }
    atto_json_file_free(&file);
    return fine;
}

void atto_context_free(struct atto_context_entry *entry)
{
    free(entry->name);
    free(entry->uri);
    free(entry->device);
    free(entry->key);
    free(entry->signer);
    *entry = (struct atto_context_entry){.name = NULL};
}

/* ---- the command ---- */

struct arguments {
    const char *config, *uri, *key, *signer, *device, *name;
    uint32_t ack_ms;
    bool json;
};

/* Is what was given for a context what it must be? */
static bool check_arguments(const struct arguments *arguments)
{
    uint8_t uuid[ATTO_UUID_BYTES];

    if (arguments->uri == NULL || !atto_client_is_uri(arguments->uri)) {
        atto_report("--uri %s: coap://HOST or coap://HOST:PORT",
                    arguments->uri == NULL ? "is missing" : arguments->uri);
        return false;
    }
    if (arguments->device != NULL && !atto_uuid_parse(arguments->device, uuid)) {
        atto_report("--device: '%s' is not a UUID", arguments->device);
        return false;
    }
    return (arguments->signer == NULL || atto_target_name("--signer", arguments->signer)) &&
           (arguments->key == NULL || atto_buffer_check(arguments->key));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

static bool add(json_t *root, const struct arguments *arguments)
{
    json_t *contexts = json_object_get(root, "contexts"), *entry = json_object();
    char *key = arguments->key == NULL ? NULL : realpath(arguments->key, NULL);

    set_text(entry, "uri", arguments->uri);
    set_text(entry, "device", arguments->device);
    set_text(entry, "key", key);
    set_text(entry, "signer", arguments->signer);
    if (arguments->ack_ms != 0)
        json_object_set_new(entry, "ack_timeout_ms", json_integer(arguments->ack_ms));
    json_object_set_new(contexts, arguments->name, entry);
    if (json_object_get(root, "current") == NULL)
        set_text(root, "current", arguments->name);
    free(key);
    return true;
}

static bool is_known(const json_t *root, const char *name)
{
    if (json_object_get(json_object_get(root, "contexts"), name) == NULL)
        atto_report("there is no context '%s'", name);
    return json_object_get(json_object_get(root, "contexts"), name) != NULL;
}

static bool use(json_t *root, const struct arguments *arguments)
{
    if (!is_known(root, arguments->name))
        return false;
    set_text(root, "current", arguments->name);
    return true;
}

static bool forget(json_t *root, const struct arguments *arguments)
{
    const char *current = json_string_value(json_object_get(root, "current"));

    if (!is_known(root, arguments->name))
        return false;
    if (current != NULL && strcmp(current, arguments->name) == 0)
        json_object_del(root, "current");
    json_object_del(json_object_get(root, "contexts"), arguments->name);
    return true;
}

static bool list(json_t *root, const struct arguments *arguments)
{
    const char *current = json_string_value(json_object_get(root, "current")), *name;
    json_t *entry;

    if (arguments->json) {
        json_dumpf(root, stdout, JSON_INDENT(2));
        putchar('\n');
        return true;
    }
    json_object_foreach(json_object_get(root, "contexts"), name, entry) {
        const char *signer = json_string_value(json_object_get(entry, "signer"));
        const char *key = json_string_value(json_object_get(entry, "key"));

        printf("%s %-16s %-32s %s%s%s\n", current != NULL && strcmp(current, name) == 0 ? "*" : " ", name,
               json_string_value(json_object_get(entry, "uri")), signer != NULL ? signer : "owner",
               key != NULL ? ", " : "", key != NULL ? key : "");
    }
    return true;
}

static const struct action {
    const char *name;
    bool (*run)(json_t *root, const struct arguments *arguments);
    bool has_name, changes;
} actions[] = {
    {"add", add, true, true}, {"ls", list, false, false}, {"use", use, true, true}, {"rm", forget, true, true},
};

/* Runs an action on the file's contents. */
static bool act(const struct action *action, const struct arguments *arguments)
{
    struct atto_json_file file;
    const bool is_new = arguments->config != NULL && action->run == add && access(arguments->config, F_OK) != 0;
    bool fine = is_new || open_config(&file, arguments->config);
    json_t *root;

    if (is_new)
        file = (struct atto_json_file){0};
    root = file.root != NULL ? json_incref(file.root) : json_object();
    if (contexts_of(&file) == NULL)
        json_object_set_new(root, "contexts", json_object());
    else if (!json_is_object(contexts_of(&file)))
        fine = atto_json_refuse(&file, atto_json_at_member(atto_json_file_root(&file), "contexts").place,
                                "'contexts' must be an object");
    fine = fine && action->run(root, arguments) && (!action->changes || write_config(root, arguments->config));
    json_decref(root);
    atto_json_file_free(&file);
    return fine;
}

int atto_command_context(int argc, char **argv)
{
    struct arguments arguments = {.config = NULL};
    const struct atto_option options[] = {
        {"config", .text = &arguments.config},
        {"uri", .text = &arguments.uri},
        {"key", 'k', .text = &arguments.key},
        {"signer", .text = &arguments.signer},
        {"device", .text = &arguments.device},
        {"ack-timeout", .number = &arguments.ack_ms, .min = 10, .max = 60000},
        {"json", .flag = &arguments.json},
        {0},
    };
    size_t count;
    char **words;
    int status;

    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    words = atto_files(argc, argv, &count);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0] && count > 0; i++) {
        const struct action *action = &actions[i];

        if (strcmp(words[0], action->name) != 0)
            continue;
        if (count != 1u + action->has_name) {
            atto_report("atto context %s: %s", action->name, action->has_name ? "one name is needed" : "no more words");
            return atto_wrong_usage(argv[0]);
        }
        arguments.name = words[1];
        if (action->run == add && (!check_arguments(&arguments) || !atto_target_name("NAME", arguments.name)))
            return atto_wrong_usage(argv[0]);
        return act(action, &arguments) ? ATTO_EXIT_FINE : ATTO_EXIT_LOCAL;
    }
    atto_report(count == 0 ? "add, ls, use or rm?" : "there is no 'atto context %s'", count == 0 ? "" : words[0]);
    return atto_wrong_usage(argv[0]);
}
