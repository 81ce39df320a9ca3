/* A ToM port: answers the conformance suite, one JSON object per line.
 *
 *   cc -O2 -o port port.c && tom-conformance run --port ./port --profile codec
 *
 * Fill in the functions; what answers "unsupported" is counted and not failed until hello claims its
 * profile. The book: spec/src/conformance.md and the chapters it names. Requests are flat enough for
 * the small reader here; use a JSON library once `fields` objects come. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST (4u << 20)
static char line[LONGEST];
static uint8_t buffer[LONGEST / 2];

/* The text behind "name": in a request, or NULL. */
static const char *value(const char *ask, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(ask, key);
  if (!at) return NULL;
  at += strlen(key);
  while (*at == ' ') at++;
  return at;
}

/* Whether a field is this text. */
static int is(const char *ask, const char *name, const char *text) {
  const char *at = value(ask, name);
  size_t len = strlen(text);
  return at && *at == '"' && !strncmp(at + 1, text, len) && at[len + 1] == '"';
}

/* The bytes of a hex field into `buffer`; how many, or -1. */
static long bytes(const char *ask, const char *name) {
  const char *at = value(ask, name);
  if (!at || *at++ != '"') return -1;
  long len = 0;
  for (; at[0] != '"' && at[0] && at[1]; at += 2) {
    unsigned byte;
    if (sscanf(at, "%2x", &byte) != 1) return -1;
    buffer[len++] = (uint8_t)byte;
  }
  return len;
}

/* One answer: the id, then what printf makes of the rest. */
static void unsupported(long id) {
  printf("{\"id\":%ld,\"unsupported\":\"not written yet\"}\n", id);
}

/* Bytes that are not used, by the number of the reason: spec/src/drops.md. */
static void dropped(long id, int reason) { printf("{\"id\":%ld,\"drop\":%d}\n", id, reason); }

/* bytes -> kind class trace attempt hop expiry dst msgId, and by kind:
 * SEAL kid commit noise | RESP ref sid noise | DATA sid n16 commit sealed
 * ACK proofs [{ref secret}] | NACK ref code arg */
static void envelope(long id, const char *ask) {
  long len = bytes(ask, "bytes");
  if (len < 15) {
    dropped(id, 1);
    return;
  }
  unsupported(id);
}

/* content      bytes -> type asksAck orig, and bytes | refs | candidates
 * sealPayload  bytes -> sign sid persists window maxEnvelope content
 * respPayload  bytes -> sid persists window maxEnvelope
 * datagram     bytes -> frames: each its fields, or {"drop": n}
 * encode       as, fields -> bytes
 * identity     seed -> pk xPk handle address
 * address      text -> pk handle
 * key          pk -> xPk handle
 * commit       expiry dst secret -> commit
 * draw         seed label sizes reseed? -> bytes: [..]
 * seal         seed to ephemeral class trace prove expiry hop attempt fields -> bytes ackSecret msgId
 * open         seed bytes -> from payload ackSecret
 * answer       seed bytes ephemeral fields -> bytes kI2r kR2i ackRoot hash
 * answered     seed to ephemeral seal bytes -> payload kI2r kR2i ackRoot hash
 * data         key ackRoot dir n to sid class trace prove expiry hop attempt content
 *              -> bytes ackSecret msgId
 * openData     key ackRoot dir top to bytes -> n content ackSecret */
static void inspect(long id, const char *ask) {
  if (is(ask, "what", "envelope")) {
    envelope(id, ask);
  } else {
    unsupported(id);
  }
}

int main(void) {
  while (fgets(line, sizeof line, stdin)) {
    const char *number = value(line, "id");
    long id = number ? strtol(number, NULL, 10) : 0;
    if (is(line, "do", "hello")) {
      printf("{\"id\":%ld,\"name\":\"my port\",\"version\":\"0.1\",\"language\":\"C\","
             "\"spec\":\"0.1\",\"profiles\":[]}\n", id);
    } else if (is(line, "do", "inspect")) {
      inspect(id, line);
    } else {
      /* reset, step, snapshot and restore are what the profiles leaf and relay ask for. */
      unsupported(id);
    }
    fflush(stdout);
  }
  return 0;
}
