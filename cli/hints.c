/* Hints for authors, see hints.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hints.h"

#include <stddef.h>
#include <string.h>

struct hint {
    const char *pattern, *sentence;
};

static const struct hint symbol_hints[] = {
    {"memcpy", "include <atto.h>, which has it"},
    {"memset", "include <atto.h>, which has it"},
    {"memmove", "include <atto.h>, which has it"},
    {"memcmp", "include <atto.h>, which has it"},
    {"strlen", "include <atto.h>, which has it"},
    {"malloc", "containers have no heap; use static variables"},
    {"calloc", "containers have no heap; use static variables"},
    {"free", "containers have no heap; use static variables"},
    {"_Znwm", "containers have no heap, so C++ new is not available; use static variables"},
    {"_ZdlPv", "containers have no heap, so C++ delete and virtual destructors are not available"},
    {"_ZdlPvm", "containers have no heap, so C++ delete and virtual destructors are not available"},
    {"__cxa_pure_virtual", "virtual functions are not supported"},
    {"__cxa_atexit", "global objects with a destructor are not supported"},
    {"printf", "containers have no standard output; use atto_log() of <atto.h>"},
    {"puts", "containers have no standard output; use atto_log() of <atto.h>"},
    {"abort", "end with a result that says what went wrong"},
    {"setjmp", "jumps out of functions are not supported"},
    {"longjmp", "jumps out of functions are not supported"},
};

/* Looked for in this order, so the particular comes before the general. */
static const struct hint compiler_hints[] = {
    {"stack limit of 512 bytes", "the variables of one function take at most 512 bytes; make large ones static"},
    {"too many args", "functions take at most 5 arguments; pass a pointer to a struct"},
    {"VarArgs or StructRet", "functions cannot have a variable number of arguments, nor return a struct of more than "
                             "16 bytes; pass a pointer"},
    {"pass by value", "a struct of more than 16 bytes cannot be an argument; pass a pointer"},
    {"only small returns supported", "128-bit numbers are not supported"},
    {"built-in function 'mem", "copy or clear large objects with memcpy() or memset() of <atto.h>"},
    {"built-in function '__multi3'", "128-bit numbers are not supported, nor is the check of a 64-bit product for "
                                     "overflow, which needs them"},
    {"ti3'", "128-bit numbers are not supported"},
    {"built-in function '__atomic", "atomic operations exist for 4 and 8 bytes alone"},
    {"built-in function 'abort'", "end with a result that says what went wrong"},
    {"built-in function '__", "containers have no floating point, and no run-time library of the compiler"},
    {"dynamic stack allocation", "arrays on the stack need a constant size"},
    {"Unsupported atomic operation", "atomic operations exist for 4 and 8 bytes alone"},
    {"express 'AtomicLoad'", "there are no atomic loads; use __atomic_fetch_add(&x, 0, ...), or volatile"},
    {"express 'AtomicStore'", "there are no atomic stores; use __atomic_exchange_n(), or volatile"},
    {"express 'Atomic", "atomic operations are add, and, or, xor, exchange and compare-and-exchange"},
    {"express 'brind'", "a goto needs a label; use switch"},
    {"fails to compile this", "this may be a built-in function that eBPF lacks, such as __builtin_return_address()"},
    {"undeclared identifier 'HANDLE_", "each of the \"rights\" in the JSON file has such a macro"},
    {"'atto.h' file not found", "set ATTO_SDK to the directory of the guest SDK"},
    {"'stdio.h' file not found", "containers have no C library; <atto.h> has what there is"},
    {"'stdlib.h' file not found", "containers have no C library; <atto.h> has what there is"},
    {"'string.h' file not found", "containers have no C library; <atto.h> has memcpy, memset, memcmp and strlen"},
    {"'bits/libc-header-start.h' file not found", "containers have no C library; <atto.h> has what there is"},
    {"'gnu/stubs-32.h' file not found", "containers have no C library; <atto.h> has what there is"},
};

const char *atto_hint_symbol(const char *name)
{
    for (size_t i = 0; i < sizeof symbol_hints / sizeof symbol_hints[0]; i++) {
        if (strcmp(symbol_hints[i].pattern, name) == 0)
            return symbol_hints[i].sentence;
    }
    return strncmp(name, "_Z", 2) == 0 ? "functions shared by C and C++ files need extern \"C\"" : NULL;
}

const char *atto_hint_compiler(const char *line)
{
    for (size_t i = 0; i < sizeof compiler_hints / sizeof compiler_hints[0]; i++) {
        if (strstr(line, compiler_hints[i].pattern) != NULL)
            return compiler_hints[i].sentence;
    }
    return NULL;
}
