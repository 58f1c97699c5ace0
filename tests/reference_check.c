/* The second telling of the pre-flight check; see reference_check.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "reference_check.h"

#include <string.h>

/* The forms of RFC 9669: opcode, then what destination, source, offset and immediate may hold.
 * 0 nothing; r a register; w a register that is written; * anything; s 0 or 1; m 0, 8 or 16; M 0, 8, 16 or 32;
 * e 16, 32 or 64; j a jump's distance; c a call's source; a an atomic operation and, as source, its operand;
 * f the frame size of a local call. */
#define BINARY(code, k, x) { 0x07 | (code), "w0" k }, { 0x0f | (code), "wr" x }, { 0x04 | (code), "w0" k }, \
                           { 0x0c | (code), "wr" x }
#define CONDITION(code) { 0x05 | (code), "r0j*" }, { 0x0d | (code), "rrj0" }, { 0x06 | (code), "r0j*" }, \
                        { 0x0e | (code), "rrj0" }
static const struct {
    uint8_t opcode;
    const char *fields;
} forms[] = {
    BINARY(0x00, "0*", "00"), BINARY(0x10, "0*", "00"), BINARY(0x20, "0*", "00"), BINARY(0x30, "s*", "s0"),
    BINARY(0x40, "0*", "00"), BINARY(0x50, "0*", "00"), BINARY(0x60, "0*", "00"), BINARY(0x70, "0*", "00"),
    BINARY(0x90, "s*", "s0"), BINARY(0xa0, "0*", "00"), BINARY(0xc0, "0*", "00"),
    { 0xb7, "w00*" }, { 0xb4, "w00*" }, { 0xbf, "wrM0" }, { 0xbc, "wrm0" },
    { 0x87, "w000" }, { 0x84, "w000" }, { 0xd4, "w00e" }, { 0xdc, "w00e" }, { 0xd7, "w00e" },
    CONDITION(0x10), CONDITION(0x20), CONDITION(0x30), CONDITION(0x40), CONDITION(0x50), CONDITION(0x60),
    CONDITION(0x70), CONDITION(0xa0), CONDITION(0xb0), CONDITION(0xc0), CONDITION(0xd0),
    { 0x05, "00j0" }, { 0x06, "000j" }, { 0x85, "0cf*" }, { 0x95, "0000" },
    { 0x61, "wr*0" }, { 0x69, "wr*0" }, { 0x71, "wr*0" }, { 0x79, "wr*0" },
    { 0x81, "wr*0" }, { 0x89, "wr*0" }, { 0x91, "wr*0" },
    { 0x62, "r0**" }, { 0x6a, "r0**" }, { 0x72, "r0**" }, { 0x7a, "r0**" },
    { 0x63, "rr*0" }, { 0x6b, "rr*0" }, { 0x73, "rr*0" }, { 0x7b, "rr*0" },
    { 0xc3, "ra*a" }, { 0xdb, "ra*a" }, { 0x18, "w00*" }, { 0xb8, "w00*" }, { 0xd8, "w00*" },
};

struct slot {
    uint32_t opcode, dst, src;
    int32_t offset;
    int64_t imm;
    uint32_t function; /* number of the one it is in */
    bool second_half;
};

struct function {
    int64_t start, end;
    uint32_t frame, stack, depth;
};

static struct slot slots[REFERENCE_SLOTS_MAX];
static struct function functions[REFERENCE_SLOTS_MAX];
static int64_t slot_count;
static uint32_t frame_max;

static uint32_t u16(const uint8_t *at)
{
    return at[0] + 256u * at[1];
}

static bool is_wide(const struct reference_program *p, uint32_t opcode)
{
    return opcode == 0x18u || (p->femto && (opcode == 0xb8u || opcode == 0xd8u));
}

/* Reads the text from its beginning, instruction by instruction. */
static bool read_text(const struct reference_program *p)
{
    if (p->text_bytes == 0 || p->text_bytes % 8u != 0 || p->text_bytes / 8u > REFERENCE_SLOTS_MAX)
        return false;
    slot_count = p->text_bytes / 8u;
    for (int64_t i = 0; i < slot_count; i++) {
        const uint8_t *b = p->text + 8 * i;
        slots[i] = (struct slot){ .opcode = b[0], .dst = b[1] % 16u, .src = b[1] / 16u,
                                  .offset = (int16_t)u16(b + 2), .imm = (int32_t)(u16(b + 4) + 65536u * u16(b + 6)) };
    }
    for (int64_t i = 0; i < slot_count; i++) {
        if (!is_wide(p, slots[i].opcode))
            continue;
        if (++i == slot_count)
            return false;
        slots[i].second_half = true;
    }
    return true;
}

static bool read_functions(const struct reference_program *p)
{
    frame_max = 0;
    functions[0] = (struct function){ 0, slot_count, 512, 512 * p->depth_max, p->depth_max };
    for (uint32_t i = 0; i < p->function_count; i++) {
        const uint8_t *record = p->functions + 8u * i;
        struct function *f = &functions[i];
        *f = (struct function){ u16(record), slot_count, u16(record + 2), u16(record + 4), record[6] };
        if (i == 0 ? f->start != 0 : f->start <= f[-1].start)
            return false;
        if (f->start >= slot_count || slots[f->start].second_half)
            return false;
        if (i != 0)
            f[-1].end = f->start;
        if (f->frame < 8u || f->frame > 512u || f->frame % 8u != 0 || f->stack % 8u != 0 || f->stack < f->frame ||
            f->depth < 1u || f->depth > p->depth_max)
            return false;
        if (f->frame > frame_max)
            frame_max = f->frame;
    }
    for (uint32_t i = 0; i < p->function_count || i == 0; i++)
        for (int64_t k = functions[i].start; k < functions[i].end; k++)
            slots[k].function = i;
    return true;
}

static bool is_atomic_operation(const struct slot *s)
{
    static const int32_t operations[] = { 0x00, 0x40, 0x50, 0xa0, 0xf1, 0x01, 0x41, 0x51, 0xa1, 0xe1 };
    for (uint32_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (s->imm == operations[i])
            return s->src <= (i < 5u ? 10u : 9u); /* the last five write their source */
    return false;
}

static bool field_is(char kind, int64_t value)
{
    switch (kind) {
    case '0':
        return value == 0;
    case 'r':
        return value <= 10;
    case 'w':
        return value <= 9;
    case 's':
        return value == 0 || value == 1;
    case 'm':
        return value == 0 || value == 8 || value == 16;
    case 'M':
        return value == 0 || value == 8 || value == 16 || value == 32;
    case 'e':
        return value == 16 || value == 32 || value == 64;
    default:
        return true; /* depends on more than the field */
    }
}

static const char *fields_of(const struct reference_program *p, uint32_t opcode)
{
    if ((opcode == 0xb8u || opcode == 0xd8u) && !p->femto)
        return NULL;
    for (uint32_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].opcode == opcode)
            return forms[i].fields;
    return NULL;
}

/* Does a jump or call lead to an instruction between two slots? */
static bool leads_to(int64_t target, int64_t begin, int64_t end)
{
    return target >= begin && target < end && !slots[target].second_half;
}

static bool call_is_good(const struct reference_program *p, int64_t at)
{
    const struct slot *s = &slots[at];
    const struct function *caller = &functions[s->function];
    int64_t target = at + 1 + s->imm;
    if (s->src == 0)
        return s->offset == 0 && s->imm >= 0 && p->has_call((uint32_t)s->imm);
    if (s->src != 1u || !leads_to(target, 0, slot_count))
        return false;
    if (p->function_count == 0)
        return s->offset == 0;
    const struct function *callee = &functions[slots[target].function];
    if (callee->start != target || s->offset != (int32_t)caller->frame)
        return false;
    if (caller->depth == p->depth_max)
        return caller->stack >= p->depth_max * frame_max;
    return caller->depth > callee->depth && caller->stack >= caller->frame + callee->stack;
}

static bool instruction_is_good(const struct reference_program *p, int64_t at)
{
    const struct slot *s = &slots[at];
    const struct function *f = &functions[s->function];
    const char *fields = fields_of(p, s->opcode);
    if (fields == NULL || s->dst > 10u || s->src > 10u)
        return false;
    if (!field_is(fields[0], s->dst) || !field_is(fields[1], s->src) || !field_is(fields[2], s->offset) ||
        !field_is(fields[3], s->imm))
        return false;
    if (fields[3] == 'a' && !is_atomic_operation(s))
        return false;
    if (fields[2] == 'j' && !leads_to(at + 1 + s->offset, f->start, f->end))
        return false;
    if (fields[3] == 'j' && !leads_to(at + 1 + s->imm, f->start, f->end))
        return false;
    if (s->opcode == 0x85u && !call_is_good(p, at))
        return false;
    int64_t next = at + 1;
    if (is_wide(p, s->opcode)) {
        const struct slot *half = &slots[next++];
        if (half->opcode != 0 || half->dst != 0 || half->src != 0 || half->offset != 0 ||
            half->function != s->function)
            return false;
    }
    bool goes_on = s->opcode != 0x95u && s->opcode != 0x05u && s->opcode != 0x06u;
    return !goes_on || next < f->end;
}

bool reference_accepts(const struct reference_program *p)
{
    if (!read_text(p) || !read_functions(p))
        return false;
    for (int64_t i = 0; i < slot_count; i++)
        if (!slots[i].second_half && !instruction_is_good(p, i))
            return false;
    return true;
}
