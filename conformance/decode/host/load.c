#include <dlfcn.h>
#include <stdio.h>

#include "conformance/decode/host/parser.h"

/* A pointer to data as a pointer to a function, which ISO C has no cast for and POSIX asks for. */
static bool find(void *library, const char *path, const char *name, void *ret_function)
{
    *(void **)ret_function = dlsym(library, name);
    if (!*(void **)ret_function) {
        (void)fprintf(stderr, "%s does not export %s (chatspec_parser.h)\n", path, name);
        return false;
    }
    return true;
}

bool parser_load(const char *path, struct parser_functions *ret_functions)
{
    struct parser_functions all;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!library) {
        const char *why = dlerror();
        (void)fprintf(stderr, "%s\n", why ? why : "the library cannot be loaded");
        return false;
    }
    if (!find(library, path, "chatspec_parser_abi", (void *)&all.abi) ||
        !find(library, path, "chatspec_parser_traits", (void *)&all.traits) ||
        !find(library, path, "chatspec_parser_create", (void *)&all.create) ||
        !find(library, path, "chatspec_parser_feed", (void *)&all.feed) ||
        !find(library, path, "chatspec_parser_finish", (void *)&all.finish) ||
        !find(library, path, "chatspec_parser_next", (void *)&all.next) ||
        !find(library, path, "chatspec_parser_destroy", (void *)&all.destroy)) {
        return false;
    }
    if (all.abi() != CHATSPEC_PARSER_ABI) {
        (void)fprintf(stderr, "%s has version %u of the ABI, and this program version %u\n", path,
                      (unsigned)all.abi(), (unsigned)CHATSPEC_PARSER_ABI);
        return false;
    }
    *ret_functions = all;
    return true;
}
