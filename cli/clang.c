/* Finds and runs clang, see clang.h. $ATTO_CLANG names another compiler; $ATTO_SDK another directory of guest headers.
 * C goes through it in three steps, with the module in LLVM's text form in between, because what its eBPF backend
 * cannot do has to be rewritten (lower.h): once before the optimiser sees it, once after.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "clang.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complaints.h"
#include "home.h"
#include "lower.h"
#include "process.h"
#include "report.h"

/* Freestanding, because there is no C library in a container; no built-in functions, because what clang would replace
 * loops by does not exist. replexitval: the closed form of a loop such as a sum needs 128-bit numbers, which do not
 * exist either. */
static const char *const fixed_options[] = {
    "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-ffreestanding", "-fno-builtin", "-nostdlibinc",
    "-fstack-size-section", "-ffunction-sections", "-fdata-sections",
    "-fno-asynchronous-unwind-tables", "-fdebug-compilation-dir=.", "-fno-crash-diagnostics",
    "-Wno-unused-command-line-argument", "-Wno-override-module", "-mllvm", "-replexitval=never"
};
static const char *const cxx_options[] = {
    "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"
};

/* The last arguments of each step. Modules come from standard input; everything leaves by standard output. */
static const char *const front_options[] = {"-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes"};
static const char *const optimise_options[] = {"-S", "-emit-llvm", "-x", "ir", "-"};
static const char *const generate_options[] = {"-c", "-Xclang", "-disable-llvm-passes", "-x", "ir", "-"};
static const char *const assemble_options[] = {"-c"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool ends_with(const char *text, const char *ending)
{
    size_t len = strlen(text), ending_len = strlen(ending);

    return len > ending_len && strcmp(text + len - ending_len, ending) == 0;
}

static bool is_cxx(const char *source)
{
    return ends_with(source, ".cpp") || ends_with(source, ".cc") || ends_with(source, ".cxx");
}

static bool is_assembly(const char *source)
{
    return ends_with(source, ".S") || ends_with(source, ".s");
}

bool atto_clang_takes(const char *source)
{
    return is_cxx(source) || ends_with(source, ".c") || is_assembly(source) || ends_with(source, ".ll") ||
           ends_with(source, ".bc");
}

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");

    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ":");
        char *file = atto_format("%.*s/%s", (int)len, at, program);
        bool found = access(file, X_OK) == 0;

        free(file);
        if (found)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static const char *find_clang(void)
{
    static const char *const names[] = {"clang-14", "clang", "clang-15", "clang-16", "clang-17", "clang-18",
                                        "clang-19"};
    const char *named = getenv("ATTO_CLANG");

    if (named != NULL && named[0] != '\0')
        return named;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (in_path(names[i]))
            return names[i];
    }
    return NULL;
}

/* The directory of the guest headers; NULL, reported, if it cannot be found. */
static char *find_sdk(void)
{
    const char *named = getenv("ATTO_SDK");
    char *header;

    if (named != NULL && named[0] != '\0')
        return atto_copy_string(named);
    header = atto_home_path("sdk/atto.h");
    if (header == NULL)
        atto_report("cannot find the guest SDK; name its directory in $ATTO_SDK");
    else
        *strrchr(header, '/') = '\0';
    return header;
}

/* How clang is called for one source file: the arguments that all steps share. */
struct compiler {
    const char *source;
    const char **arguments;
    size_t count;
    struct atto_buffer *heard; /* everything that clang has said so far */
};

static void add_arguments(struct compiler *compiler, const char *const *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        compiler->arguments[compiler->count++] = arguments[i];
}

/* Runs one step with a module, or NULL for the source file itself. */
static bool run_step(const struct compiler *compiler, const char *const *options, size_t option_count,
                     const struct atto_buffer *module, struct atto_buffer *result)
{
    struct compiler step = {.arguments = atto_alloc(compiler->count + option_count + 4, sizeof(char *))};
    const char *const output[] = {"-o", "-", compiler->source};
    struct atto_buffer said = {0};
    int status;

    add_arguments(&step, compiler->arguments, compiler->count);
    add_arguments(&step, options, option_count);
    add_arguments(&step, output, module == NULL ? 3 : 2);
    status = atto_process_run(step.arguments, module, result, &said);
    if (module == NULL)
        atto_complaints_pass_on(&said);
    else
        atto_complaints_explain(&said, compiler->heard, module, compiler->source);
    atto_buffer_put(compiler->heard, said.bytes, said.len);
    atto_buffer_free(&said);
    free(step.arguments);
    return status == 0;
}

static bool compile(const struct compiler *compiler, struct atto_buffer *object)
{
    struct atto_buffer module = {0}, before = {0}, optimised = {0}, after = {0};
    bool fine = run_step(compiler, front_options, COUNT(front_options), NULL, &module);

    if (fine) {
        atto_lower(&module, ATTO_LOWER_BEFORE, &before);
        fine = run_step(compiler, optimise_options, COUNT(optimise_options), &before, &optimised);
    }
    if (fine) {
        atto_lower(&optimised, ATTO_LOWER_AFTER, &after);
        fine = run_step(compiler, generate_options, COUNT(generate_options), &after, object);
    }
    atto_buffer_free(&module);
    atto_buffer_free(&before);
    atto_buffer_free(&optimised);
    atto_buffer_free(&after);
    return fine;
}

bool atto_clang_compile(const char *source, char *const *options, size_t option_count, struct atto_buffer *object)
{
    const char *clang = find_clang();
    char *sdk = find_sdk();
    char *include = atto_format("-I%s", sdk == NULL ? "" : sdk);
    char *shorten = atto_format("-ffile-prefix-map=%s/=sdk/", sdk == NULL ? "" : sdk);
    const char *const sdk_options[] = {shorten, include};
    size_t most = 1 + COUNT(fixed_options) + COUNT(cxx_options) + option_count + COUNT(sdk_options);
    struct atto_buffer heard = {0};
    struct compiler compiler = {source, atto_alloc(most, sizeof compiler.arguments[0]), 0, &heard};
    bool fine = false;

    if (clang == NULL) {
        atto_report("there is no clang; install it, or name it in $ATTO_CLANG");
    } else if (sdk != NULL) {
        add_arguments(&compiler, &clang, 1);
        add_arguments(&compiler, fixed_options, COUNT(fixed_options));
        add_arguments(&compiler, cxx_options, is_cxx(source) ? COUNT(cxx_options) : 0);
        add_arguments(&compiler, (const char *const *)options, option_count);
        add_arguments(&compiler, sdk_options, COUNT(sdk_options));
        fine = is_assembly(source)
                   ? run_step(&compiler, assemble_options, COUNT(assemble_options), NULL, object)
                   : compile(&compiler, object);
        if (!fine)
            atto_report_at(source, 0, "not compiled");
    }
    free(include);
    free(shorten);
    free(sdk);
    free(compiler.arguments);
    atto_buffer_free(&heard);
    return fine;
}
