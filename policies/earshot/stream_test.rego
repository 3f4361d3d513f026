package earshot.stream_test

import data.earshot.examples_test as examples
import data.earshot.stream

# The rules named by the decision on `base` with `change` applied.
rules(base, change) := {reason.rule |
	decision := stream.decision with input as object.union(base, change)
	not decision.allow
	some reason in decision.reasons
}

allowed(base, change) if {
	decision := stream.decision with input as object.union(base, change)
	decision.allow
}

test_raw_audio_goes_to_a_transcriber_that_keeps_nothing if {
	decision := stream.decision with input as examples.audio
	decision.allow
	[reason.rule | some reason in decision.reasons] == ["raw_audio_to_transcriber"]
	decision.obligations == {"max_window_ms": 30000, "mute_on": ["pci"], "keep_class": "audio"}
}

test_text_goes_to_a_text_processor_with_a_redaction_plan if {
	decision := stream.decision with input as examples.text
	decision.allow
	decision.obligations.redact.CARD == "mask"
	decision.obligations.partials == "off"
	decision.obligations.max_window_ms == 30000
}

test_raw_audio_is_denied_to_an_assistant if {
	rules(examples.audio, {"processor": {"kind": "assistant"}}) == {"not_permitted"}
}

test_raw_audio_is_denied_where_anything_is_retained if {
	rules(examples.audio, {"processor": {"terms": {"retention_days": 1}}}) == {"not_permitted"}
}

test_text_is_denied_to_a_processor_that_hears_audio if {
	rules(examples.text, {"processor": {"hears": "raw_audio"}}) == {"not_permitted"}
}

test_audio_is_denied_to_a_processor_that_hears_text if {
	rules(examples.audio, {"processor": {"hears": "text"}}) == {"not_permitted"}
}

test_masked_audio_is_not_mistaken_for_raw if {
	rules(examples.audio, {"processor": {"hears": "masked_audio"}}) == {"not_permitted"}
}

test_dtmf_is_denied if {
	rules(examples.text, {"stream": {"modality": "dtmf"}}) == {"dtmf", "not_permitted"}
}

test_unknown_consent_is_denied if {
	rules(examples.audio, {"consent": {"state": "unknown"}}) == {"consent_missing"}
}

test_absent_consent_is_denied if {
	decision := stream.decision with input as object.remove(examples.audio, ["consent"])
	not decision.allow
	{reason.rule | some reason in decision.reasons} == {"consent_missing"}
}

test_consent_from_an_untrusted_peer_is_denied if {
	rules(examples.audio, {"consent": {"source": "sip"}}) == {"consent_missing"}
}

test_consent_from_a_trusted_peer_counts if {
	allowed(examples.audio, {"consent": {"source": "sip"}, "call": {"trusted": true}})
}

test_a_disclosure_not_played_is_denied if {
	rules(examples.text, {"disclosure": {"played": false}}) == {"disclosure_missing"}
}

test_a_disclosure_from_an_untrusted_peer_is_denied if {
	rules(examples.text, {"disclosure": {"source": "sip"}}) == {"disclosure_missing"}
}

test_terms_end_at_their_millisecond if {
	allowed(examples.audio, {"processor": {"terms": {"expires_at_ms": examples.now_ms + 1}}})
	rules(examples.audio, {"processor": {"terms": {"expires_at_ms": examples.now_ms}}}) == {"terms_expired"}
}

test_training_is_denied_for_audio_and_for_text if {
	rules(examples.audio, {"processor": {"terms": {"training": true}}}) == {"training"}
	rules(examples.text, {"processor": {"terms": {"training": true}}}) == {"training"}
}

test_a_european_call_stays_in_europe if {
	rules(examples.audio, {"processor": {"region": "us-east"}}) == {"region"}
	rules(examples.audio, {"call": {"jurisdictions": ["us-ca", "DE-by"]}, "processor": {"region": "us-east"}}) == {"region"}
}

test_any_region_serves_a_call_elsewhere if {
	allowed(examples.audio, {"call": {"jurisdictions": ["us-ca"]}, "processor": {"region": "us-east"}})
}

test_a_call_without_jurisdiction_is_denied if {
	rules(examples.audio, {"call": {"jurisdictions": []}}) == {"jurisdiction_unknown"}
}

test_the_agents_feelings_are_not_read_from_the_voice if {
	change := {"leg": {"role": "agent"}, "processor": {"purpose": "Call sentiment score"}}
	rules(examples.audio, change) == {"agent_sentiment"}
}

test_the_agents_words_may_be_transcribed if {
	allowed(examples.audio, {"leg": {"role": "agent"}})
}

test_a_customers_audio_is_denied_while_card_data_is_taken if {
	rules(examples.audio, {"window": {"pci": true}}) == {"pci_window"}
	allowed(examples.text, {"window": {"pci": true}})
}

test_audio_of_nobody_known_is_denied_while_card_data_is_taken if {
	decision := stream.decision with input as object.remove(
		object.union(examples.audio, {"window": {"pci": true}}),
		["leg"],
	)
	not decision.allow
	{reason.rule | some reason in decision.reasons} == {"pci_window"}
}

test_the_agent_is_heard_on_while_card_data_is_taken if {
	every role in {"agent", "ivr"} {
		decision := stream.decision with input as object.union(
			examples.audio,
			{"window": {"pci": true}, "leg": {"role": role}},
		)
		decision.allow
		decision.obligations == {"max_window_ms": 30000, "keep_class": "audio"}
	}
}

test_every_denial_that_applies_is_named if {
	rules(examples.audio, {
		"consent": {"state": "denied"},
		"processor": {"region": "us", "terms": {"training": true}},
	}) == {"consent_missing", "region", "training"}
}

test_a_denial_carries_no_obligations if {
	decision := stream.decision with input as object.union(examples.audio, {"consent": {"state": "denied"}})
	decision.obligations == {}
}

test_an_empty_input_is_denied if {
	decision := stream.decision with input as {}
	not decision.allow
	count(decision.reasons) > 0
}
