# chatspec_embed(TARGET SYMBOL FILE): the bytes of FILE as part of TARGET, so that the program needs
# no data files beside it. Sources of TARGET see them through
#     #include "embedded/SYMBOL.h"
# which declares `extern const unsigned char SYMBOL[]` and `extern const size_t SYMBOL_len`. A NUL
# that SYMBOL_len does not count stands behind the bytes. A change of FILE rebuilds.
function(chatspec_embed target symbol file)
  get_filename_component(path ${file} ABSOLUTE)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "chatspec_embed: there is no ${path}")
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  file(CONFIGURE OUTPUT ${folder}/${symbol}.h @ONLY CONTENT [[
#include <stddef.h>

extern const unsigned char @symbol@[];
extern const size_t @symbol@_len;
]])
  # The assembler of gcc and clang alike takes the file in without any conversion.
  file(CONFIGURE OUTPUT ${folder}/${symbol}.c @ONLY CONTENT [[
#include "@symbol@.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl @symbol@\n"
        "@symbol@:\n"
        ".incbin \"@path@\"\n"
        ".globl @symbol@_end\n"
        "@symbol@_end:\n"
        ".byte 0\n"
        ".balign 8\n"
        ".globl @symbol@_len\n"
        "@symbol@_len:\n"
        ".quad @symbol@_end - @symbol@\n"
        ".text\n");

_Static_assert(sizeof(size_t) == 8, "the length is written as a 64-bit word");
]])
  set_source_files_properties(${folder}/${symbol}.c PROPERTIES OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${folder}/${symbol}.c)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
