# Toolchain for the Cortex-M4 of the emulated mps2-an386, or for another Cortex-M whose code it runs (ATTO_CPU).
#
# SPDX-License-Identifier: Apache-2.0
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_AR arm-none-eabi-gcc-ar CACHE FILEPATH "Knows objects that are optimised when they are linked")
set(CMAKE_RANLIB arm-none-eabi-gcc-ranlib CACHE FILEPATH "As above")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ATTO_CPU)
if(NOT ATTO_CPU)
    set(ATTO_CPU cortex-m4)
endif()
set(CMAKE_C_FLAGS_INIT "-mcpu=${ATTO_CPU} -mthumb -mfloat-abi=soft --specs=picolibc.specs")
