package earshot.release_test

import data.earshot.examples_test as examples
import data.earshot.release

decide(change) := decision if {
	decision := release.decision with input as object.union(examples.release, change)
}

rules(change) := {reason.rule | some reason in decide(change).reasons}

test_a_redacted_turn_is_released_as_it_is if {
	decide({}) == {"allow": true, "reasons": [], "obligations": {}}
}

test_authentication_data_drops_the_release if {
	decide({"release": {"entities": {"CVV": 1}}}).obligations == {"tighten": "drop"}
	decide({"release": {"entities": {"PIN": 2}}}).obligations == {"tighten": "drop"}
}

test_a_count_of_zero_drops_nothing if {
	decide({"release": {"entities": {"CVV": 0}}}).obligations == {}
}

test_what_a_customer_says_within_a_pci_window_is_dropped if {
	decide({"window": {"pci": true}}).obligations == {"tighten": "drop"}
}

test_what_nobody_known_says_within_a_pci_window_is_dropped if {
	decision := release.decision with input as object.remove(
		object.union(examples.release, {"window": {"pci": true}}),
		["leg"],
	)
	decision.obligations == {"tighten": "drop"}
}

test_the_agents_words_are_released_within_a_pci_window if {
	every role in {"agent", "ivr"} {
		decide({"window": {"pci": true}, "leg": {"role": role}}) == {"allow": true, "reasons": [], "obligations": {}}
	}
}

test_a_release_has_a_greatest_length if {
	decide({"release": {"chars": 8000}}).allow
	rules({"release": {"chars": 8001}}) == {"too_long"}
}

test_consent_withdrawn_stops_releases if {
	rules({"consent": {"state": "denied"}}) == {"consent_missing"}
}

test_terms_that_ran_out_stop_releases if {
	rules({"processor": {"terms": {"expires_at_ms": examples.now_ms}}}) == {"terms_expired"}
}

test_a_processor_that_hears_audio_gets_no_text if {
	rules({"processor": {"hears": "raw_audio"}}) == {"not_text"}
}

test_an_empty_input_is_denied if {
	decision := release.decision with input as {}
	not decision.allow
	{"consent_missing", "terms_expired", "too_long"} - {reason.rule | some reason in decision.reasons} == set()
}
