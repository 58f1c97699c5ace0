/* `atto run --scenario`: runs several containers in one engine, as a file says, and shows what became of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "report.h"
#include "run.h"

static const char usage[] =
    "usage: atto run --scenario FILE [options]\n"
    "\n"
    "Runs several containers in one engine, as the JSON file says, and prints what became of each, what they logged\n"
    "and where they faulted. docs/SCENARIO.md describes the file.\n"
    "\n"
    "      --scenario FILE  containers, and what is done to them when\n"
    "      --on BOARD       linux (a process on this machine), which is the default, or emulated by QEMU: mps2-an386\n"
    "                       (Cortex-M4) or rv32-virt (RV32)\n"
    "      --trace FILE     write a trace for Perfetto and other readers of the Trace Event Format\n"
    "      --json           print one JSON object\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 everything was installed, whatever became of it; 1 something was not, or there is a mistake in the\n"
    "file; 2 wrong usage.\n";

struct arguments {
    const char *path, *board, *trace;
    bool json, help;
};

enum { OPTION_SCENARIO = 256, OPTION_ON, OPTION_TRACE, OPTION_JSON };

static const struct option options[] = {
    {"scenario", optional_argument, NULL, OPTION_SCENARIO},
    {"on", required_argument, NULL, OPTION_ON},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

bool atto_scenario_is_asked(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--scenario") == 0 || strncmp(argv[i], "--scenario=", 11) == 0)
            return true;
    }
    return false;
}

static bool take_option(int option, struct arguments *arguments)
{
    switch (option) {
    case OPTION_SCENARIO:
        if (optarg != NULL)
            arguments->path = optarg;
        return true;
    case OPTION_ON:
        arguments->board = optarg;
        return strcmp(optarg, "linux") == 0 || atto_run_is_board(optarg);
    case OPTION_TRACE:
        arguments->trace = optarg;
        return true;
    case OPTION_JSON:
        arguments->json = true;
        return true;
    case 'h':
        arguments->help = true;
        return true;
    default:
        return false;
    }
}

/* The file may be `--scenario`'s own argument or stand anywhere: both are read alike. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
    int option;

    *arguments = (struct arguments){.board = "linux"};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (!take_option(option, arguments))
            return false;
    }
    if (arguments->help)
        return true;
    if (arguments->path == NULL)
        return atto_parse_file(argc, argv, optind, &arguments->path);
    if (optind < argc)
        atto_report("one file at a time: '%s' is too many", argv[optind]);
    return optind == argc;
}

static int run(const struct arguments *arguments, const struct atto_scenario *scenario)
{
    struct atto_scenario_result result;
    int status = ATTO_EXIT_REFUSED;

    if (atto_scenario_run(scenario, arguments->board, &result)) {
        if (arguments->json)
            atto_scenario_print_json(scenario, &result);
        else
            atto_scenario_print(scenario, &result);
        if (atto_scenario_all_installed(&result))
            status = ATTO_EXIT_FINE;
        if (arguments->trace != NULL && !atto_scenario_trace_write(scenario, &result, arguments->trace))
            status = ATTO_EXIT_REFUSED;
    }
    atto_scenario_result_free(&result);
    return status;
}

int atto_command_scenario(int argc, char **argv)
{
    struct atto_scenario *scenario;
    struct arguments arguments;
    int status = ATTO_EXIT_REFUSED;

    if (!read_arguments(argc, argv, &arguments))
        return atto_wrong_usage("atto run --scenario");
    if (arguments.help) {
        fputs(usage, stdout);
        return ATTO_EXIT_FINE;
    }
    scenario = atto_alloc(1, sizeof *scenario);
    if (atto_scenario_read(scenario, arguments.path))
        status = run(&arguments, scenario);
    atto_scenario_free(scenario);
    free(scenario);
    return status;
}
