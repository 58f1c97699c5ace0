/* The reference model. Each function is one section of RFC 9669, in the RFC's order and words; where a shorter way
 * exists, the longer one was taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <string.h>

/* Section 3.1: the fields of a basic instruction. */
struct fields {
    uint8_t opcode;
    uint8_t dst, src;
    int16_t offset;
    int32_t imm;
};

enum class { CLASS_LD, CLASS_LDX, CLASS_ST, CLASS_STX, CLASS_ALU, CLASS_JMP, CLASS_JMP32, CLASS_ALU64 };

static struct fields decode(const struct reference *m, uint32_t slot)
{
    const uint8_t *b = m->text + 8u * (size_t)slot;
    struct fields f;
    f.opcode = b[0];
    f.dst = (uint8_t)(b[1] % 16u);
    f.src = (uint8_t)(b[1] / 16u);
    f.offset = (int16_t)(uint16_t)(b[2] + 256u * b[3]);
    f.imm = (int32_t)((uint32_t)b[4] + 256u * b[5] + 65536u * b[6] + 16777216u * b[7]);
    return f;
}

static uint64_t sign_extend(uint64_t value, uint32_t bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1u);
    if (bits < 64u)
        value %= (uint64_t)1 << bits;
    return (value & sign) == 0 ? value : value - sign - sign;
}

static bool is_negative(uint64_t value)
{
    return value >> 63 != 0;
}

/* a < b, both read as signed. */
static bool signed_less(uint64_t a, uint64_t b)
{
    if (is_negative(a) != is_negative(b))
        return is_negative(a);
    return a < b;
}

/* Division of signed numbers that rounds towards zero; the lowest number over -1 wraps to itself. */
static uint64_t divide_signed(uint64_t a, uint64_t b)
{
    uint64_t size_a = is_negative(a) ? 0u - a : a;
    uint64_t size_b = is_negative(b) ? 0u - b : b;
    uint64_t quotient = size_a / size_b;
    return is_negative(a) != is_negative(b) ? 0u - quotient : quotient;
}

static uint64_t shift_right_signed(uint64_t value, uint32_t count)
{
    while (count-- > 0)
        value = value / 2u + (is_negative(value) ? (uint64_t)1 << 63 : 0u);
    return value;
}

/* Section 4.1, arithmetic on `bits` bits. a and b are zero-extended from that width; so must be what comes back.
 * Returns false for an encoding that the RFC does not define. */
static bool arithmetic(const struct fields *f, uint32_t bits, uint64_t a, uint64_t b, uint64_t *result)
{
    uint64_t signed_a = sign_extend(a, bits), signed_b = sign_extend(b, bits);
    uint32_t operation = f->opcode / 16u;
    bool is_signed = f->offset == 1;
    bool offset_used = operation == 3u || operation == 9u || operation == 11u;
    if (f->offset != 0 && !offset_used)
        return false;
    switch (operation) {
    case 0: *result = a + b; return true;
    case 1: *result = a - b; return true;
    case 2: *result = a * b; return true;
    case 3:
        if (f->offset != 0 && f->offset != 1)
            return false;
        *result = b == 0 ? 0 : is_signed ? divide_signed(signed_a, signed_b) : a / b;
        return true;
    case 4: *result = a | b; return true;
    case 5: *result = a & b; return true;
    case 6: *result = a << b % bits; return true;
    case 7: *result = a >> b % bits; return true;
    case 9:
        if (f->offset != 0 && f->offset != 1)
            return false;
        if (b == 0)
            *result = a;
        else if (is_signed)
            *result = signed_a - divide_signed(signed_a, signed_b) * signed_b;
        else
            *result = a % b;
        return true;
    case 10: *result = a ^ b; return true;
    case 11:
        if (f->offset == 0)
            *result = b;
        else if (f->opcode % 16u / 8u == 1u && (f->offset == 8 || f->offset == 16 || (f->offset == 32 && bits == 64u)))
            *result = sign_extend(b, (uint32_t)f->offset);
        else
            return false;
        return true;
    case 12: *result = shift_right_signed(signed_a, (uint32_t)(b % bits)); return true;
    default: return false;
    }
}

static uint64_t reverse_bytes(uint64_t value, uint32_t bits)
{
    uint64_t reversed = 0;
    for (uint32_t i = 0; i < bits; i += 8u)
        reversed += (value >> i) % 256u << (bits - 8u - i);
    return reversed;
}

/* Section 4.2. Registers are little-endian here, so "to little endian" cuts off and "to big endian" swaps too. */
static bool byte_swap(const struct fields *f, uint64_t a, uint64_t *result)
{
    uint32_t bits = (uint32_t)f->imm;
    if ((bits != 16u && bits != 32u && bits != 64u) || f->src != 0 || f->offset != 0)
        return false;
    if (f->opcode == 0xd4)
        *result = bits == 64u ? a : a % ((uint64_t)1 << bits);
    else if (f->opcode == 0xdc || f->opcode == 0xd7)
        *result = reverse_bytes(a, bits);
    else
        return false;
    return true;
}

static enum reference_outcome step_arithmetic(struct reference *m, const struct fields *f)
{
    uint32_t bits = f->opcode % 8u == CLASS_ALU64 ? 64u : 32u;
    uint64_t mask = bits == 64u ? ~(uint64_t)0 : 0xffffffffu;
    uint64_t result;
    bool from_register = f->opcode % 16u / 8u == 1u;
    uint32_t operation = f->opcode / 16u;
    if (f->dst > 9u)
        return REFERENCE_ILLEGAL;
    if (operation == 13u) {
        if (!byte_swap(f, m->r[f->dst], &result))
            return REFERENCE_ILLEGAL;
        mask = ~(uint64_t)0;
    } else if (operation == 8u) {
        if (from_register || f->src != 0 || f->offset != 0 || f->imm != 0)
            return REFERENCE_ILLEGAL;
        result = 0u - m->r[f->dst];
    } else {
        if (from_register ? f->src > 10u || f->imm != 0 : f->src != 0)
            return REFERENCE_ILLEGAL;
        uint64_t b = from_register ? m->r[f->src] : sign_extend((uint32_t)f->imm, 32);
        if (!arithmetic(f, bits, m->r[f->dst] & mask, b & mask, &result))
            return REFERENCE_ILLEGAL;
    }
    m->r[f->dst] = result & mask;
    m->pc += 1;
    return REFERENCE_RUNNING;
}

/* Section 4.3: is the jump taken? */
static bool condition(const struct fields *f, uint64_t a, uint64_t b, uint32_t bits, bool *taken)
{
    uint64_t signed_a = sign_extend(a, bits), signed_b = sign_extend(b, bits);
    switch (f->opcode / 16u) {
    case 1: *taken = a == b; return true;
    case 2: *taken = a > b; return true;
    case 3: *taken = a >= b; return true;
    case 4: *taken = (a & b) != 0; return true;
    case 5: *taken = a != b; return true;
    case 6: *taken = signed_less(signed_b, signed_a); return true;
    case 7: *taken = !signed_less(signed_a, signed_b); return true;
    case 10: *taken = a < b; return true;
    case 11: *taken = a <= b; return true;
    case 12: *taken = signed_less(signed_a, signed_b); return true;
    case 13: *taken = !signed_less(signed_b, signed_a); return true;
    default: return false;
    }
}

/* Goes to a slot that is counted from the one behind the jump. */
static enum reference_outcome jump(struct reference *m, int64_t distance)
{
    int64_t target = (int64_t)m->pc + 1 + distance;
    if (target < 0 || target >= (int64_t)m->slot_count)
        return REFERENCE_ILLEGAL;
    m->pc = (uint32_t)target;
    return REFERENCE_RUNNING;
}

static const struct reference_function *function_at(const struct reference *m, uint32_t slot)
{
    const struct reference_function *found = NULL;
    for (uint32_t i = 0; i < m->function_count; i++)
        if (m->functions[i].start <= slot)
            found = &m->functions[i];
    return found;
}

/* Section 4.3.2: a local call gets a frame of its own below the caller's; r6 to r10 come back unchanged. The offset is
 * Atto's: the size of the caller's frame where a function table tells it, else 0. */
static enum reference_outcome step_local_call(struct reference *m, const struct fields *f)
{
    const struct reference_function *caller = function_at(m, m->pc);
    uint32_t frame_bytes = caller != NULL ? caller->frame_bytes : m->default_frame_bytes;
    if (f->offset != (caller != NULL ? (int32_t)frame_bytes : 0))
        return REFERENCE_ILLEGAL;
    if (m->depth + 1u >= m->depth_max)
        return REFERENCE_DEPTH_OVER;
    uint32_t at = m->pc;
    enum reference_outcome outcome = jump(m, f->imm);
    if (outcome != REFERENCE_RUNNING)
        return outcome;
    m->frame[m->depth].pc = at + 1u;
    memcpy(m->frame[m->depth].saved, &m->r[6], sizeof m->frame[m->depth].saved);
    m->depth += 1;
    m->r[10] -= frame_bytes;
    return REFERENCE_RUNNING;
}

static enum reference_outcome step_exit(struct reference *m)
{
    if (m->depth == 0)
        return REFERENCE_EXIT;
    m->depth -= 1;
    m->pc = m->frame[m->depth].pc;
    memcpy(&m->r[6], m->frame[m->depth].saved, sizeof m->frame[m->depth].saved);
    return REFERENCE_RUNNING;
}

static enum reference_outcome step_host_call(struct reference *m, const struct fields *f)
{
    if (m->call == NULL || !m->call(m, (uint32_t)f->imm))
        return REFERENCE_CALL_FAILED;
    m->pc += 1;
    return REFERENCE_RUNNING;
}

static enum reference_outcome step_jump(struct reference *m, const struct fields *f)
{
    bool wide = f->opcode % 8u == CLASS_JMP;
    bool from_register = f->opcode % 16u / 8u == 1u;
    uint32_t bits = wide ? 64u : 32u;
    bool taken;
    if (f->opcode == 0x05 || f->opcode == 0x06) {
        if (f->dst != 0 || f->src != 0 || (wide ? f->imm != 0 : f->offset != 0))
            return REFERENCE_ILLEGAL;
        return jump(m, wide ? f->offset : f->imm);
    }
    if (f->opcode == 0x85) {
        if (f->dst != 0 || f->src > 1u || (f->src == 0 && f->offset != 0))
            return REFERENCE_ILLEGAL;
        return f->src == 1u ? step_local_call(m, f) : step_host_call(m, f);
    }
    if (f->opcode == 0x95)
        return f->dst == 0 && f->src == 0 && f->offset == 0 && f->imm == 0 ? step_exit(m) : REFERENCE_ILLEGAL;
    if (f->dst > 10u || (from_register ? f->src > 10u || f->imm != 0 : f->src != 0))
        return REFERENCE_ILLEGAL;
    uint64_t a = m->r[f->dst];
    uint64_t b = from_register ? m->r[f->src] : sign_extend((uint32_t)f->imm, 32);
    if (!wide) {
        a %= (uint64_t)1 << 32;
        b %= (uint64_t)1 << 32;
    }
    if (!condition(f, a, b, bits, &taken))
        return REFERENCE_ILLEGAL;
    return jump(m, taken ? f->offset : 0);
}

uint8_t *reference_span(const struct reference *m, uint64_t address, uint32_t len, bool write)
{
    uint32_t number = (uint32_t)(address >> 28) % 16u;
    uint32_t offset = (uint32_t)(address % ((uint64_t)1 << 28));
    const struct reference_region *region = &m->region[number];
    if (number == 0 || region->ptr == NULL || (write && !region->writable))
        return NULL;
    if ((uint64_t)offset + len > region->len)
        return NULL;
    return region->ptr + offset;
}

static uint64_t read_memory(const uint8_t *at, uint32_t len)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < len; i++)
        value += (uint64_t)at[i] << 8u * i;
    return value;
}

static void write_memory(uint8_t *at, uint32_t len, uint64_t value)
{
    for (uint32_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> 8u * i);
}

/* Section 5.3. The operations are the immediate; the old value goes to src (or to r0 for compare and exchange). */
static enum reference_outcome step_atomic(struct reference *m, const struct fields *f, uint8_t *at, uint32_t len)
{
    uint64_t mask = len == 8u ? ~(uint64_t)0 : 0xffffffffu;
    uint64_t old = read_memory(at, len), operand = m->r[f->src] & mask, value;
    uint32_t operation = (uint32_t)f->imm & ~(uint32_t)1;
    bool fetch = ((uint32_t)f->imm & 1u) != 0;
    switch (operation) {
    case 0x00: value = old + operand; break;
    case 0x40: value = old | operand; break;
    case 0x50: value = old & operand; break;
    case 0xa0: value = old ^ operand; break;
    case 0xe0: value = operand; break;
    default: value = old == (m->r[0] & mask) ? operand : old; break;
    }
    write_memory(at, len, value);
    if (operation == 0xf0)
        m->r[0] = old;
    else if (fetch)
        m->r[f->src] = old;
    m->pc += 1;
    return REFERENCE_RUNNING;
}

static bool atomic_is_legal(const struct fields *f)
{
    switch ((uint32_t)f->imm) {
    case 0x00: case 0x40: case 0x50: case 0xa0:
        return f->src <= 10u;
    case 0x01: case 0x41: case 0x51: case 0xa1: case 0xe1:
        return f->src <= 9u;
    case 0xf1:
        return f->src <= 10u;
    default:
        return false;
    }
}

/* Section 5: loads and stores. Only the low 32 bits of an address count. */
static enum reference_outcome step_memory(struct reference *m, const struct fields *f)
{
    static const uint8_t bytes_of_size[4] = { 4, 2, 1, 8 };
    uint32_t kind = f->opcode % 8u, mode = f->opcode / 32u;
    uint32_t len = bytes_of_size[f->opcode / 8u % 4u];
    bool is_load = kind == CLASS_LDX, is_atomic = mode == 6u;
    bool legal = mode == 3u || (mode == 4u && is_load && len != 8u) || (is_atomic && kind == CLASS_STX && len >= 4u);
    if (!legal || f->dst > (is_load ? 9u : 10u) || f->src > 10u)
        return REFERENCE_ILLEGAL;
    if (kind == CLASS_ST ? f->src != 0 : is_atomic ? !atomic_is_legal(f) : f->imm != 0)
        return REFERENCE_ILLEGAL;
    uint32_t address = (uint32_t)(m->r[is_load ? f->src : f->dst] + (uint64_t)(int64_t)f->offset);
    uint8_t *at = reference_span(m, address, len, !is_load);
    if (at == NULL) {
        m->fault_address = address;
        return REFERENCE_MEMORY;
    }
    if (is_atomic)
        return step_atomic(m, f, at, len);
    if (is_load)
        m->r[f->dst] = mode == 4u ? sign_extend(read_memory(at, len), 8u * len) : read_memory(at, len);
    else
        write_memory(at, len, kind == CLASS_ST ? sign_extend((uint32_t)f->imm, 32) : m->r[f->src]);
    m->pc += 1;
    return REFERENCE_RUNNING;
}

/* Section 5.4, and the two wide loads of Femto-Container images that add the address of a section. */
static enum reference_outcome step_wide(struct reference *m, const struct fields *f)
{
    uint64_t base = f->opcode == 0xb8 ? 0x20000000u : f->opcode == 0xd8 ? 0x30000000u : 0u;
    if (f->opcode != 0x18 && !(m->femto && base != 0))
        return REFERENCE_ILLEGAL;
    if (f->dst > 9u || f->src != 0 || f->offset != 0 || m->pc + 1u >= m->slot_count)
        return REFERENCE_ILLEGAL;
    struct fields second = decode(m, m->pc + 1u);
    if (second.opcode != 0 || second.dst != 0 || second.src != 0 || second.offset != 0)
        return REFERENCE_ILLEGAL;
    m->r[f->dst] = base + ((uint64_t)(uint32_t)second.imm << 32) + (uint32_t)f->imm;
    m->pc += 2;
    return REFERENCE_RUNNING;
}

void reference_start(struct reference *m, uint32_t entry)
{
    const struct reference_region *context = &m->region[4];
    memset(m->r, 0, sizeof m->r);
    m->r[1] = context->ptr != NULL ? 0x40000000u : 0u;
    m->r[2] = context->ptr != NULL ? context->len : 0u;
    m->r[10] = 0x10000000u + (uint64_t)m->region[1].len;
    m->pc = entry;
    m->depth = 0;
    m->fault_address = 0;
    m->executed = 0;
}

enum reference_outcome reference_step(struct reference *m)
{
    if (m->pc >= m->slot_count)
        return REFERENCE_ILLEGAL;
    struct fields f = decode(m, m->pc);
    enum reference_outcome outcome;
    switch (f.opcode % 8u) {
    case CLASS_LD: outcome = step_wide(m, &f); break;
    case CLASS_LDX: case CLASS_ST: case CLASS_STX: outcome = step_memory(m, &f); break;
    case CLASS_JMP: case CLASS_JMP32: outcome = step_jump(m, &f); break;
    default: outcome = step_arithmetic(m, &f); break;
    }
    if (outcome == REFERENCE_RUNNING || outcome == REFERENCE_EXIT)
        m->executed += 1;
    return outcome;
}

enum reference_outcome reference_run(struct reference *m, uint64_t limit)
{
    enum reference_outcome outcome = REFERENCE_RUNNING;
    while (outcome == REFERENCE_RUNNING && m->executed < limit)
        outcome = reference_step(m);
    return outcome;
}
