#include "transcript/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct keys {
    char public_key[SEAL_KEY_TEXT];
    char path[64]; /* of the secret one */
};

static int make_keys(void **state)
{
    struct keys *keys = calloc(1, sizeof *keys);
    char secret[SEAL_KEY_TEXT];
    struct err err;

    *state = keys;
    if (!keys || !seal_make_keys(keys->public_key, secret, &err))
        return -1;
    (void)snprintf(keys->path, sizeof keys->path, "/tmp/smtpscope-key-XXXXXX");
    int fd = mkstemp(keys->path);
    bool ok = fd >= 0 && write(fd, secret, strlen(secret)) == (ssize_t)strlen(secret);
    return ok && close(fd) == 0 ? 0 : -1;
}

static int remove_keys(void **state)
{
    struct keys *keys = *state;

    (void)unlink(keys->path);
    free(keys);
    return 0;
}

static void what_is_sealed_can_be_opened_with_the_other_half(void **state)
{
    const struct keys *keys = *state;
    struct err err = { 0 };
    struct buf box, secret;

    buf_init(&box, 4096);
    buf_init(&secret, 4096);
    struct sealer *sealer = sealer_new(keys->public_key, &err);
    struct unsealer *unsealer = unsealer_new(keys->path, &err);
    assert_non_null(sealer);
    assert_non_null(unsealer);
    assert_true(sealer_seal(sealer, BYTES("hunter2"), &box));
    assert_null(memmem(box.ptr, box.len, "hunter2", 7));
    assert_false(
        unsealer_open(unsealer, buf_bytes(&box), &secret)); /* the recording's key is not known yet */
    assert_true(unsealer_take_key(unsealer, bytes_of(sealer_key(sealer))));
    assert_true(unsealer_open(unsealer, buf_bytes(&box), &secret));
    assert_true(bytes_equal(buf_bytes(&secret), BYTES("hunter2")));
    for (size_t i = 0; i < box.len; i++) { /* not a bit of it may change, nor may it be cut */
        uint8_t was = box.ptr[i];
        box.ptr[i] = was == 'A' ? 'B' : 'A';
        buf_clear(&secret);
        assert_false(unsealer_open(unsealer, buf_bytes(&box), &secret) && was != box.ptr[i]
                     && bytes_equal(buf_bytes(&secret), BYTES("hunter2")) && i + 2 < box.len);
        box.ptr[i] = was;
        assert_false(unsealer_open(unsealer, bytes_slice(buf_bytes(&box), 0, i), &secret));
    }
    buf_release(&box);
    buf_release(&secret);
    sealer_free(sealer);
    unsealer_free(unsealer);
}

static void another_key_opens_nothing(void **state)
{
    const struct keys *keys = *state;
    char other[SEAL_KEY_TEXT], secret[SEAL_KEY_TEXT];
    struct err err = { 0 };

    assert_true(seal_make_keys(other, secret, &err));
    struct sealer *sealer = sealer_new(other, &err);
    struct unsealer *unsealer = unsealer_new(keys->path, &err);
    assert_non_null(sealer);
    assert_non_null(unsealer);
    assert_false(unsealer_take_key(unsealer, bytes_of(sealer_key(sealer))));
    assert_false(unsealer_take_key(unsealer, BYTES("")));
    assert_false(unsealer_take_key(unsealer, BYTES("no base64!")));
    sealer_free(sealer);
    unsealer_free(unsealer);
}

static void what_is_no_key_is_refused_with_the_way_out(void **state)
{
    const struct keys *keys = *state;
    struct err err = { 0 };

    assert_null(sealer_new("smtpscope-public-key:short", &err));
    assert_null(sealer_new(keys->path, &err)); /* the secret half */
    assert_non_null(strstr(err.text, "keygen"));
    assert_null(unsealer_new("/dev/null", &err));
    assert_null(unsealer_new("/nonexistent", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sealed_can_be_opened_with_the_other_half, make_keys,
                                        remove_keys),
        cmocka_unit_test_setup_teardown(another_key_opens_nothing, make_keys, remove_keys),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_refused_with_the_way_out, make_keys, remove_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
