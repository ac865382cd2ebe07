#ifndef TRANSCRIPT_SEAL_H
#define TRANSCRIPT_SEAL_H

#include "base/buf.h"
#include "base/err.h"
#include "transcript/session.h"

/* Secrets in a recording, encrypted to a key whose other half only the analyst has (libsodium).  A recorder
 * makes a key of its own, which it forgets when it ends, and seals it once to the public key
 * (crypto_box_seal); each secret is encrypted with that (crypto_secretbox), which costs a microsecond in
 * place of a hundred.
 *
 * Keys are texts: "smtpscope-public-key:BASE64" and "smtpscope-secret-key:BASE64". */

struct sealer;
/* `key` is a public key, or the file that holds one.  NULL: err says why. */
struct sealer *sealer_new(const char *key, struct err *err);
void sealer_free(struct sealer *sealer);
/* Its own key, sealed, in base64: for the head of the recording.  Borrowed. */
const char *sealer_key(const struct sealer *sealer);
/* Appends the sealed bytes, in base64. */
bool sealer_seal(const struct sealer *sealer, struct bytes secret, struct buf *out);

struct unsealer;
/* `path` is the file of a secret key. */
struct unsealer *unsealer_new(const char *path, struct err *err);
void unsealer_free(struct unsealer *unsealer);
/* The key of the recording that is read now.  False if it was sealed to another key. */
bool unsealer_take_key(struct unsealer *unsealer, struct bytes sealed_key);
/* Appends the secret; false if it is not what was sealed. */
bool unsealer_open(const struct unsealer *unsealer, struct bytes sealed, struct buf *out) NODISCARD;

/* A new pair, as texts with their line end. */
enum { SEAL_KEY_TEXT = 80 };
bool seal_make_keys(char public_key[SEAL_KEY_TEXT], char secret_key[SEAL_KEY_TEXT],
                    struct err *err) NODISCARD;

/* What a masked recording withholds of this session, sealed: an event for each line and message.  Comes
 * before its close event. */
bool event_write_sealed(const struct session *session, const struct sealer *sealer, struct buf *out);

#endif
