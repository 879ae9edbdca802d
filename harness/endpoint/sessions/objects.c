#include "endpoint/sessions/objects.h"

#include <search.h>
#include <stdlib.h>

struct object {
    char *path;
    char *bytes;
    size_t len;
    SLIST_ENTRY(object) link;
};

struct cs_objects {
    void *by_path;
    SLIST_HEAD(, object) all;
    size_t total;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct object *)a)->path, ((const struct object *)b)->path);
}

struct cs_objects *cs_objects_new(void)
{
    return calloc(1, sizeof(struct cs_objects));
}

static void leave(void *node)
{
    (void)node; /* the list owns the objects */
}

static void object_free(struct object *object)
{
    if (object) {
        free(object->path);
        free(object->bytes);
        free(object);
    }
}

void cs_objects_free(struct cs_objects *objects)
{
    if (!objects) {
        return;
    }
    tdestroy(objects->by_path, leave);
    struct object *object;
    while ((object = SLIST_FIRST(&objects->all))) {
        SLIST_REMOVE_HEAD(&objects->all, link);
        object_free(object);
    }
    free(objects);
}

static struct object *find(const struct cs_objects *objects, struct cs_view path)
{
    char *text = strndup(path.len ? path.ptr : "", path.len);
    if (!text) {
        return NULL;
    }
    struct object wanted = {.path = text};
    void *node = tfind(&wanted, &objects->by_path, compare);
    free(text);
    return node ? *(struct object **)node : NULL;
}

static struct object *add(struct cs_objects *objects, struct cs_view path)
{
    struct object *object = calloc(1, sizeof *object);
    if (!object) {
        return NULL;
    }
    object->path = strndup(path.len ? path.ptr : "", path.len);
    if (!object->path || !tsearch(object, &objects->by_path, compare)) {
        object_free(object);
        return NULL;
    }
    SLIST_INSERT_HEAD(&objects->all, object, link);
    return object;
}

enum cs_err cs_objects_put(struct cs_objects *objects, struct cs_view path, struct cs_view bytes)
{
    struct object *object = find(objects, path);
    size_t others = objects->total - (object ? object->len : 0);
    if (bytes.len > CS_OBJECT_MAX || bytes.len > CS_OBJECTS_MAX_BYTES - others) {
        return CS_ERR_LIMIT;
    }
    char *copy = malloc(bytes.len + 1);
    if (!copy) {
        return CS_ERR_NO_MEMORY;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    if (!object && !(object = add(objects, path))) {
        free(copy);
        return CS_ERR_NO_MEMORY;
    }
    free(object->bytes);
    object->bytes = copy;
    object->len = bytes.len;
    objects->total = others + bytes.len;
    return CS_OK;
}

bool cs_objects_get(const struct cs_objects *objects, struct cs_view path,
                    struct cs_view *ret_bytes)
{
    const struct object *object = find(objects, path);
    if (object) {
        *ret_bytes = cs_view_of(object->bytes, object->len);
    }
    return object != NULL;
}

bool cs_objects_remove(struct cs_objects *objects, struct cs_view path)
{
    struct object *object = find(objects, path);
    if (!object) {
        return false;
    }
    tdelete(object, &objects->by_path, compare);
    SLIST_REMOVE(&objects->all, object, object, link);
    objects->total -= object->len;
    object_free(object);
    return true;
}
