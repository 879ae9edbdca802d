# chatspec_flags: what every object of ours is compiled with.
add_library(chatspec_flags INTERFACE)
target_compile_definitions(chatspec_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_include_directories(chatspec_flags INTERFACE ${PROJECT_SOURCE_DIR}/harness ${PROJECT_SOURCE_DIR})
target_compile_options(chatspec_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -Wundef -Wwrite-strings -fno-common -fstack-protector-strong)
if(CHATSPEC_WERROR)
  target_compile_options(chatspec_flags INTERFACE -Werror)
endif()

# Assertions stay on in every build: a test tool that stops checking itself is worth little.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

if(CHATSPEC_SANITIZE)
  set(sanitize -fsanitize=${CHATSPEC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(chatspec_flags INTERFACE ${sanitize})
  target_link_options(chatspec_flags INTERFACE ${sanitize})
endif()
if(CHATSPEC_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CHATSPEC_FUZZ needs clang: configure with the preset 'fuzz'")
  endif()
  target_compile_options(chatspec_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CHATSPEC_COVERAGE)
  target_compile_options(chatspec_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(chatspec_flags INTERFACE -fprofile-instr-generate)
endif()
