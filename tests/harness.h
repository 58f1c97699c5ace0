/* The harness of all test programs, on Linux and on the emulated boards. A test is a function and a sentence that says
 * what it proves; it prints one line, `ok NAME`, `not ok NAME: file:line: reason` or `skip NAME: reason`, and the
 * program ends with the number of failures. Only the first failure of a test is told.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

struct harness_test {
    const char *name;
    const char *proves;
    void (*body)(void);
};
#define TEST(function, sentence) { #function, sentence, function }

/* The emulated boards are slower than Linux by a factor of about twenty, so they get smaller sets. */
#ifdef HARNESS_BOARD
#define ON_LINUX_OR_BOARD(linux_value, board_value) (board_value)
#else
#define ON_LINUX_OR_BOARD(linux_value, board_value) (linux_value)
#endif

/* The value of the argument NAME=VALUE of this program; `otherwise` if it was not given. */
const char *harness_argument(const char *name, const char *otherwise);

/* Runs the tests (those whose names begin with the argument test=, if it is given); answers the exit status. */
int harness_run(int argc, char **argv, const struct harness_test *tests, uint32_t count);

#define HARNESS_MAIN(tests)                                                                  \
    int main(int argc, char **argv)                                                          \
    {                                                                                        \
        return harness_run(argc, argv, tests, (uint32_t)(sizeof(tests) / sizeof *(tests)));  \
    }

/* Reports a failure, or that the test cannot run here. The caller returns then. */
void harness_fail(const char *file, int line, const char *reason);
void harness_fail_values(const char *file, int line, const char *reason, uint64_t is, uint64_t should);
void harness_skip(const char *reason);

/* True once this test has failed. */
bool harness_failed(void);

/* Told with a failure of the running test: which case of many it was. Two numbers, both free in meaning. */
void harness_case(uint64_t major, uint64_t minor);

/* A line for people, shown beside the results. */
void harness_note(const char *text, uint64_t value);

/* The seed of this run's random tests: fixed, unless the argument seed= names another one. */
uint64_t harness_seed(void);
/* How many rounds: `rounds`, times the argument effort= if it is given. */
uint32_t harness_rounds(uint32_t rounds);

/* How far to step through a set that is gone through whole: 1, or `quick` in the quick check (argument quick=yes). */
uint32_t harness_stride(uint32_t quick);

/* In a test's body: leave it unless the condition holds, or unless two numbers are equal. */
#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition)) {                               \
            harness_fail(__FILE__, __LINE__, #condition); \
            return;                                       \
        }                                                 \
    } while (0)
#define EQUAL(is, should)                                                                            \
    do {                                                                                             \
        uint64_t is_ = (uint64_t)(int64_t)(is), should_ = (uint64_t)(int64_t)(should);               \
        if (is_ != should_) {                                                                        \
            harness_fail_values(__FILE__, __LINE__, #is, is_, should_);                              \
            return;                                                                                  \
        }                                                                                            \
    } while (0)
/* After a function that may have failed the test. */
#define GO_ON()                \
    do {                       \
        if (harness_failed())  \
            return;            \
    } while (0)

#endif
