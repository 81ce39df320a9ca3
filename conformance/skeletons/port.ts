// A ToM port: answers the conformance suite, one JSON object per line.
//
//   tom-conformance run --port "node port.ts" --profile codec        (Node 22.6 or later)
//
// Fill in the functions; what throws Unsupported is counted and not failed until `hello` claims its
// profile. The book: spec/src/conformance.md and the chapters it names.
import { createInterface } from "node:readline";

type Ask = Record<string, any>;
type Is = Record<string, unknown>;

class Unsupported extends Error {}
/** Bytes that are not used, with the number of the reason (spec/src/drops.md). */
class Drop extends Error {
  readonly reason: number;
  constructor(reason: number) {
    super();
    this.reason = reason;
  }
}
/** The book says "refused", without a number. */
class Refused extends Error {}

const todo = (_: Ask): Is => {
  throw new Unsupported("not written yet");
};

/** bytes -> kind class trace attempt hop expiry dst msgId, and by kind:
 *  SEAL kid commit noise | RESP ref sid noise | DATA sid n16 commit sealed
 *  ACK proofs [{ref secret}] | NACK ref code arg */
function envelope(ask: Ask): Is {
  const bytes = Buffer.from(ask.bytes, "hex");
  if (bytes.length < 15) throw new Drop(1);
  throw new Unsupported("not written yet");
}

const inspect: Record<string, (ask: Ask) => Is> = {
  envelope,
  content: todo, // bytes -> type asksAck orig, and bytes | refs | candidates
  sealPayload: todo, // bytes -> sign sid persists window maxEnvelope content
  respPayload: todo, // bytes -> sid persists window maxEnvelope
  datagram: todo, // bytes -> frames: each its fields, or {"drop": n}
  encode: todo, // as, fields -> bytes
  identity: todo, // seed -> pk xPk handle address
  address: todo, // text -> pk handle
  key: todo, // pk -> xPk handle
  commit: todo, // expiry dst secret -> commit
  draw: todo, // seed label sizes reseed? -> bytes: [..]
  seal: todo, // seed to ephemeral class trace prove expiry hop attempt fields -> bytes ackSecret msgId
  open: todo, // seed bytes -> from payload ackSecret
  answer: todo, // seed bytes ephemeral fields -> bytes kI2r kR2i ackRoot hash
  answered: todo, // seed to ephemeral seal bytes -> payload kI2r kR2i ackRoot hash
  data: todo, // key ackRoot dir n to sid class trace prove expiry hop attempt content -> bytes ackSecret msgId
  openData: todo, // key ackRoot dir top to bytes -> n content ackSecret
  node: todo,
};

const commands: Record<string, (ask: Ask) => Is> = {
  hello: () => ({ name: "my port", version: "0.1", language: "TypeScript", spec: "0.1", profiles: [] }),
  inspect: (ask) => ({ is: inspect[ask.what](ask) }),
  // What the profiles leaf and relay ask for.
  reset: todo,
  step: todo,
  snapshot: todo,
  restore: todo,
};

function reply(ask: Ask): Is {
  try {
    return commands[ask.do](ask);
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    if (error instanceof Drop) return { drop: error.reason };
    if (error instanceof Refused) return { refused: true };
    // A bug of the port: one bad answer, not the end of the run.
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked: Ask = JSON.parse(line);
  console.log(JSON.stringify({ id: asked.id, ...reply(asked) }));
}
