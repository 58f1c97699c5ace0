/* A linked program: what goes into an image, with everything that is known about it. link.c makes it from objects,
 * functions.c works out its function table, image_write.c writes it down.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CLI_PROGRAM_H
#define ATTO_CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "lines.h"
#include "object.h"

struct atto_program_function {
    const char *name;            /* "?" if the object has none for it */
    const char *path;            /* of the object it comes from */
    uint32_t start, end;         /* slots */
    uint32_t frame_bytes;        /* 0 while not known */
    uint32_t stack_bytes, depth; /* as they stand in the function table; 0 while not known */
};

/* A piece of text that came from one section of one object. */
struct atto_program_piece {
    const char *path, *section;
    uint32_t start; /* slot */
};

struct atto_program {
    struct atto_buffer text, rodata, data;
    uint32_t bss_bytes;
    struct atto_program_function *functions; /* ascending by start; every slot belongs to one */
    size_t function_count;
    struct atto_program_piece *pieces; /* ascending by start */
    size_t piece_count;
    struct atto_lines lines;
    struct atto_object **objects; /* not owned */
    size_t object_count;
};

/* One instruction of a text, taken apart. */
struct atto_slot {
    uint8_t opcode, dst, src;
    int16_t offset;
    int32_t imm;
};
struct atto_slot atto_slot_read(const uint8_t *text, uint32_t slot);

/* How many slots the instruction takes: 2 for the wide ones, else 1. */
uint32_t atto_slot_width(uint8_t opcode);

/* Links objects. They must stay open as long as the program is in use. roots: functions that are needed, with all that
 * they refer to; NULL: all global ones. Reports whatever cannot be linked, as many problems as it can find, and returns
 * false if there was one. */
bool atto_link(struct atto_object **objects, size_t object_count, char *const *roots, size_t root_count,
               struct atto_program *program);

/* Puts guest addresses and distances of calls in place of relocations, once link.c has laid everything out. Reports
 * what cannot be resolved or expressed. */
void atto_relocate(struct atto_program *program);

void atto_program_free(struct atto_program *program);

/* Fills in frame, stack and depth of all functions and the frame sizes in local calls. Reports and returns false. */
bool atto_functions_work_out(struct atto_program *program);

/* The function that a slot belongs to; NULL behind the end. */
struct atto_program_function *atto_program_function_at(const struct atto_program *program, uint32_t slot);

/* Finds the slot of a global function. Returns false if there is none of that name. */
bool atto_program_find(const struct atto_program *program, const char *name, uint32_t *slot);

/* Reports something about one instruction: "file:line: message (section, instruction)". */
void atto_program_report(const struct atto_program *program, uint32_t slot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
