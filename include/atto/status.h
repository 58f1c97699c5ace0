/* What a function of Atto answers: 0 for success, a negative value of one enum for everything else. Each value has
 * one meaning everywhere; atto_status_text() has a sentence for people.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_STATUS_H
#define ATTO_STATUS_H

#include <stdint.h>

/* X(name, value, sentence) */
#define ATTO_STATUS_TABLE(X)                                                              \
    X(ATTO_OK, 0, "success")                                                              \
    /* the request */                                                                     \
    X(ATTO_E_ARGUMENT, -1, "an argument is outside its documented range")                 \
    X(ATTO_E_STATE, -2, "not allowed in the present state")                               \
    X(ATTO_E_NO_MEMORY, -3, "the arena is too small")                                     \
    X(ATTO_E_NOT_FOUND, -4, "no such entry point, call or object")                        \
    X(ATTO_E_DENIED, -5, "a right that is needed was not granted")                        \
    X(ATTO_E_BUSY, -6, "the container is in the middle of another activation")            \
    X(ATTO_E_ADMISSION, -7, "the schedule cannot be guaranteed beside the others")         \
    X(ATTO_E_QUOTA, -8, "a quota is used up")                                             \
    /* the image */                                                                       \
    X(ATTO_E_FORMAT, -16, "not an image of a known format")                               \
    X(ATTO_E_VERSION, -17, "image format version is not supported")                       \
    X(ATTO_E_LENGTH, -18, "section lengths do not add up to the image")                   \
    X(ATTO_E_ALIGNMENT, -19, "image or section is not aligned")                           \
    X(ATTO_E_EXECUTOR, -20, "no executor for this image in the firmware")                 \
    X(ATTO_E_MANIFEST, -21, "manifest is not well-formed")                                \
    X(ATTO_E_COMPRESSED, -22, "compressed text is not supported")                         \
    /* the pre-flight check of eBPF text */                                               \
    X(ATTO_E_TEXT_LENGTH, -32, "text is empty, too long or not a multiple of 8 bytes")    \
    X(ATTO_E_OPCODE, -33, "unknown or unsupported instruction")                           \
    X(ATTO_E_REGISTER, -34, "register number is over 10")                                 \
    X(ATTO_E_FRAME_WRITE, -35, "r10 is read-only")                                        \
    X(ATTO_E_RESERVED, -36, "a reserved field is not zero")                               \
    X(ATTO_E_IMMEDIATE, -37, "immediate value is not legal for this instruction")         \
    X(ATTO_E_JUMP, -38, "jump target is outside the function or inside an instruction")   \
    X(ATTO_E_WIDE, -39, "wide instruction is not complete")                               \
    X(ATTO_E_FALL_OFF, -40, "execution can run past the end of the function")             \
    X(ATTO_E_CALL, -41, "host call does not exist in this firmware")                      \
    X(ATTO_E_CALL_DENIED, -42, "host call was not granted")                               \
    X(ATTO_E_CALL_TARGET, -43, "local call does not lead to the start of a function")     \
    X(ATTO_E_FRAME_SIZE, -44, "frame or stack size of a function is wrong")               \
    X(ATTO_E_STACK_LIMIT, -45, "stack use is over the limit")                             \
    X(ATTO_E_FUNCTIONS, -46, "function table is not ordered or points outside the text")  \
    X(ATTO_E_ENTRY, -47, "entry point is not the start of a function")                    \
    /* envelopes, commands, keys */                                                       \
    X(ATTO_E_ENVELOPE, -96, "envelope or its manifest is not well-formed")                \
    X(ATTO_E_COMMAND, -97, "signed command is not well-formed")                           \
    X(ATTO_E_COSE, -98, "signature or key is not a well-formed COSE structure")           \
    X(ATTO_E_TENANT, -99, "tenant record is not well-formed")                             \
    X(ATTO_E_UNSUPPORTED, -100, "an element that must be understood is not supported")    \
    X(ATTO_E_ALGORITHM, -101, "signature algorithm is unknown or not the key's")          \
    X(ATTO_E_SIGNER, -102, "signed for another tenant, or with another key")              \
    X(ATTO_E_SIGNATURE, -103, "signature is missing or does not hold")                    \
    X(ATTO_E_DIGEST, -104, "content is not what the digest says")                         \
    X(ATTO_E_SEQUENCE, -105, "number is not over the last one, or too far over it")        \
    X(ATTO_E_EXPIRED, -106, "expired, or the time is not known")                          \
    X(ATTO_E_VENDOR, -112, "for another vendor's devices")                                \
    X(ATTO_E_CLASS, -113, "for another class of devices")                                 \
    X(ATTO_E_DEVICE, -114, "for another device")                                          \
    X(ATTO_E_ABORT, -116, "the manifest says abort, or none of its alternatives holds")   \
    /* faults of a running container */                                                   \
    X(ATTO_FAULT_MEMORY, -64, "memory access outside the container's regions")            \
    X(ATTO_FAULT_CALL_DEPTH, -65, "too many nested local calls")                          \
    X(ATTO_FAULT_HOST_CALL, -66, "a host call failed")                                    \
    X(ATTO_FAULT_FUEL, -67, "fuel used up before the end")                                \
    X(ATTO_FAULT_WAIT, -68, "a host call that must wait is not allowed here")             \
    X(ATTO_FAULT_NATIVE, -69, "a host function reported a fault")                         \
    X(ATTO_FAULT_DURATION, -70, "longest duration of an activation is over")              \
    X(ATTO_FAULT_DEADLINE, -71, "deadline missed")                                        \
    X(ATTO_FAULT_BUDGET, -72, "budget of the window used up")                             \
    X(ATTO_FAULT_HEARTBEAT, -73, "no heartbeat in time")                                  \
    /* what persists in flash */                                                          \
    X(ATTO_E_FLASH, -80, "flash did not take what was programmed, or was not erased")     \
    X(ATTO_E_NO_SPACE, -81, "no room in flash")                                           \
    X(ATTO_E_DAMAGED, -82, "what was kept in flash is damaged")                           \
    X(ATTO_E_LAYOUT, -83, "flash is laid out otherwise")

enum atto_status {
#define ATTO_STATUS_ENUM(name, value, sentence) name = (value),
    ATTO_STATUS_TABLE(ATTO_STATUS_ENUM)
#undef ATTO_STATUS_ENUM
};

/* The sentence for a status, a static string; "unknown status" for any other value. Costs flash only if called. */
const char *atto_status_text(enum atto_status status);

/* The name of a status as it stands above ("ATTO_E_OPCODE"), a static string; "?" for any other value. */
const char *atto_status_name(enum atto_status status);

/* Why something was refused, and where. `at` counts in the unit that the function names: bytes of the image or
 * instruction slots of the text. */
struct atto_refusal {
    enum atto_status status;
    uint32_t at;
};

#endif
