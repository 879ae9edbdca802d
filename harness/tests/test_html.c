/* The HTML report over a made-up run with hostile text: what stands in the file. What a browser
 * makes of it is html_page.mjs's business. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "hostile_page.h"

/* The inside of the n-th element that begins with `start`, up to `end`. */
static char *inside(const char *page, const char *start, const char *end, int n)
{
    const char *at = page;
    for (int i = 0; i <= n; i++) {
        at = strstr(at, start);
        assert_non_null(at);
        at += strlen(start);
    }
    const char *stop = strstr(at, end);
    assert_non_null(stop);
    return strndup(at, (size_t)(stop - at));
}

static size_t count_of(const char *page, const char *what)
{
    size_t n = 0;
    for (const char *at = page; (at = strstr(at, what)); at += strlen(what)) {
        n++;
    }
    return n;
}

static cJSON *data_of(const char *page, const char *class)
{
    char start[96];
    snprintf(start, sizeof start, "<script type=\"application/json\" class=\"%s\">", class);
    char *text = inside(page, start, "</script>", 0);
    cJSON *data = cJSON_Parse(text);
    assert_non_null(data);
    free(text);
    return data;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(item);
    return item;
}

/* One report, the requirements, and the page's own script: nothing that came from a peer ended an
 * element, began a comment or an element, or is invisible in the file. */
static void no_byte_of_a_peer_is_markup(void **state)
{
    (void)state;
    char *page = hostile_page_of_run();
    assert_int_equal(count_of(page, "<script"), 3);
    assert_int_equal(count_of(page, "</script"), 3);
    assert_int_equal(count_of(page, "<!--"), 0);
    assert_int_equal(count_of(page, "<img"), 0);
    assert_int_equal(count_of(page, "<svg"), 0);
    char *data = inside(page, "class=\"report\">", "</script>", 0);
    assert_null(strpbrk(data, "<>&"));
    assert_null(strstr(data, "\xe2\x80\xae")); /* right-to-left override */
    assert_null(strstr(data, "\xe2\x80\xa8")); /* line separator */
    assert_null(strstr(data, "\xe2\x81\xa6"));
    assert_null(strchr(data, '\x1b'));
    assert_non_null(strstr(data, "\\u202e"));
    free(data);
    free(page);
}

static void the_data_is_what_was_reported(void **state)
{
    (void)state;
    char *page = hostile_page_of_run();
    cJSON *report = data_of(page, "report");
    assert_string_equal(member(report, "schema")->valuestring, CS_REPORT_SCHEMA);
    const cJSON *first = cJSON_GetArrayItem(member(report, "cases"), 0);
    assert_string_equal(member(first, "message")->valuestring, HOSTILE_MESSAGE);
    cJSON_Delete(report);
    cJSON *requirements = data_of(page, "requirements");
    const cJSON *used = member(requirements, "TOK-20");
    assert_true(strlen(member(used, "text")->valuestring) > 20);
    assert_true(strlen(member(used, "source")->valuestring) > 0);
    assert_int_equal(cJSON_GetArraySize(requirements), 2); /* those of the cases and no others */
    cJSON_Delete(requirements);
    free(page);
}

/* Cases that are no text at all: invalid UTF-8 and NUL. */
static void bytes_that_are_no_text_are_escaped(void **state)
{
    (void)state;
    static const char bytes[] = "{\"a\":\"\xff\xc3( \xed\xa0\x80 \xc2\x9b x\0y\"}";
    struct cs_buf out = CS_BUF(4096);
    cs_html_data(&out, "report", cs_view_of(bytes, sizeof bytes - 1));
    char *page = cs_buf_take(&out);
    cJSON *data = data_of(page, "report");
    assert_non_null(strstr(page, "\"\\\\xff\\\\xc3( \\\\xed\\\\xa0\\\\x80 \\u009b x\\u0000y\""));
    cJSON_Delete(data);
    free(page);
}

static void nothing_to_say_is_null(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(4096);
    cs_html_data(&out, "report", (struct cs_view){0});
    char *page = cs_buf_take(&out);
    assert_non_null(strstr(page, "\">null</script>"));
    free(page);
}

static char *hash_of(const char *text)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned char encoded[64];
    SHA256((const unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock(encoded, digest, sizeof digest);
    return strdup((const char *)encoded);
}

/* The policy names the script and the style that are there, and no source besides. */
static void the_policy_allows_only_the_page_itself(void **state)
{
    (void)state;
    char *page = hostile_page_of_run();
    char *policy = inside(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"", 0);
    char *script = inside(page, "<script>", "</script>", 0);
    char *style = inside(page, "<style>", "</style>", 0);
    char *hashes[] = {hash_of(script), hash_of(style)};
    char expected[512];
    snprintf(expected, sizeof expected,
             "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; "
             "form-action 'none'",
             hashes[0], hashes[1]);
    assert_string_equal(policy, expected);
    assert_null(strstr(script, "innerHTML"));
    assert_null(strstr(script, "insertAdjacent"));
    assert_null(strstr(script, "document.write"));
    assert_null(strstr(script, "eval("));
    char *texts[] = {hashes[0], hashes[1], policy, script, style, page};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
}

/* Whoever searches the file with a plain tool finds each failure and how to see it again. */
static void each_failure_and_its_command_are_in_the_file(void **state)
{
    (void)state;
    char *page = hostile_page_of_run();
    assert_non_null(strstr(page, "\"endpoint/token/first\""));
    assert_non_null(strstr(page, "./chatspec endpoint --seed 7 --only endpoint/token/first\""));
    assert_non_null(strstr(page, "./chatspec endpoint --seed 7 --only endpoint/token/second\""));
    free(page);
}

static void versions_and_comparisons_have_both_sides(void **state)
{
    (void)state;
    char *page = hostile_page_of_versions();
    cJSON *matrix = data_of(page, "matrix");
    assert_string_equal(member(matrix, "schema")->valuestring, "chatspec-matrix/1");
    assert_int_equal(count_of(page, "class=\"report\">"), 3);
    assert_int_equal(count_of(page, "class=\"report\">null</script>"), 1); /* a version not there */
    assert_int_equal(count_of(page, "<script"), 6);
    cJSON_Delete(matrix);
    free(page);
    page = hostile_page_of_comparison();
    cJSON *compare = data_of(page, "compare");
    assert_int_equal(member(member(compare, "summary"), "regression")->valueint, 1);
    assert_int_equal(count_of(page, "class=\"report\">"), 2);
    assert_int_equal(count_of(page, "<script"), 5);
    cJSON_Delete(compare);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_of_a_peer_is_markup),
        cmocka_unit_test(the_data_is_what_was_reported),
        cmocka_unit_test(bytes_that_are_no_text_are_escaped),
        cmocka_unit_test(nothing_to_say_is_null),
        cmocka_unit_test(the_policy_allows_only_the_page_itself),
        cmocka_unit_test(each_failure_and_its_command_are_in_the_file),
        cmocka_unit_test(versions_and_comparisons_have_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
