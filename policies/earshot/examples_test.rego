# Ordinary inputs that the tests change one thing of at a time.
package earshot.examples_test

now_ms := 1800000000000

call := {
	"id": "c_00000000000000000000000000000000",
	"direction": "inbound",
	"ingress": "outside",
	"trusted": false,
	"jurisdictions": ["eu"],
	"labels": {},
}

transcriber := {
	"id": "scribe",
	"kind": "transcriber",
	"hears": "raw_audio",
	"protocol": "vosk",
	"region": "eu-west",
	"legal_entity": "Scribe GmbH",
	"purpose": "transcription",
	"terms": {"hash": "00", "training": false, "retention_days": 0, "expires_at_ms": now_ms + 1},
	"health": "up",
}

assistant := object.union(transcriber, {"id": "helper", "kind": "assistant", "hears": "text", "purpose": "summary"})

common := {
	"v": 1,
	"now_ms": now_ms,
	"tenant": "acme",
	"call": call,
	"leg": {"side": "caller", "role": "customer"},
	"consent": {"state": "granted", "method": "announcement", "parties": "all", "source": "config"},
	"disclosure": {"played": true, "source": "config"},
	"window": {"pci": false},
}

audio := object.union(common, {
	"stream": {"codec": "G722", "secure": true, "modality": "audio"},
	"processor": transcriber,
})

text := object.union(common, {
	"stream": {"codec": "G722", "secure": true, "modality": "text"},
	"processor": assistant,
})

release := object.union(common, {
	"processor": assistant,
	"release": {"entities": {"CARD": 1}, "chars": 120, "final": true, "detector": "1"},
})

retain(kind) := object.union(common, {"retain": {"kind": kind}})

emit(kind) := object.union(common, {"processor": assistant, "subscriber": {"id": "someone", "kind": kind}})
