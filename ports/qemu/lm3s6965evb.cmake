# What lm3s6965evb, with its 64 KB of RAM, has no memory for. Whoever makes a larger program adds its name.
#
# SPDX-License-Identifier: Apache-2.0
set(ATTO_LEFT_OUT
    bench scenario engine manage flash_device deploy_device
    test_verdict test_records_cut test_slots test_deploy test_deploy_cut test_deploy_attacks test_deploy_flash deploy_ram
    test_coap_server test_coap_block test_coap_observe test_coap_client test_manage test_manage_tiny)
