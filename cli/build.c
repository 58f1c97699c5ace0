/* `atto build`: reads the author's JSON, runs clang for each source, links the objects, writes the image, and has it
 * judged by the device's own check before anybody else sees it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "atto/image.h"
#include "clang.h"
#include "commands.h"
#include "image_write.h"
#include "judge.h"
#include "manifest_write.h"
#include "object.h"
#include "program.h"
#include "report.h"
#include "wishes.h"

static bool is_object(const char *path)
{
    size_t len = strlen(path);

    return len > 2 && strcmp(path + len - 2, ".o") == 0;
}

bool atto_build_takes(const char *path)
{
    return is_object(path) || atto_clang_takes(path);
}

/* The path with another extension. */
static char *with_extension(const char *path, const char *extension)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(path, '.');
    size_t len = dot == NULL || (slash != NULL && dot < slash) ? strlen(path) : (size_t)(dot - path);

    return atto_format("%.*s%s", (int)len, path, extension);
}

/* What a container is called if nobody says: its first source, without directory and extension. */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return with_extension(slash == NULL ? path : slash + 1, "");
}

/* What clang is told: a macro for the handle of each right, and what the user says. */
static struct atto_passed compiler_options(const struct atto_build *build, const struct atto_rights_json *rights)
{
    struct atto_passed options = {atto_alloc(rights->count + build->option_count, sizeof(char *)), 0};

    for (size_t i = 0; i < rights->count; i++)
        options.list[options.count++] = atto_format("-D%s=%zu", rights->list[i].handle, i);
    for (size_t i = 0; i < build->option_count; i++)
        options.list[options.count++] = atto_copy_string(build->options[i]);
    return options;
}

static void free_options(struct atto_passed *options)
{
    for (size_t i = 0; i < options->count; i++)
        free(options->list[i]);
    free(options->list);
}

/* Compiles, if need be, and opens each input. */
static size_t open_inputs(const struct atto_build *build, const struct atto_rights_json *rights,
                          struct atto_object **objects)
{
    struct atto_passed options = compiler_options(build, rights);
    size_t opened = 0;

    for (size_t i = 0; i < build->input_count; i++) {
        const char *input = build->inputs[i];
        struct atto_buffer object = {0};
        bool fine = is_object(input) ? atto_buffer_read(&object, input)
                                     : atto_buffer_check(input) &&
                                           atto_clang_compile(input, options.list, options.count, &object);

        if (fine)
            objects[opened] = atto_object_open(&object, input);
        atto_buffer_free(&object);
        if (objects[opened] != NULL)
            opened++;
    }
    free_options(&options);
    return opened;
}

static bool read_wishes(const struct atto_build *build, struct atto_wishes *wishes)
{
    char *beside = with_extension(build->inputs[0], ".json");
    bool fine = true;

    if (build->manifest_path != NULL)
        fine = atto_wishes_read(wishes, build->manifest_path);
    else if (access(beside, R_OK) == 0)
        fine = atto_wishes_read(wishes, beside);
    free(beside);
    return fine;
}

/* Shows what the device's check would say: a program that it refuses is not worth shipping. Any host call counts as
 * present here, because only the firmware knows which ones there are. */
static bool passes_check(const struct atto_buffer *image)
{
    struct atto_judgement judgement;
    bool fine;

    atto_judge(image->bytes, (uint32_t)image->len, NULL, &judgement);
    fine = judgement.status == ATTO_OK;
    if (!fine)
        atto_judgement_report(&judgement, "the image");
    atto_judgement_free(&judgement);
    return fine;
}

static bool link_objects(const struct atto_build *build, const struct atto_wishes *wishes,
                         struct atto_object **objects, struct atto_buffer *image)
{
    struct atto_program program = {0};
    struct atto_buffer manifest = {0};
    char *name = name_of(build->inputs[0]);
    bool fine = atto_link(objects, build->input_count, wishes->entries_given ? wishes->entries : NULL,
                          wishes->entry_count, &program) &&
                atto_manifest_write(&program, wishes, name, &manifest);

    if (fine) {
        atto_image_write(&program, &manifest, false, image);
        fine = build->no_check || passes_check(image);
    }
    if (fine && build->strip) {
        image->len = 0;
        atto_image_write(&program, &manifest, true, image);
    }
    atto_buffer_free(&manifest);
    atto_program_free(&program);
    free(name);
    return fine;
}

bool atto_build_image(const struct atto_build *build, struct atto_buffer *image)
{
    struct atto_object **objects = atto_alloc(build->input_count, sizeof objects[0]);
    struct atto_wishes wishes = {0};
    bool fine = read_wishes(build, &wishes) && open_inputs(build, &wishes.rights, objects) == build->input_count &&
                link_objects(build, &wishes, objects, image);

    for (size_t i = 0; i < build->input_count; i++)
        atto_object_close(objects[i]);
    free(objects);
    atto_wishes_free(&wishes);
    return fine;
}

static const char usage[] =
    "usage: atto build SOURCE... [-o FILE] [options]\n"
    "\n"
    "Compiles C, C++ or eBPF assembly, links it with other eBPF objects (.o), and writes a container image.\n"
    "\n"
    "  -o, --output FILE     the image; default: the first source with .atto ('-': standard output)\n"
    "  -m, --manifest FILE   the manifest in JSON; default: the first source with .json, if there is one\n"
    "      --strip           leave the source lines out of the image\n"
    "      --no-check        write the image even if no device would accept it\n"
    "  -I DIR, -D NAME, -U NAME, -O LEVEL, -W WARNING, -std=STANDARD, -f OPTION\n"
    "                        handed to clang\n"
    "  -q, --quiet           print nothing if all is well\n"
    "  -h, --help            print this\n"
    "\n"
    "$ATTO_CLANG names the compiler, $ATTO_SDK the directory of the guest SDK.\n"
    "Manifest: {\"name\": \"...\", \"entries\": [\"run\"], \"stack\": 256, \"fuel\": 10000,\n"
    "           \"calls\": [\"atto_log\", 64], \"hooks\": [{\"uuid\": \"...\", \"entry\": \"run\", \"priority\": 3,\n"
    "           \"policy\": \"continue | stop-on-negative | stop-on-positive | single\"}],\n"
    "           \"schedule\": {\"period_us\": 1000}, \"rights\": [{\"endpoint\": \"temperature\",\n"
    "           \"operations\": [\"read\"], \"range\": [0, 3], \"rate\": {\"calls\": 10, \"period\": \"1s\"}}]}\n"
    "Every key may be left out. For each right there is a macro with its handle, here HANDLE_TEMPERATURE.\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n";

static void print_summary(const struct atto_buffer *image, const char *path)
{
    struct atto_image parsed;

    if (atto_image_parse(image->bytes, (uint32_t)image->len, &parsed, NULL) != ATTO_OK)
        return;
    printf("%s: %zu bytes (text %u, read-only data %u, data %u, bss %u)\n", path, image->len, parsed.text.len,
           parsed.rodata.len, parsed.data.len, parsed.bss_bytes);
}

struct arguments {
    struct atto_build build;
    const char *output;
    struct atto_passed clang;
    bool quiet;
};

static bool same_file(const char *a, const char *b)
{
    struct stat left, right;

    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

static bool check_arguments(const struct arguments *arguments)
{
    if (arguments->build.input_count == 0) {
        atto_report("no source file is given");
        return false;
    }
    for (size_t i = 0; i < arguments->build.input_count; i++) {
        if (!atto_build_takes(arguments->build.inputs[i])) {
            atto_report("%s: not a source file or an object (.c, .cpp, .cc, .cxx, .s, .S, .ll, .bc, .o)",
                        arguments->build.inputs[i]);
            return false;
        }
        if (arguments->output != NULL && same_file(arguments->output, arguments->build.inputs[i])) {
            atto_report("%s is an input; it would be overwritten by the image", arguments->output);
            return false;
        }
    }
    return true;
}

static int build(const struct arguments *arguments)
{
    struct atto_buffer image = {0};
    char *output = arguments->output != NULL ? atto_copy_string(arguments->output)
                                             : with_extension(arguments->build.inputs[0], ".atto");
    bool fine = atto_build_image(&arguments->build, &image) && atto_buffer_write(&image, output);

    if (fine && !arguments->quiet && strcmp(output, "-") != 0)
        print_summary(&image, output);
    free(output);
    atto_buffer_free(&image);
    return fine ? ATTO_EXIT_FINE : ATTO_EXIT_REFUSED;
}

int atto_command_build(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct atto_option options[] = {
        {"output", 'o', .text = &arguments.output},
        {"manifest", 'm', .text = &arguments.build.manifest_path},
        {"strip", .flag = &arguments.build.strip},
        {"no-check", .flag = &arguments.build.no_check},
        {"quiet", 'q', .flag = &arguments.quiet},
        {.letter = 'I', .passed = &arguments.clang},
        {.letter = 'D', .passed = &arguments.clang},
        {.letter = 'U', .passed = &arguments.clang},
        {.letter = 'O', .passed = &arguments.clang},
        {.letter = 'W', .passed = &arguments.clang},
        {.letter = 'f', .passed = &arguments.clang},
        {.letter = 's', .passed = &arguments.clang}, /* -std=... */
        {0},
    };
    int status;

    if (atto_options_read(argc, argv, usage, options, &status)) {
        arguments.build.inputs = atto_files(argc, argv, &arguments.build.input_count);
        arguments.build.options = arguments.clang.list;
        arguments.build.option_count = arguments.clang.count;
        status = check_arguments(&arguments) ? build(&arguments) : atto_wrong_usage(argv[0]);
    }
    free_options(&arguments.clang);
    return status;
}
