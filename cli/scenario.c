/* `atto run --scenario`: runs several containers in one engine, as a file says, and shows what became of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "firmware.h"
#include "report.h"

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
    "Exit status: 0 everything was installed, whatever became of it; 1 something was not, or there is a mistake in\n"
    "the file; 2 wrong usage.\n";

struct arguments {
    const char *path, *board, *trace;
    bool json;
};

bool atto_scenario_is_asked(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--scenario") == 0 || strncmp(argv[i], "--scenario=", 11) == 0)
            return true;
    }
    return false;
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

/* The file may be `--scenario`'s own argument or stand anywhere: both are read alike. */
int atto_command_scenario(int argc, char **argv)
{
    static char title[] = "atto run --scenario";
    struct arguments arguments = {.board = "linux"};
    const struct atto_option options[] = {
        {"scenario", .optional = &arguments.path},
        {"on", .text = &arguments.board},
        {"trace", .text = &arguments.trace},
        {"json", .flag = &arguments.json},
        {0},
    };
    struct atto_scenario *scenario;
    int status = ATTO_EXIT_REFUSED;

    argv[0] = title;
    if (!atto_options_read(argc, argv, usage, options, &status))
        return status;
    if ((strcmp(arguments.board, "linux") != 0 && !atto_firmware_is_board(arguments.board)) ||
        !atto_take_file(argc, argv, &arguments.path))
        return atto_wrong_usage(title);
    scenario = atto_alloc(1, sizeof *scenario);
    if (atto_scenario_read(scenario, arguments.path))
        status = run(&arguments, scenario);
    atto_scenario_free(scenario);
    free(scenario);
    return status;
}
