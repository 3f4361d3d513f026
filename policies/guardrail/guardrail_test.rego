package earshot.guardrail_test

import data.earshot.emit
import data.earshot.release
import data.earshot.retain
import data.earshot.stream

now_ms := 1800000000000

ordinary := {
	"v": 1,
	"now_ms": now_ms,
	"tenant": "acme",
	"consent": {"state": "granted", "method": "announcement", "parties": "all", "source": "config"},
	"processor": {"terms": {"training": false, "retention_days": 0, "expires_at_ms": now_ms + 1}},
	"stream": {"codec": "G722", "secure": true, "modality": "audio"},
	"release": {"entities": {}, "chars": 10, "final": true, "detector": "1"},
	"retain": {"kind": "transcript"},
	"subscriber": {"id": "local", "kind": "local"},
}

rules(decision) := {reason.rule | some reason in decision.reasons}

# The four answers to one input.
answers(asked) := {"stream": one, "release": two, "retain": three, "emit": four} if {
	one := stream.decision with input as asked
	two := release.decision with input as asked
	three := retain.decision with input as asked
	four := emit.decision with input as asked
}

test_an_ordinary_call_passes_all_four if {
	every decision in answers(ordinary) {
		decision.allow
	}
}

test_a_lease_is_never_longer_than_thirty_seconds if {
	decision := stream.decision with input as ordinary
	decision.obligations == {"max_window_ms": 30000}
}

test_expired_terms_never_pass if {
	expired := object.union(ordinary, {"processor": {"terms": {"expires_at_ms": now_ms}}})
	one := stream.decision with input as expired
	rules(one) == {"guardrail_terms"}
	two := release.decision with input as expired
	rules(two) == {"guardrail_terms"}
}

test_raw_audio_never_goes_where_it_may_train if {
	training := object.union(ordinary, {"processor": {"terms": {"training": true}}})
	audio := stream.decision with input as training
	rules(audio) == {"guardrail_training"}
	text := stream.decision with input as object.union(training, {"stream": {"modality": "text"}})
	text.allow
	text.obligations.redact.CARD == "mask"
}

test_unknown_consent_never_passes if {
	unknown := object.union(ordinary, {"consent": {"state": "unknown"}})
	every decision in answers(unknown) {
		rules(decision) == {"guardrail_consent"}
	}
}

test_authentication_data_is_dropped_for_every_tenant if {
	decision := release.decision with input as object.union(ordinary, {"release": {"entities": {"CVV": 1}}})
	decision.obligations == {"tighten": "drop"}
}

test_an_empty_input_is_denied_where_anything_would_be_sent_or_kept if {
	denied := {question | some question, decision in answers({}); not decision.allow}
	denied == {"stream", "release", "retain"}
}
