/* Every compile-time option of Atto, with its default, what it costs and when to change it.
 * Replace the whole file with -DATTO_CONFIG_FILE='"my_config.h"', or set single options with -D.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTO_CONFIG_H
#define ATTO_CONFIG_H

#ifdef ATTO_CONFIG_FILE
#include ATTO_CONFIG_FILE
#endif

/* Memory regions that an eBPF instance can address: 8 or 16. Regions 1 to 4 are stack, data, read-only data and
 * context; the rest are windows that the firmware grants. Each costs 8 bytes of RAM in every instance. */
#ifndef ATTO_BPF_REGIONS
#define ATTO_BPF_REGIONS 8u
#endif

/* How many functions of one eBPF program may be active at a time, the entry point included. Each level that a
 * program really uses costs 40 bytes in its arena; programs without local calls pay nothing. */
#ifndef ATTO_BPF_CALL_DEPTH
#define ATTO_BPF_CALL_DEPTH 8u
#endif

/* Longest eBPF text that is accepted, in 8-byte slots. Costs nothing; at most 65535. */
#ifndef ATTO_BPF_MAX_SLOTS
#define ATTO_BPF_MAX_SLOTS 65535u
#endif

/* Dispatch of the interpreter: 1 gives every instruction a handler of its own (fast; needs labels as values, which gcc
 * and clang have), 0 one to each group of similar instructions (about 3 KB smaller). Both are made from one text. */
#ifndef ATTO_BPF_THREADED
#if defined(__GNUC__) && !defined(__OPTIMIZE_SIZE__)
#define ATTO_BPF_THREADED 1
#else
#define ATTO_BPF_THREADED 0
#endif
#endif

/* 1 gives the engine's gate a judge of its own, in one piece with it: 20 instructions less for each host call that needs a
 * right, for about 500 bytes of flash. 0: it calls the one that bare instances have. */
#ifndef ATTO_ENGINE_JUDGES
#ifdef __OPTIMIZE_SIZE__
#define ATTO_ENGINE_JUDGES 0
#else
#define ATTO_ENGINE_JUDGES 1
#endif
#endif

/* Host call numbers run from 0 to ATTO_CALL_IDS - 1; a set of them takes ATTO_CALL_IDS / 8 bytes. */
#ifndef ATTO_CALL_IDS
#define ATTO_CALL_IDS 256u
#endif

/* Bytes that are gathered before flash is programmed: a power of two, at least 32, which is the largest program unit.
 * More means fewer calls of the flash's program function, which matters where a call programs a whole page (serial NOR:
 * 256). Costs that much RAM in an open slot and that much stack while a record is written. */
#ifndef ATTO_FLASH_BUFFER_BYTES
#define ATTO_FLASH_BUFFER_BYTES 32u
#endif

/* How often a version on trial is started before it counts as faulted. With 1, a power cut during the first start would
 * roll a good version back; a version that hangs the device costs this many restarts. Costs nothing; at most 255. */
#ifndef ATTO_SLOT_TRIALS
#define ATTO_SLOT_TRIALS 3u
#endif

/* Bytes of the longest head of an envelope that is taken: everything but the image. 292 are what `atto pack` needs without a
 * URI and with short names. Costs that much RAM for each installer. */
#ifndef ATTO_ENVELOPE_HEAD_MAX
#define ATTO_ENVELOPE_HEAD_MAX 512u
#endif

/* How many images may come for one sequence number of a component, until a reset: whoever has seen an envelope can send its
 * head with another image, and each one erases a slot. Costs nothing; at most 255. */
#ifndef ATTO_INSTALL_TRIES
#define ATTO_INSTALL_TRIES 8u
#endif

#endif
