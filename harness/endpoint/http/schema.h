/* Checks of JSON values in request bodies. Texts are valid JSON: the router saw to that.
 *
 * All checks are sticky on the refusal: after the first failure the others return false and leave
 * it alone, so a reader checks once at its end.
 */
#ifndef CHATSPEC_ENDPOINT_SCHEMA_H
#define CHATSPEC_ENDPOINT_SCHEMA_H

#include "endpoint/sessions/session.h"

/* The member's text; false when it is absent. */
bool cs_member(struct cs_view object, const char *name, struct cs_view *ret_value);

bool cs_refuse(struct cs_refusal *refusal, int status, const char *fmt, ...) CS_PRINTF(3, 4);

bool cs_is_object(struct cs_view value);
bool cs_is_string(struct cs_view value);
bool cs_is_number(struct cs_view value);
bool cs_is_null(struct cs_view value);

/* A string of min to max UTF-16 units, decoded into a new string when ret_text is not NULL. Strings
 * with NUL or half a surrogate pair are the database's business and not the schema's (ERR-21): 500.
 * With `trim` the ends are cut as JavaScript's trim does before counting. */
bool cs_schema_string(struct cs_view value, const char *name, size_t min, size_t max, bool trim,
                      char **ret_text, struct cs_refusal *refusal);
/* An integer in the sense of JavaScript (30.0 and 3e1 are 30) from min to max. */
bool cs_schema_integer(struct cs_view value, const char *name, int64_t min, int64_t max,
                       int64_t *ret_value, struct cs_refusal *refusal);
/* An array of at most max_items strings of at most max_len units; its text is copied. */
bool cs_schema_strings(struct cs_view value, const char *name, size_t max_items, size_t max_len,
                       char **ret_text, struct cs_refusal *refusal);
/* An object, copied verbatim. */
bool cs_schema_object(struct cs_view value, const char *name, char **ret_text,
                      struct cs_refusal *refusal);
/* What JavaScript's Date constructor makes of a value (SES-20). */
bool cs_schema_date(struct cs_view value, const char *name, int64_t *ret_ms,
                    struct cs_refusal *refusal);

/* A NUL-terminated copy; NULL when out of memory. */
char *cs_view_copy(struct cs_view text);

/* Calls `each` for every member of an object text, or element of an array text (key empty), until
 * it returns false. */
bool cs_each_member(struct cs_view container,
                    bool (*each)(void *ctx, struct cs_view raw_key, struct cs_view value),
                    void *ctx);

/* "2026-08-21", "2026-08-21T10:00:00.000Z", with offsets, and the shorter forms; UTC when no
 * offset is given. */
bool cs_iso_time(const char *text, int64_t *ret_ms);

#endif
