// A ToM port: answers the conformance suite, one JSON object per line.
//
//	tom-conformance run --port "go run port.go" --profile codec
//
// Fill in the functions; what answers errTodo is counted and not failed until hello claims its
// profile. The book: spec/src/conformance.md and the chapters it names.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

type object = map[string]any

var (
	errTodo    = errors.New("not written yet")
	errRefused = errors.New("refused") // the book says "refused", without a number
)

// drop is a reason not to use bytes: spec/src/drops.md.
type drop int

func (d drop) Error() string { return fmt.Sprintf("drop %d", int(d)) }

func todo(object) (object, error) { return nil, errTodo }

func field(ask object, name string) ([]byte, error) {
	text, ok := ask[name].(string)
	if !ok {
		return nil, fmt.Errorf("%s is missing", name)
	}
	return hex.DecodeString(text)
}

// envelope: bytes -> kind class trace attempt hop expiry dst msgId, and by kind:
// SEAL kid commit noise | RESP ref sid noise | DATA sid n16 commit sealed
// ACK proofs [{ref secret}] | NACK ref code arg
func envelope(ask object) (object, error) {
	bytes, err := field(ask, "bytes")
	if err != nil {
		return nil, err
	}
	if len(bytes) < 15 {
		return nil, drop(1)
	}
	return nil, errTodo
}

var inspect = map[string]func(object) (object, error){
	"envelope":    envelope,
	"content":     todo, // bytes -> type asksAck orig, and bytes | refs | candidates
	"sealPayload": todo, // bytes -> sign sid persists window maxEnvelope content
	"respPayload": todo, // bytes -> sid persists window maxEnvelope
	"datagram":    todo, // bytes -> frames: each its fields, or {"drop": n}
	"encode":      todo, // as, fields -> bytes
	"identity":    todo, // seed -> pk xPk handle address
	"address":     todo, // text -> pk handle
	"key":         todo, // pk -> xPk handle
	"commit":      todo, // expiry dst secret -> commit
	"draw":        todo, // seed label sizes reseed? -> bytes: [..]
	"seal":        todo, // seed to ephemeral class trace prove expiry hop attempt fields -> bytes ackSecret msgId
	"open":        todo, // seed bytes -> from payload ackSecret
	"answer":      todo, // seed bytes ephemeral fields -> bytes kI2r kR2i ackRoot hash
	"answered":    todo, // seed to ephemeral seal bytes -> payload kI2r kR2i ackRoot hash
	"data":        todo, // key ackRoot dir n to sid class trace prove expiry hop attempt content -> bytes ackSecret msgId
	"openData":    todo, // key ackRoot dir top to bytes -> n content ackSecret
	"node":        todo,
}

func answer(ask object) object {
	var is object
	err := errTodo
	switch ask["do"] {
	case "hello":
		return object{"name": "my port", "version": "0.1", "language": "Go", "spec": "0.1", "profiles": []string{}}
	case "inspect":
		if function, ok := inspect[fmt.Sprint(ask["what"])]; ok {
			is, err = function(ask)
		}
	case "reset", "step", "snapshot", "restore": // what the profiles leaf and relay ask for
	}
	var dropped drop
	switch {
	case err == nil:
		return object{"is": is}
	case errors.Is(err, errTodo):
		return object{"unsupported": err.Error()}
	case errors.Is(err, errRefused):
		return object{"refused": true}
	case errors.As(err, &dropped):
		return object{"drop": int(dropped)}
	default:
		return object{"error": err.Error()}
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var ask object
		if err := json.Unmarshal(lines.Bytes(), &ask); err != nil {
			ask = object{}
		}
		reply := answer(ask)
		reply["id"] = ask["id"]
		if err := out.Encode(reply); err != nil {
			return
		}
	}
}
