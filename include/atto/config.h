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

/* How many images may come for one sequence number of a component, and then one in so many seconds: whoever has seen an
 * envelope can send its head with another image, and each one erases a slot. Cost nothing; tries: at most 255. */
#ifndef ATTO_INSTALL_TRIES
#define ATTO_INSTALL_TRIES 8u
#endif
#ifndef ATTO_INSTALL_PAUSE_S
#define ATTO_INSTALL_PAUSE_S 600u
#endif

/* How long an envelope or the fetch of its image may hold the only installer that resources over CoAP have, once its
 * signature was verified, if another one wants it. Costs nothing. */
#ifndef ATTO_INSTALL_SECONDS
#define ATTO_INSTALL_SECONDS 25u
#endif

/* Bytes of a CoAP peer: address and UDP port in the port's own form. 20 hold IPv6 with a scope, 6 would do for IPv4.
 * Costs that much RAM in each exchange, observer and transfer. */
#ifndef ATTO_COAP_PEER_BYTES
#define ATTO_COAP_PEER_BYTES 20u
#endif

/* Bytes of an answer that a CoAP server keeps for duplicates of its request, or sends later (with 16 bytes less of
 * payload): 17 to 255. A longer one is kept as its code alone. Costs that much RAM in each exchange. */
#ifndef ATTO_COAP_EXCHANGE_BYTES
#define ATTO_COAP_EXCHANGE_BYTES 48u
#endif

/* Bytes of the options (path, query, accept) by which something can be observed over CoAP, at most 255. Costs that much
 * RAM in each observer; a longer path is answered, but not observed. */
#ifndef ATTO_COAP_OBSERVED_BYTES
#define ATTO_COAP_OBSERVED_BYTES 40u
#endif

/* Transmission parameters of CoAP (RFC 7252 section 4.8): first timeout of a confirmable message (up to half of it
 * more, by chance; doubled each time), and how often it is sent again. Cost nothing. */
#ifndef ATTO_COAP_ACK_TIMEOUT_MS
#define ATTO_COAP_ACK_TIMEOUT_MS 2000u
#endif
#ifndef ATTO_COAP_MAX_RETRANSMIT
#define ATTO_COAP_MAX_RETRANSMIT 4u
#endif

/* How long a Block1 transfer waits for its next block, and a later answer for the firmware. Cost nothing. */
#ifndef ATTO_COAP_TRANSFER_MS
#define ATTO_COAP_TRANSFER_MS 10000u
#endif
#ifndef ATTO_COAP_LATER_MS
#define ATTO_COAP_LATER_MS 30000u
#endif

/* The least time from one notification of an observer to the next: changes in between are told as one. RFC 7641 section
 * 4.5.1 has 3 seconds for peers of whom nothing is known. And the time after which a notification is confirmable again:
 * an observer who is gone is forgotten then. Cost nothing. */
#ifndef ATTO_COAP_NOTIFY_MS
#define ATTO_COAP_NOTIFY_MS 1000u
#endif
#ifndef ATTO_COAP_CONFIRM_MS
#define ATTO_COAP_CONFIRM_MS 20000u
#endif

#endif
