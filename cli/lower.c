/* Lowering, see lower.h. A signed division becomes one instruction, written by an assembler macro as bytes because
 * the assembler does not know it by name; the register allocator chooses its registers. Debug locations stay.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "lower.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* The macro: opcode, registers by name (r3 or w3), constant. An offset of 1 is what makes a division a signed one. */
#define IF_REGISTER(argument, letter, symbol)                                 \
    "module asm \".ifc \\5C" argument "," letter "\\5Cn\"\n"                  \
    "module asm \".set .Latto_" symbol ", \\5Cn\"\n"                          \
    "module asm \".endif\"\n"
static const char macro[] =
    "module asm \".macro atto_signed opcode, dst, src, imm\"\n"
    "module asm \".irp n,0,1,2,3,4,5,6,7,8,9,10\"\n"
    IF_REGISTER("dst", "r", "dst")
    IF_REGISTER("dst", "w", "dst")
    IF_REGISTER("src", "r", "src")
    IF_REGISTER("src", "w", "src")
    "module asm \".endr\"\n"
    "module asm \".byte \\5Copcode, .Latto_src << 4 | .Latto_dst, 1, 0\"\n"
    "module asm \".4byte \\5Cimm\"\n"
    "module asm \".endm\"\n";

/* RFC 9669 section 4.1. The operand comes from a register (X) or is a constant (K). */
enum { CLASS_ALU = 0x04, CLASS_ALU64 = 0x07, SOURCE_X = 0x08, CODE_DIV = 0x30, CODE_MOD = 0x90 };

#define POPULATION "@llvm.ctpop.i64(i64"

/* A part of a line. */
struct piece {
    const char *at;
    int len; /* as printf wants it */
};

/* What an instruction is about, by its text. */
struct insn {
    struct piece result, type, left, right;
    struct piece location; /* ", !dbg !N", or nothing */
    unsigned bits, lane_count; /* of the type; lane_count 0: not a vector */
    bool remainder;
};

struct lowering {
    struct atto_buffer *out;
    enum atto_lower_stage stage;
    unsigned temporaries; /* made so far; their names contain this */
    bool needs_macro, needs_population;
};

static void emit(struct lowering *lowering, const char *format, ...) ATTO_PRINTF(2, 3);
static void emit(struct lowering *lowering, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int len;

    va_start(arguments, format);
    len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len > 0)
        atto_buffer_put(lowering->out, text, (size_t)len);
    free(text);
}

static bool skip(const char **at, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Takes a type or an operand: up to a blank, comma or the end of the line outside of all brackets and quotes. An
 * operand that is an expression has blanks; `blanks` lets them be. */
static struct piece take(const char **at, bool blanks)
{
    struct piece piece = {*at, 0};
    bool quoted = false;
    int depth = 0;

    for (; **at != '\0' && **at != '\n'; (*at)++) {
        char c = **at;

        if (c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        if (depth == 0 && (c == ',' || c == ')' || (c == ' ' && !blanks)))
            break;
        depth += strchr("(<[{", c) != NULL;
        depth -= strchr(")>]}", c) != NULL;
    }
    piece.len = (int)(*at - piece.at);
    return piece;
}

/* "iN" or "<K x iN>". */
static bool read_type(struct insn *insn)
{
    unsigned lane_count = 0, bits = 0;
    int used = 0;
    char *type = atto_format("%.*s", insn->type.len, insn->type.at);
    bool fine = (sscanf(type, "i%u%n", &bits, &used) == 1 && used == insn->type.len) ||
                (sscanf(type, "<%u x i%u>%n", &lane_count, &bits, &used) == 2 && used == insn->type.len);

    free(type);
    insn->bits = bits;
    insn->lane_count = lane_count;
    return fine && bits > 0 && bits <= 64;
}

static void read_location(const char *rest, struct insn *insn)
{
    size_t len = strcspn(rest, "\n");
    const char *found = memmem(rest, len, ", !dbg !", 8);

    insn->location = (struct piece){found, 0};
    if (found != NULL)
        insn->location.len = (int)(8 + strspn(found + 8, "0123456789"));
}

static bool read_constant(struct piece operand, long long *value)
{
    char *text = atto_format("%.*s", operand.len, operand.at);
    char *end;
    bool fine;

    errno = 0;
    *value = strtoll(text, &end, 10);
    fine = end != text && *end == '\0' && errno == 0;
    free(text);
    return fine;
}

static struct piece piece_of(const char *text)
{
    return (struct piece){text, (int)strlen(text)};
}

/* %atto.N, a name that no compiler gives. Owned by the caller. */
static char *new_name(struct lowering *lowering)
{
    return atto_format("%%atto.%u", lowering->temporaries++);
}

/* One division of 32 or 64 bits. */
static void emit_division(struct lowering *lowering, const struct insn *insn)
{
    unsigned opcode = (insn->bits == 32 ? CLASS_ALU : CLASS_ALU64) | (insn->remainder ? CODE_MOD : CODE_DIV);
    char reg = insn->bits == 32 ? 'w' : 'r';
    long long constant;

    lowering->needs_macro = true;
    emit(lowering, "  %.*s = call i%u asm \"atto_signed ", insn->result.len, insn->result.at, insn->bits);
    if (read_constant(insn->right, &constant) && constant >= INT32_MIN && constant <= INT32_MAX)
        emit(lowering, "0x%02x, $0, r0, %lld\", \"=%c,0\"(i%u %.*s)", opcode, constant, reg, insn->bits,
             insn->left.len, insn->left.at);
    else
        emit(lowering, "0x%02x, $0, $2, 0\", \"=%c,0,%c\"(i%u %.*s, i%u %.*s)", opcode | SOURCE_X, reg, reg, insn->bits,
             insn->left.len, insn->left.at, insn->bits, insn->right.len, insn->right.at);
    emit(lowering, " nounwind readnone willreturn%.*s\n", insn->location.len, insn->location.at);
}

/* Widens an operand; a constant needs no widening. */
static char *widen(struct lowering *lowering, const struct insn *insn, struct piece operand, unsigned bits)
{
    long long constant;
    char *name;

    if (read_constant(operand, &constant))
        return atto_format("%lld", constant);
    name = new_name(lowering);
    emit(lowering, "  %s = sext i%u %.*s to i%u%.*s\n", name, insn->bits, operand.len, operand.at, bits,
         insn->location.len, insn->location.at);
    return name;
}

/* Any width up to 64: there are instructions for 32 and 64. */
static void divide_scalar(struct lowering *lowering, const struct insn *insn)
{
    struct insn wide = *insn;
    char *left, *right, *result;

    if (insn->bits == 32 || insn->bits == 64) {
        emit_division(lowering, insn);
        return;
    }
    wide.bits = insn->bits < 32 ? 32 : 64;
    left = widen(lowering, insn, insn->left, wide.bits);
    right = widen(lowering, insn, insn->right, wide.bits);
    result = new_name(lowering);
    wide.left = piece_of(left);
    wide.right = piece_of(right);
    wide.result = piece_of(result);
    emit_division(lowering, &wide);
    emit(lowering, "  %.*s = trunc i%u %s to i%u%.*s\n", insn->result.len, insn->result.at, wide.bits, result,
         insn->bits, insn->location.len, insn->location.at);
    free(left);
    free(right);
    free(result);
}

/* There are no vector registers, so lanes are divided one by one. */
static void divide_lanes(struct lowering *lowering, const struct insn *insn)
{
    char *whole = atto_copy_string("undef");

    for (unsigned i = 0; i < insn->lane_count; i++) {
        char *left = new_name(lowering), *right = new_name(lowering), *quotient = new_name(lowering);
        char *next = i + 1 < insn->lane_count ? new_name(lowering)
                                              : atto_format("%.*s", insn->result.len, insn->result.at);
        struct insn lane = *insn;

        emit(lowering, "  %s = extractelement %.*s %.*s, i32 %u\n", left, insn->type.len, insn->type.at,
             insn->left.len, insn->left.at, i);
        emit(lowering, "  %s = extractelement %.*s %.*s, i32 %u\n", right, insn->type.len, insn->type.at,
             insn->right.len, insn->right.at, i);
        lane.left = piece_of(left);
        lane.right = piece_of(right);
        lane.result = piece_of(quotient);
        divide_scalar(lowering, &lane);
        emit(lowering, "  %s = insertelement %.*s %s, i%u %s, i32 %u\n", next, insn->type.len, insn->type.at, whole,
             insn->bits, quotient, i);
        free(left);
        free(right);
        free(quotient);
        free(whole);
        whole = next;
    }
    free(whole);
}

/* sdiv or srem: "TYPE LEFT, RIGHT[, !dbg !N]". Returns false if it is to stay. */
static bool lower_division(struct lowering *lowering, struct insn *insn, const char *at)
{
    long long constant;

    skip(&at, "exact ");
    insn->type = take(&at, false);
    if (!skip(&at, " "))
        return false;
    insn->left = take(&at, true);
    if (!skip(&at, ", "))
        return false;
    insn->right = take(&at, true);
    read_location(at, insn);
    if (!read_type(insn))
        return false;
    if (lowering->stage == ATTO_LOWER_BEFORE && read_constant(insn->right, &constant) && constant != 0 &&
        constant != -1)
        return false;
    if (insn->lane_count == 0)
        divide_scalar(lowering, insn);
    else
        divide_lanes(lowering, insn);
    return true;
}

/* Trailing zeros are the ones of ~x & (x - 1); leading zeros those of ~x once every bit below a one is one. Both come
 * out right for x = 0. */
static void count_zeros(struct lowering *lowering, const struct insn *insn, bool leading)
{
    unsigned first = lowering->temporaries, at = first; /* %atto.N holds what there is so far */
    int len = insn->location.len;
    const char *location = insn->location.at;

    emit(lowering, "  %%atto.%u = or i%u %.*s, 0%.*s\n", at, insn->bits, insn->left.len, insn->left.at, len, location);
    for (unsigned distance = 1; leading && distance < insn->bits; distance *= 2, at += 2) {
        emit(lowering, "  %%atto.%u = lshr i%u %%atto.%u, %u%.*s\n", at + 1, insn->bits, at, distance, len, location);
        emit(lowering, "  %%atto.%u = or i%u %%atto.%u, %%atto.%u%.*s\n", at + 2, insn->bits, at, at + 1, len,
             location);
    }
    emit(lowering, "  %%atto.%u = xor i%u %%atto.%u, -1%.*s\n", at + 1, insn->bits, at, len, location);
    if (!leading) {
        emit(lowering, "  %%atto.%u = add i%u %%atto.%u, -1%.*s\n", at + 2, insn->bits, at, len, location);
        emit(lowering, "  %%atto.%u = and i%u %%atto.%u, %%atto.%u%.*s\n", at + 3, insn->bits, at + 1, at + 2, len,
             location);
        at += 2;
    }
    at++;
    if (insn->bits < 64) {
        emit(lowering, "  %%atto.%u = zext i%u %%atto.%u to i64%.*s\n", at + 1, insn->bits, at, len, location);
        emit(lowering, "  %%atto.%u = call i64 " POPULATION " %%atto.%u)%.*s\n", at + 2, at + 1, len, location);
        emit(lowering, "  %.*s = trunc i64 %%atto.%u to i%u%.*s\n", insn->result.len, insn->result.at, at + 2,
             insn->bits, len, location);
    } else {
        emit(lowering, "  %.*s = call i64 " POPULATION " %%atto.%u)%.*s\n", insn->result.len, insn->result.at, at, len,
             location);
    }
    lowering->temporaries = at + 3;
    lowering->needs_population = true;
}

/* "call iN @llvm.ctlz.iN(iN X, i1 Y)..." or cttz. Returns false if it is something else. */
static bool lower_call(struct lowering *lowering, struct insn *insn, const char *at)
{
    bool leading;

    if (lowering->stage == ATTO_LOWER_BEFORE)
        return false;
    insn->type = take(&at, false);
    leading = skip(&at, " @llvm.ctlz.i");
    if (!leading && !skip(&at, " @llvm.cttz.i"))
        return false;
    at += strspn(at, "0123456789");
    if (!skip(&at, "(") || !read_type(insn) || insn->lane_count != 0)
        return false;
    take(&at, false);
    if (!skip(&at, " "))
        return false;
    insn->left = take(&at, true);
    read_location(at, insn);
    count_zeros(lowering, insn, leading);
    return true;
}

/* Returns false if the line is to be copied. */
static bool lower_line(struct lowering *lowering, const char *line)
{
    const char *at = line;
    struct insn insn = {.result = {NULL, 0}};

    if (!skip(&at, "  %"))
        return false;
    at--;
    insn.result = take(&at, false);
    if (!skip(&at, " = "))
        return false;
    insn.remainder = skip(&at, "srem ");
    if (insn.remainder || skip(&at, "sdiv "))
        return lower_division(lowering, &insn, at);
    if (!skip(&at, "tail "))
        skip(&at, "notail ");
    return skip(&at, "call ") && lower_call(lowering, &insn, at);
}

void atto_lower(const struct atto_buffer *module, enum atto_lower_stage stage, struct atto_buffer *lowered)
{
    char *text = atto_format("%.*s", (int)module->len, (const char *)module->bytes);
    /* Temporaries of an earlier stage have names too. */
    unsigned first = stage == ATTO_LOWER_BEFORE ? 0 : 1000000;
    struct lowering lowering = {lowered, stage, first, false, false};
    const char *line = text;

    while (*line != '\0') {
        size_t len = strcspn(line, "\n");

        len += line[len] == '\n';
        if (!lower_line(&lowering, line))
            atto_buffer_put(lowered, line, len);
        line += len;
    }
    if (lowering.needs_macro && strstr(text, ".macro atto_signed ") == NULL)
        atto_buffer_put(lowered, macro, sizeof macro - 1);
    if (lowering.needs_population && strstr(text, "declare i64 " POPULATION) == NULL)
        emit(&lowering, "declare i64 " POPULATION ")\n");
    free(text);
}
