/* Edit distance, bounded and without memory of its own. */
#include "suite/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    MAX_WORD = 255
};

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Fewest slips between the two, where an exchange of neighbours counts once and no letter is
 * touched twice (optimal string alignment). Both are at most MAX_WORD long. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    /* Three rows of the table: for two letters of `a` back, one back, and the current one. */
    unsigned rows[3][MAX_WORD + 1] = {{0}};
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1])) {
                row[j] = smaller(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

/* Returns the length of the copy; 0 when nothing is left, or too much. */
static size_t copy_without_wildcards(char ret_plain[MAX_WORD + 1], const char *word)
{
    size_t len = 0;
    for (; *word != '\0'; word++) {
        if (*word == '*' || *word == '?') {
            continue;
        }
        if (len == MAX_WORD) {
            return 0;
        }
        ret_plain[len++] = *word;
    }
    ret_plain[len] = '\0';
    return len;
}

/* How far the candidate is from the word; UINT32_MAX when it is not near. */
static uint32_t score(const char *candidate, const char *word, size_t word_len)
{
    size_t len = strlen(candidate);
    if (strcasestr(candidate, word) != NULL) {
        return len == word_len ? 0 : 1;
    }
    if (len > MAX_WORD) {
        return UINT32_MAX;
    }
    uint32_t slips = distance(candidate, len, word, word_len);
    return slips <= 1 + word_len / 4 ? slips : UINT32_MAX;
}

size_t cs_nearest(const char *const *candidates, size_t n_candidates, const char *word,
                  const char *ret_nearest[CS_NEAREST_MAX])
{
    uint32_t scores[CS_NEAREST_MAX] = {0};
    size_t n_found = 0;
    char plain[MAX_WORD + 1];
    size_t len = copy_without_wildcards(plain, word);
    for (size_t i = 0; i < n_candidates && len > 0; i++) {
        uint32_t mine = score(candidates[i], plain, len);
        if (mine == UINT32_MAX) {
            continue;
        }
        /* Insertion from the end: only a strictly better one passes those that came before. */
        size_t at = n_found < CS_NEAREST_MAX ? n_found++ : CS_NEAREST_MAX;
        while (at > 0 && mine < scores[at - 1]) {
            if (at < CS_NEAREST_MAX) {
                scores[at] = scores[at - 1];
                ret_nearest[at] = ret_nearest[at - 1];
            }
            at--;
        }
        if (at < CS_NEAREST_MAX) {
            scores[at] = mine;
            ret_nearest[at] = candidates[i];
        }
    }
    return n_found;
}
